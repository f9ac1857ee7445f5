"""Gradient checks of a backward pass: its gradients against the slope of the loss.

``runaudit.gradcheck(f, grad, x)`` compares an analytic gradient with centred differences, coordinate by coordinate,
over a sweep of steps. ``runaudit.gradcheck.module`` and ``runaudit.gradcheck.layers`` do it for torch modules and for
numpy objects with parameters and gradients. Needs numpy only; torch is imported by ``module`` alone.

The result has ``ok``, ``rows``, ``findings``, a table as its text, and ``write(path)``, which writes a
``gradcheck.jsonl`` for ``runaudit gradcheck``: one line a checked coordinate, whose keys ``gradcheck.Row`` explains.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runaudit.gradcheck import _layers, _result, _torch
    from runaudit.gradcheck._layers import layers
    from runaudit.gradcheck._result import Remark, Result, Row
    from runaudit.gradcheck._torch import module

__all__ = ["Package", "Remark", "Result", "Row", "layers", "module"]

_HOMES = {"layers": "_layers", "module": "_torch", "Remark": "_result", "Result": "_result", "Row": "_result"}


def __getattr__(name: str) -> Any:  # noqa: ANN401  the module hook of PEP 562 has this signature
    """Import a helper on first use: an audit of a log needs none of them."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"runaudit.gradcheck.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'runaudit.gradcheck' has no attribute {name!r}")


class Package(ModuleType):
    """The package itself, which is the function too."""

    if TYPE_CHECKING:  # what __getattr__ finds, for type checkers
        layers = staticmethod(_layers.layers)
        module = staticmethod(_torch.module)
        Remark = _result.Remark
        Result = _result.Result
        Row = _result.Row

    def __call__(self, f: Callable[[Any], Any], grad: Any, x: Any, **options: Any) -> _result.Result:  # noqa: ANN401
        """Return how the gradient of ``f`` at ``x`` compares with centred differences.

        ``f(x)`` is the loss, ``x`` an array or a dict of arrays, ``grad`` of the same shape or a function that returns
        it, or ``None`` if ``f`` returns (loss, gradient). Options: ``parts``, ``kinks``, ``depth``, ``samples``,
        ``least``, ``steps``, ``seed``, ``phase``; ``runaudit.gradcheck._function.gradcheck`` explains them.
        """
        from runaudit.gradcheck._function import gradcheck

        return gradcheck(f, grad, x, **options)


sys.modules[__name__].__class__ = Package
