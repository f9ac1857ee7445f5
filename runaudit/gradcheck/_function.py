"""The check of a function of arrays: what ``runaudit.gradcheck`` itself does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from runaudit.errors import UsageError
from runaudit.gradcheck._check import Gradients, Options, Point, check, number
from runaudit.gradcheck._parts import compare_parts
from runaudit.gradcheck._result import Result
from runaudit.model import FloatArray


def gradcheck(
    f: Callable[[Any], Any],
    grad: Any,  # noqa: ANN401  an array, a mapping of arrays, a function that gives one, or None
    x: Any,  # noqa: ANN401  an array or a mapping of arrays
    *,
    parts: Mapping[str, Any] | None = None,
    kinks: bool | None = None,
    depth: int = 1,
    samples: int = 100,
    least: int = 6,
    steps: tuple[float, ...] | None = None,
    seed: int = 0,
    phase: str = "start",
) -> Result:
    """Return how the analytic gradient of ``f`` at ``x`` compares with centred differences.

    Parameters
    ----------
    f
        Loss at ``x``: takes what ``x`` is (an array, or a dict of arrays, in double precision) and returns one number.
    grad
        Gradient at ``x``: of the shape of ``x``, or a function that returns it. ``None`` if ``f`` returns (loss,
        gradient). A parameter that is missing in it counts as zero.
    x
        Point to check at. It is copied; integers and single precision become double.
    parts
        Parts of the loss, such as ``{"data": f1, "regularisation": f2}``: each a function, or a pair of a function and
        a gradient, which is then checked on its own.
    kinks
        Whether the loss has kinks (ReLU, hinge, max). By default those that the sweep crosses count.
    depth
        Layers that the gradient passes through: errors build up from ten on.
    samples, least
        Coordinates to check in all, shared out in proportion to size, and the least of each parameter.
    steps
        Steps of the sweep times max(1, |x|); by default 1e-3 to 1e-7, in single precision 0.3 to 3e-5.
    phase
        ``start``, or ``burn-in`` after some training.

    Raises ``UsageError`` for arguments that cannot be used, and whatever ``f`` raises but an ``ArithmeticError``.
    """
    options = Options(kinks, depth, samples, least, steps, seed, phase)
    box = _Box.of(x)
    result = check(box.point(f, grad), options)
    for part, content in (parts or {}).items():
        if isinstance(content, tuple):
            result = result + check(box.point(*content), replace(options, part=part))
    alone = {part: content[0] if isinstance(content, tuple) else content for part, content in (parts or {}).items()}
    if alone and result.rows:
        told = compare_parts(box.arrays, {name: partial(box.loss, part) for name, part in alone.items()}, result.rows)
        result = Result(result.ok, result.rows, (*result.findings, *told))
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Box:
    """The point as named arrays in double precision, and as the functions of the user take it (``keys`` None: bare)."""

    arrays: Mapping[str, FloatArray]
    keys: Mapping[str, Any] | None

    @classmethod
    def of(cls, x: Any) -> _Box:  # noqa: ANN401
        given = x if isinstance(x, Mapping) else {"x": x}
        arrays = {str(name): np.array(value, dtype=np.float64) for name, value in given.items()}
        if not any(array.size for array in arrays.values()):
            raise UsageError("x is empty: there is nothing to check")
        return cls(arrays, dict(zip(arrays, x, strict=True)) if isinstance(x, Mapping) else None)

    def packed(self) -> Any:  # noqa: ANN401
        if self.keys is None:
            return self.arrays["x"]
        return {self.keys[name]: array for name, array in self.arrays.items()}

    def unpacked(self, value: Any) -> Gradients:  # noqa: ANN401
        if self.keys is None:
            return {"x": np.array(value)}
        if not isinstance(value, Mapping):
            raise UsageError("x is a mapping of arrays and its gradient is not")
        return {str(name): None if item is None else np.array(item) for name, item in value.items()}

    def loss(self, f: Callable[[Any], Any]) -> float:
        return number(f(self.packed()))

    def point(self, f: Callable[[Any], Any], gradient: Any) -> Point:  # noqa: ANN401
        if gradient is None:
            return Point(self.arrays, lambda: number(f(self.packed())[0]), lambda: self.unpacked(f(self.packed())[1]))

        def slope() -> Gradients:
            return self.unpacked(gradient(self.packed()) if callable(gradient) else gradient)

        return Point(self.arrays, lambda: self.loss(f), slope)
