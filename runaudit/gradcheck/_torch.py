"""Gradient checks of torch modules: a double-precision copy, randomness fixed, autograd against differences."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from runaudit.errors import UsageError
from runaudit.gradcheck._check import Gradients, Options, Point, check, number
from runaudit.gradcheck._result import Result

if TYPE_CHECKING:
    import torch


def module(
    model: torch.nn.Module,
    loss_fn: Callable[..., Any],
    *inputs: Any,  # noqa: ANN401  tensors, or containers of them
    dropout: str = "fixed",
    depth: int | None = None,
    **options: Any,  # noqa: ANN401  those of runaudit.gradcheck, without parts
) -> Result:
    """Return the check of every parameter of a torch module that takes a gradient.

    ``loss_fn(model, *inputs)`` returns the loss. It is called with a copy of the model and of the inputs, on the CPU
    and in double precision; the model itself stays as it is. ``dropout`` is ``fixed`` (the same seed before every call,
    so that its backward pass is checked too) or ``off`` (layers whose name says dropout are in evaluation mode).
    Buffers, such as the running statistics of batch norm, are put back before every call. ``depth`` is by default the
    number of layers with a weight. Raises ``UsageError`` for a module without parameters.
    """
    import torch

    if dropout not in {"fixed", "off"}:
        raise UsageError(f"dropout={dropout!r} is neither 'fixed' nor 'off'")
    double = copy.deepcopy(model).to(device="cpu", dtype=torch.float64)
    given = [_double(item) for item in inputs]
    params = {name: p for name, p in double.named_parameters() if p.requires_grad}
    if not params:
        raise UsageError("the module has no parameter that takes a gradient")
    for layer in double.modules():
        if dropout == "off" and "dropout" in type(layer).__name__.lower():
            layer.eval()
    deep = depth or sum(1 for layer in double.modules() if getattr(layer, "weight", None) is not None) or 1
    settings = Options(depth=deep, **options)
    buffers = [(buffer, buffer.clone()) for buffer in double.buffers()]
    for parameter in params.values():
        parameter.data = parameter.data.contiguous()
    arrays = {name: parameter.detach().numpy() for name, parameter in params.items()}  # they share their memory

    def run() -> Any:  # noqa: ANN401
        for buffer, before in buffers:
            buffer.copy_(before)
        torch.manual_seed(settings.seed)
        return loss_fn(double, *given)

    def loss() -> float:
        with torch.no_grad():
            return number(run())

    def gradient() -> Gradients:
        double.zero_grad(set_to_none=True)
        run().backward()
        return {name: None if p.grad is None else np.array(p.grad.detach().numpy()) for name, p in params.items()}

    with torch.random.fork_rng(devices=[]):
        return check(Point(arrays, loss, gradient), settings)


def _double(item: Any) -> Any:  # noqa: ANN401
    """Return a copy on the CPU in which every floating tensor is double, whatever holds it."""
    import torch

    if isinstance(item, torch.Tensor):
        moved = item.detach().cpu()
        return moved.double() if moved.is_floating_point() else moved
    if isinstance(item, Mapping):
        return {key: _double(value) for key, value in item.items()}
    if isinstance(item, Sequence) and not isinstance(item, str | bytes):
        return type(item)(_double(value) for value in item) if isinstance(item, list | tuple) else item
    return item
