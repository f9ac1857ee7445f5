"""Which tensor of which layer the name of a histogram means: activations, gradients or weights."""

from __future__ import annotations

import re

from runaudit.wordbook import book, spelling

_HIST = r"(?:_hist(?:ogram)?s?)?"


def _tagged(words: str, own: str = "") -> re.Pattern[str]:
    """Return the pattern of ``words/LAYER``, ``outer/words/LAYER`` and ``LAYER/words``; ``own`` are further ends."""
    before = rf"(?:\w*_)?{words}{_HIST}[/._](.+)|.+/(?:\w*_)?{words}{_HIST}/(.+)"
    return re.compile(rf"{before}|(.+?)[/._](?:{words}{own})", re.IGNORECASE)


# Ordered: fc1.weight.grad is a gradient and no weight, output.weight a weight and no output.
TENSORS = (
    ("gradients", _tagged(r"grad(?:ient)?s?")),
    ("activations", _tagged(r"act(?:ivation)?s?")),
    ("weights", re.compile(r"(\w.*?[/._](?:weight_[ih]h_l\d+(?:_reverse)?|\w+_kernel))")),  # of several in one layer
    ("weights", _tagged(r"(?:weight|param(?:eter)?)s?", r"|kernel|embeddings")),
    ("activations", re.compile(r"outputs?/(.+)|(.+?)/outputs?", re.IGNORECASE)),
)
_AROUND = re.compile(r"^hist(?:ogram)?s?/|[/.](?:hist(?:ogram)?s?|values?|data)$", re.IGNORECASE)
_INDEX = re.compile(r"(?<=[a-z])(?:_0|:\d+)(?=$|[/._]grad)", re.IGNORECASE)  # kernel_0 and kernel:0 of Keras
_GRAPH = re.compile(r"^graph_\d+")  # W&B's prefix
_WEIGHT = re.compile(r"[./_]weights?$|[./](?:kernel|embeddings)$")


def layer_of(tag: str) -> tuple[str, str]:
    """Return what the tensor of a tag is and of which layer; two empty texts for none, and for validation data.

    >>> layer_of("gradients/fc1.weight"), layer_of("fc1.weight.grad"), layer_of("train/fc1/activations")
    (('gradients', 'fc1'), ('gradients', 'fc1'), ('activations', 'fc1'))
    >>> layer_of("dense/kernel/histogram"), layer_of("dense/kernel_0"), layer_of("model/grads/fc1/weight")
    (('weights', 'dense'), ('weights', 'dense'), ('gradients', 'fc1'))
    >>> layer_of("val/activations/fc1"), layer_of("images")
    (('', ''), ('', ''))
    """
    head, _, rest = tag.partition("/")
    split = book().splits.get(spelling(head))
    if split and rest:
        if split != "train":
            return "", ""
        tag = rest
    tag = _INDEX.sub("", _AROUND.sub("", _AROUND.sub("", tag)))
    for tensor, pattern in TENSORS:
        found = pattern.fullmatch(tag)
        if found:
            layer = next(group for group in found.groups() if group)
            return tensor, _WEIGHT.sub("", _GRAPH.sub("", layer))
    return "", ""
