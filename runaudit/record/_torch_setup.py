"""What a PyTorch model, optimizer and criterion say of themselves: the configuration, the layers, the parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from runaudit.record.measures import BOUNDS

WRAPPERS = ("module", "_orig_mod")
SETTINGS = ("momentum", "betas", "eps", "weight_decay", "nesterov", "alpha", "rho", "lr_decay", "amsgrad")
MOST_LAYERS = 200


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the model inside what DDP, DataParallel and ``torch.compile`` wrap around it."""
    while True:
        inner = next((found for name in WRAPPERS if isinstance(found := getattr(model, name, None), nn.Module)), None)
        if inner is None or type(model).__name__ not in {"DistributedDataParallel", "DataParallel", "OptimizedModule"}:
            return model
        model = inner


def compiled(model: nn.Module) -> bool:
    """Say whether ``torch.compile`` or ``model.compile()`` has been at work, on the model or inside a wrapper."""
    while isinstance(model, nn.Module):
        if type(model).__name__ == "OptimizedModule" or getattr(model, "_compiled_call_impl", None) is not None:
            return True
        inner = getattr(model, "module", None)
        if not isinstance(inner, nn.Module) or type(model).__name__ not in {"DistributedDataParallel", "DataParallel"}:
            return False
        model = inner
    return False


def trained(model: nn.Module, optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], bool]:
    """Return the parameters that the optimizer updates, each once, by name; none, and True, where they are sharded."""
    names = {id(p): name for name, p in model.named_parameters()}
    held: dict[str, Tensor] = {}
    for group, content in enumerate(optimizer.param_groups):
        for number, p in enumerate(content["params"]):
            if p.requires_grad and p.numel():
                held.setdefault(names.get(id(p), f"group{group}.{number}"), p)
    if any(type(p).__name__ in {"DTensor", "FlatParameter"} for p in held.values()):
        return {}, True
    return held, False


def layers(model: nn.Module) -> Iterator[tuple[str, nn.Module, str]]:
    """Yield name, module and kind of what is measured: the activation modules, or without any the layers with weights.

    The kind is a name in ``BOUNDS``, ``open`` for other activations, "" for a layer that is no activation.
    """
    leaves = [(name, m) for name, m in model.named_modules() if name and not any(True for _ in m.children())]
    active = [(name, m) for name, m in leaves if _is_activation(m)]
    chosen = active or [(name, m) for name, m in leaves if any(True for _ in m.parameters(recurse=False))]
    for name, module in chosen[:MOST_LAYERS]:
        kind = type(module).__name__.lower()
        yield name, module, kind if kind in BOUNDS else "open" if active else ""


def _is_activation(module: nn.Module) -> bool:
    kind = type(module)
    if kind.__name__.lower() in BOUNDS:
        return True
    return kind.__module__ in {"torch.nn.modules.activation", "transformers.activations"} and not (
        any(True for _ in module.parameters(recurse=False)) or "oftmax" in kind.__name__
    )


def described(model: nn.Module, optimizer: torch.optim.Optimizer, criterion: nn.Module | None) -> dict[str, Any]:
    """Return the configuration that can be read off: sizes, optimizer with its settings, loss, what is frozen."""
    inner = unwrapped(model)
    parameters = dict(inner.named_parameters())
    frozen = [name for name, p in parameters.items() if not p.requires_grad]
    first = optimizer.param_groups[0]
    said: dict[str, Any] = {
        "framework": f"pytorch {torch.__version__}",
        "architecture": type(inner).__name__,
        "parameters": sum(p.numel() for p in parameters.values()),
        "trainable_parameters": sum(p.numel() for p in parameters.values() if p.requires_grad),
        "optimizer": type(optimizer).__name__.lower(),
        "learning_rate": float(first["lr"]) if "lr" in first else None,
        **{name: first[name] for name in SETTINGS if name in first and not isinstance(first[name], Tensor)},
        "frozen": frozen or None,
    }
    if isinstance(said.get("betas"), tuple | list):
        said["beta1"], said["beta2"] = said.pop("betas")[:2]
    if criterion is not None:
        said["loss"] = _loss_kind(criterion)
        said["loss_reduction"] = getattr(criterion, "reduction", None)
        said["label_smoothing"] = getattr(criterion, "label_smoothing", None) or None
    return {name: value for name, value in said.items() if value is not None}


def _loss_kind(criterion: nn.Module) -> str:
    """Return the kind of a loss in words with underscores.

    >>> _loss_kind(nn.CrossEntropyLoss()), _loss_kind(nn.MSELoss()), _loss_kind(nn.BCEWithLogitsLoss())
    ('cross_entropy', 'mse', 'bce_with_logits')
    """
    name = type(criterion).__name__.removesuffix("Loss")
    out = ""
    for before, letter in zip(" " + name, name, strict=False):
        out += f"_{letter.lower()}" if letter.isupper() and before.islower() else letter.lower()
    return out.replace("bcewith", "bce_with")


def of_criterion(criterion: nn.Module, args: Sequence[object]) -> dict[str, Any]:
    """Return the number of classes, where the loss is one over classes."""
    scores = args[0] if args else None
    if isinstance(criterion, nn.CrossEntropyLoss | nn.NLLLoss) and isinstance(scores, Tensor):
        return {"classes": int(scores.shape[1 if scores.ndim > 1 else 0])}
    return {}


def rates(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return the learning rate as ``lr``, and that of further groups as ``lr/<number>`` where they differ."""
    found = [group.get("lr") for group in optimizer.param_groups]
    row = {} if found[0] is None else {"lr": found[0]}
    return row | {f"lr/{n}": rate for n, rate in enumerate(found) if n and rate is not None and rate != found[0]}
