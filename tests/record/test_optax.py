"""The recorder around an optax optimizer, inside ``jit``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

import jax.numpy as jnp  # noqa: E402  after the skips

from runaudit.load import load  # noqa: E402
from runaudit.record import Recorder, record_updates  # noqa: E402


def test_a_jitted_training_is_recorded(tmp_path: Path) -> None:
    key = jax.random.PRNGKey(0)
    inputs = jax.random.normal(key, (64, 6))
    labels = (inputs @ jax.random.normal(key, (6, 3))).argmax(1)
    params: Any = {"dense": {"kernel": jax.random.normal(key, (6, 3)) * 0.1, "bias": jnp.zeros(3)}}
    recorder = Recorder(tmp_path, config={"optimizer": "adam", "classes": 3, "batch_size": 64}, every=5, dense=2)
    optimizer = record_updates(optax.adam(0.01), recorder)
    state = optimizer.init(params)

    def loss_of(params: Any) -> Any:  # noqa: ANN401
        scores = inputs @ params["dense"]["kernel"] + params["dense"]["bias"]
        return optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()

    @jax.jit  # type: ignore[untyped-decorator, unused-ignore]
    def step(params: Any, state: Any) -> Any:  # noqa: ANN401
        loss, gradients = jax.value_and_grad(loss_of)(params)
        changes, state = optimizer.update(gradients, state, params)
        norm = jnp.sqrt(sum(jnp.sum(g**2) for g in jax.tree.leaves(gradients)))
        return optax.apply_updates(params, changes), state, loss, norm, changes

    norms, ratios = [], []
    for _ in range(12):
        before = params["dense"]["kernel"]
        params, state, loss, norm, changes = step(params, state)
        recorder.step(loss=float(loss), lr=0.01)
        norms.append(float(norm))
        ratios.append(float(jnp.linalg.norm(changes["dense"]["kernel"]) / jnp.linalg.norm(before)))
    jax.effects_barrier()
    recorder.close()
    series = load([tmp_path]).runs[0].series
    assert list(series["train/loss"].steps) == list(range(12))
    assert list(series["grad_norm"].steps) == [0, 1, 5, 10]
    assert series["grad_norm"].values == pytest.approx([norms[n] for n in (0, 1, 5, 10)], rel=1e-4)
    kernel = next(name for name in series if name.startswith("update_ratio/") and "bias" not in name)
    assert series[kernel].values == pytest.approx([ratios[n] for n in (0, 1, 5, 10)], rel=1e-4)
    assert list(series["update_ratio/dense.bias"].steps) == [1, 5, 10], "a bias of zeros has no ratio"
