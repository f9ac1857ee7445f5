"""What kind of parameter a name is: weights of a layer, a bias, the scale of a normalisation, an embedding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from runaudit.model import Series

BIAS = re.compile(r"(?:(?:^|[._/])(?:bias(?:es)?|beta|offset)|/b)(?:_[ihqkv]\w*)?(?::\d+)?$", re.IGNORECASE)
SCALE = re.compile(
    r"(?:\w*_)?(?:layer|batch|group|rms|instance)?_?norm(?:ali[sz]ation)?(?:_?[a-z]?\d*|_\w+)?"
    r"|(?:bn|ln|gn)(?:_\w+|\d+\w*)?|gamma|scale",
    re.IGNORECASE,
)
EMBEDDING = re.compile(r"\w*embed\w*|(?:\w+_)?emb(?:_\w+|\d+)?|wte|wpe", re.IGNORECASE)
NUMBER = re.compile(r"\d+")
WHOLE = 50_000  # up to this square of a norm, six digits tell whether it is a whole number

T = TypeVar("T")


def plain_name(parameter: str) -> str:
    """Return the name of a layer for that of its weights, and any other name as it is.

    >>> plain_name("conv1.weight"), plain_name("conv1.bias"), plain_name("dense/kernel")
    ('conv1', 'conv1.bias', 'dense/kernel')
    """
    return re.sub(r"[._/]weight$", "", parameter)


def is_bias(name: str) -> bool:
    """Say whether a name is that of a bias.

    >>> [is_bias(n) for n in ("fc1.bias", "0.bias", "dense/bias:0", "bn/beta", "rnn.bias_ih_l0", "fc1", "b.0.fc")]
    [True, True, True, True, True, False, False]
    """
    return bool(BIAS.search(name))


def is_scale(name: str) -> bool:
    """Say whether a name is that of the scale of a normalisation.

    >>> [is_scale(n) for n in ("h.0.ln_1", "layer1.0.bn2", "norm", "blocks.0.input_layernorm", "bn/gamma", "lnet")]
    [True, True, True, True, True, False]
    """
    return any(SCALE.fullmatch(part) for part in re.split(r"[./]", name))


def is_embedding(name: str) -> bool:
    """Say whether a name is that of an embedding, of which an update changes only the rows that a batch holds.

    >>> [is_embedding(n) for n in ("transformer.wte", "tok_emb", "model.embed_tokens", "emb", "member")]
    [True, True, True, True, False]
    """
    return any(EMBEDDING.fullmatch(part) for part in re.split(r"[./]", name))


def scales(names: Iterable[str], norms: Mapping[str, Series] | None = None) -> set[str]:
    """Return which names are the scale of a normalisation: by the name, or by their ``norms`` if they are numbered.

    A scale starts as ones, so that the square of its norm is a whole number, and its bias as zeros.
    """
    return {n for n in names if is_scale(n) or (NUMBER.fullmatch(re.split(r"[./]", n)[-1]) and _ones(n, norms or {}))}


def _ones(name: str, norms: Mapping[str, Series]) -> bool:
    own, bias = norms.get(name), norms.get(f"{name}.bias")
    if own is None or bias is None or not len(own) or not len(bias) or bias.values[0] != 0:
        return False
    square = float(own.values[0]) ** 2
    return 1.0 <= square <= WHOLE and abs(square - round(square)) <= 4e-6 * square


def layers_of(
    found: Mapping[str, T], norms: Mapping[str, Series] | None = None, *, embeddings: bool = False
) -> dict[str, T]:
    """Return what counts as a layer: neither biases nor the scales of normalisations, nor embeddings unless asked for.

    A bias starts at zero, so that its first updates are large against it, and a scale of ones has no size to be
    measured by. Of embeddings and scales alone these are returned; biases alone are no layers.
    """
    weights = {name: one for name, one in found.items() if not is_bias(name)}
    normal = scales(weights, norms)
    plain = {name: one for name, one in weights.items() if name not in normal} or weights
    return plain if embeddings else {name: one for name, one in plain.items() if not is_embedding(name)} or plain
