"""The shape of a curve: each form is recognised, noise makes it undetermined, thin data are not judged."""

from __future__ import annotations

import numpy as np
import pytest

from runaudit.detectors._shape import shape
from runaudit.model import FloatArray

X = np.linspace(0.0, 1.0, 400)
FORMS = {
    "linear": 2.3 - 1.5 * X,
    "exponential": 0.4 + 1.9 * np.exp(-X / 0.15),
    "power": 0.4 + 0.05 * (X + 0.01) ** -0.75,
}


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_each_form_is_recognised(kind: str, scale: float) -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.01, len(X))
    found = shape(1e4 * X, scale * (FORMS[kind] + noise) - 7.0)
    assert found is not None
    assert found.kind == kind


def test_the_time_constant_is_a_share_of_the_span() -> None:
    found = shape(X, FORMS["exponential"])
    assert found is not None
    assert found.time_constant == pytest.approx(0.15, rel=0.15)


def test_noise_leaves_it_undetermined() -> None:
    found = shape(X, np.random.default_rng(2).normal(0.0, 1.0, len(X)))
    assert found is not None
    assert found.kind == "undetermined"


@pytest.mark.parametrize("values", [np.ones(5), np.empty(0)])
def test_thin_data_are_not_judged(values: FloatArray) -> None:
    assert shape(np.arange(float(len(values))), values) is None
    assert shape(np.zeros(20), np.ones(20)) is None
