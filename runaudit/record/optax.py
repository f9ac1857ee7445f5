"""A recorder for JAX: ``optimizer = record_updates(optimizer, recorder)``; ``recorder.step(loss=...)`` in the loop."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from runaudit.record.recorder import Recorder


class RecordState(NamedTuple):
    """How many updates there have been, and the state of the optimizer inside."""

    count: Any
    inner: Any


def record_updates(optimizer: Any, recorder: Recorder) -> Any:  # noqa: ANN401  optax's types are not here in a check
    """Return the optimizer, which writes norms of gradients and weights, and update ratios, when a step is due.

    Works inside ``jit``: whether a step is due is decided on the device, and only then values leave it. Parameters that
    are not given to ``update`` have no ratio.
    """
    inner = optax.with_extra_args_support(optimizer)

    def init(params: Any) -> RecordState:  # noqa: ANN401
        return RecordState(jnp.zeros([], jnp.int32), inner.init(params))

    def update(gradients: Any, state: RecordState, params: Any = None, **more: Any) -> tuple[Any, RecordState]:  # noqa: ANN401
        changes, after = inner.update(gradients, state.inner, params, **more)
        if recorder.on:
            names, values = _measured(gradients, changes, params)

            def tell() -> None:
                jax.debug.callback(lambda step, row: _write(recorder, names, step, row), state.count, values)

            due = (state.count < recorder.dense) | (state.count % recorder.every == 0)
            jax.lax.cond(due, tell, lambda: None)
        return changes, RecordState(state.count + 1, after)

    return optax.GradientTransformationExtraArgs(init, update)


def _measured(gradients: Any, changes: Any, params: Any) -> tuple[list[str], Any]:  # noqa: ANN401
    """Return the names of what is measured and its values, one vector on the device."""
    names, values = ["grad_norm", "nonfinite/gradients"], [_norm(gradients), _strange(gradients)]
    for name, gradient in _leaves(gradients):
        names.append(f"grad_norm/{name}")
        values.append(jnp.linalg.norm(gradient.ravel()))
    if params is not None:
        moved = dict(_leaves(changes))
        for name, weights in _leaves(params):
            norm = jnp.linalg.norm(weights.ravel())
            names += [f"weight_norm/{name}", f"update_ratio/{name}"]
            values += [norm, jnp.where(norm > 0, jnp.linalg.norm(moved[name].ravel()) / norm, jnp.nan)]
    return names, jnp.stack([jnp.asarray(value, jnp.float32) for value in values])


def _norm(gradients: Any) -> Any:  # noqa: ANN401
    return jnp.sqrt(sum(jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(gradients)))


def _strange(gradients: Any) -> Any:  # noqa: ANN401
    return sum(jnp.sum(~jnp.isfinite(leaf)) for leaf in jax.tree.leaves(gradients))


def _leaves(tree: Any) -> list[tuple[str, Any]]:  # noqa: ANN401
    """Return the arrays of a tree with their names, the keys on the way joined by points."""
    found = jax.tree_util.tree_flatten_with_path(tree)[0]
    return [(".".join(_key(step) for step in path), leaf) for path, leaf in found]


def _key(step: Any) -> str:  # noqa: ANN401
    return str(getattr(step, "key", getattr(step, "idx", getattr(step, "name", step))))


def _write(recorder: Recorder, names: list[str], step: Any, values: Any) -> None:  # noqa: ANN401
    row = {name: float(value) for name, value in zip(names, values, strict=True)}
    absent = {name for name, value in row.items() if name.startswith("update_ratio/") and value != value}
    recorder.write({"step": int(step), **{name: value for name, value in row.items() if name not in absent}})
