"""Every planted mistake is found, every right gradient passes; ``python -m tests.gradcheck.test_suite 20``: rates."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

import runaudit
from runaudit.gradcheck import Result
from tests.gradcheck.suite import RIGHT, WRONG, Maker


def checked(make: Maker, seed: int = 0, samples: int = 40) -> Result:
    problem = make(np.random.default_rng(seed))
    return runaudit.gradcheck(problem.both, None, problem.x, samples=samples, **problem.options)


@pytest.mark.parametrize("name", WRONG)
def test_a_planted_mistake_is_found(name: str) -> None:
    result = checked(WRONG[name])
    assert not result.ok
    assert {f.rule for f in result.findings} & {"gradient-wrong", "gradient-suspect"}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_gradient_passes(name: str) -> None:
    result = checked(RIGHT[name])
    assert result.ok, str(result)
    assert not [f for f in result.findings if f.severity == "error"]


def test_the_set_is_large_enough() -> None:
    assert len(WRONG) >= 25
    assert len(RIGHT) >= 25


def rates(seeds: int) -> None:
    for kind, cases, wanted in (("wrong", WRONG, False), ("right", RIGHT, True)):
        start = time.perf_counter()
        odd = [(n, s) for n, make in cases.items() for s in range(seeds) if checked(make, s, 100).ok is not wanted]
        took = time.perf_counter() - start
        sys.stdout.write(f"{kind}: {len(cases)} x {seeds} checks, {len(odd)} judged otherwise {odd}, {took:.0f} s\n")


if __name__ == "__main__":
    rates(int(sys.argv[1]))
