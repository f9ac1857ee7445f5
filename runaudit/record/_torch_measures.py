"""What is measured of tensors, left on their device: a value is a tensor of no dimension until it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from runaudit.record.measures import BOUNDS, SATURATED

Values = dict[str, Tensor]


def activation(name: str, kind: str, values: Tensor) -> Values:
    """Return mean, deviation, and the shares of zeros, of dead units and of saturated values, as ``record.measures``.

    The units are the channels: dimension 1 of images (samples x channels x places), else the last one.
    """
    if not values.numel() or not values.is_floating_point():
        return {}
    std, mean = torch.std_mean(values.float(), correction=0)
    row = {f"act_mean/{name}": mean, f"act_std/{name}": std}
    if kind in BOUNDS:
        low, high = BOUNDS[kind]
        scaled = (2.0 * (values - low) / (high - low) - 1.0).abs()
        return row | {f"saturated_frac/{name}": (scaled > SATURATED).float().mean()}
    if not kind:
        return row
    zero = values == 0
    row[f"zero_frac/{name}"] = zero.float().mean()
    if values.ndim > 1:
        unit = 1 if values.ndim >= 4 else values.ndim - 1
        row[f"dead_frac/{name}"] = zero.transpose(0, unit).flatten(1).all(1).float().mean()
    return row


def gradients(parameters: Mapping[str, Tensor], *, scale: Tensor | None, closely: bool) -> Values:
    """Return the norm over all gradients; ``closely`` adds that of each and the number of values that are not finite.

    ``scale`` divides what AMP has scaled. Parameters without a gradient have none.
    """
    names = [name for name, p in parameters.items() if p.grad is not None and not p.grad.is_sparse]
    if not names:
        return {}
    found = [g for name in names if (g := parameters[name].grad) is not None]
    each = torch.stack([n.float() for n in torch._foreach_norm(found)])
    each = each if scale is None else each / scale.to(each.device)
    row = {"grad_norm": torch.linalg.vector_norm(each)}
    if closely:
        row |= {f"grad_norm/{name}": norm for name, norm in zip(names, each.unbind(), strict=True)}
        row["nonfinite/gradients"] = torch.stack([(~torch.isfinite(g)).sum() for g in found]).sum()
    return row


def norms(parameters: Mapping[str, Tensor], before: Sequence[Tensor]) -> Values:
    """Return the norm of each parameter before the update, and the norm of its change as a part of that.

    The ratio is infinite or NaN where the weights are all zero.
    """
    start = torch.stack([n.float() for n in torch._foreach_norm(list(before))])
    change = torch._foreach_sub([p.detach() for p in parameters.values()], list(before))
    ratio = torch.stack([n.float() for n in torch._foreach_norm(change)]) / start
    row = {f"weight_norm/{name}": norm for name, norm in zip(parameters, start.unbind(), strict=True)}
    return row | {f"update_ratio/{name}": value for name, value in zip(parameters, ratio.unbind(), strict=True)}
