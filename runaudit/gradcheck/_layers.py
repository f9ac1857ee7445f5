"""Gradient checks of numpy objects that hold their parameters and gradients in dicts, as course assignments do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import numpy as np

from runaudit.errors import UsageError
from runaudit.gradcheck._check import Gradients, Options, Point, check, number
from runaudit.gradcheck._result import Result


def layers(
    model: Any,  # noqa: ANN401  anything with a dict of parameters
    loss_fn: Callable[[Any], Any],
    *,
    params: str = "params",
    grads: str = "grads",
    reseed: bool = True,
    **options: Any,  # noqa: ANN401  those of runaudit.gradcheck, without parts
) -> Result:
    """Return the check of a model whose attribute ``params`` is a dict of arrays.

    ``loss_fn(model)`` runs forward and backward and returns the loss, or (loss, dict of gradients); without these the
    gradients are those of the attribute ``grads`` after the call. Parameters become double precision for the time of
    the check and are put back after it. With ``reseed`` numpy's global generator is set to the seed before every call,
    so that dropout draws the same mask. Raises ``UsageError`` for a model without such dicts.
    """
    settings = Options(**options)
    own = getattr(model, params, None)
    if not isinstance(own, MutableMapping) or not own:
        raise UsageError(f"the model has no dict of arrays {params!r}")
    before = dict(own)
    arrays = {str(name): np.array(value, dtype=np.float64) for name, value in own.items()}
    keys = {str(name): name for name in own}
    generator = np.random.get_state()  # noqa: NPY002  the generator of code that draws from numpy.random itself

    def call() -> Any:  # noqa: ANN401
        if reseed:
            np.random.seed(settings.seed)  # noqa: NPY002
        return loss_fn(model)

    def loss() -> float:
        value = call()
        return number(value[0] if isinstance(value, tuple) else value)

    def gradient() -> Gradients:
        value = call()
        given = value[1] if isinstance(value, tuple) else getattr(model, grads, None)
        if not isinstance(given, Mapping):
            raise UsageError(f"the model has no dict of gradients {grads!r}, and the loss comes without one")
        names = {str(name): None if item is None else np.array(item) for name, item in given.items()}
        return {name: item for name, item in names.items() if name in arrays}

    try:
        own.update({keys[name]: array for name, array in arrays.items()})
        return check(Point(arrays, loss, gradient), settings)
    finally:
        own.update(before)
        np.random.set_state(generator)  # noqa: NPY002
