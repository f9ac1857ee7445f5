"""Shared by the readers of weights: which tensor holds the filters of a first layer, and in which order it lies.

A file of weights is worth reading only for that one tensor, and a data set must not be taken for it: it has to be named
like a first layer, and shaped like filters that look at a picture (at most 16 channels).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from runaudit.model import FloatArray, RawLog

TABLE = "filters"
MOST_CHANNELS = 16  # more than a picture has: the layer looks at what another one gave
FEWEST = 4  # filters in a layer
LARGEST = 64  # pixels across
LONGEST = 200  # letters in the name of a tensor
MOST_BYTES = 1 << 26
FLAT = {784: (1, 28), 2352: (3, 28), 3072: (3, 32), 12288: (3, 64), 27648: (3, 96)}  # inputs -> channels, pixels across
CHANNELS = {3: 0, 1: 1, 4: 2}  # what pictures have, the most usual first

# Ends of names that are parameters of a layer and no layer.
PARAMETER = re.compile(r"(?:[._/](?:weights?|kernel|filters?|w|v|var|variables?|[0-9]+))?(?::0)?$", re.IGNORECASE)
LAYER = re.compile(
    r"(?:^|.*[._/-])(?:"
    r"conv(?:olution)?(?:2d)?[._-]?[01]?(?:[._](?:conv|0))?|conv1_1|block1_conv1|conv1_conv"  # conv1, conv2d, Conv_0
    r"|conv_?(?:stem|first|in|input|init|pre)|(?:first|input|init|initial)[._]?(?:conv|layer|block|filters?)[^/]*"
    r"|stem(?:[._/].*)?|patch_?embed(?:ding)?s?(?:[._/].*)?|(?:first_?layer_?)?filters?"
    r"|(?:[a-z_]+[._])?0(?:[._](?:0|conv|conv1|conv2d|block))*"  # 0, features.0, layers.0.conv, net.0.0
    r")(?:[._-](?:final|last|best|init|initial|(?:step|epoch|iter)?[._-]?[0-9]+))?$",
    re.IGNORECASE,
)
DENSE = re.compile(
    r"(?:^|.*[._/-])(?:(?:fc|linear|dense|hidden|layer|lin|h)[._-]?[01]?|w1|weights?_?1|(?:[a-z_]+[._])?[01]"
    r"|first_?layer|(?:first_?layer_?)?filters?)$",
    re.IGNORECASE,
)
# Depthwise convolutions look like first layers of gray pictures; what normalises and biases has names of its own.
OTHER = re.compile(
    r"depthwise|dw_?conv|conv_?dw|bias|norm|running|(?:^|[._/])(?:m|v|mu|nu|exp_avg\w*)[._/]", re.IGNORECASE
)
FOLDER = re.compile(
    r"(?:(?:checkpoint|ckpt|step|epoch|global_step|iter)[-_]?[0-9]+|checkpoints?|ckpts?|weights|filters|(?:saved_)?models?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of numbers: its name in the file and its shape."""

    name: str
    shape: tuple[int, ...]


def home(path: PurePosixPath) -> PurePosixPath:
    """Return the folder of the run that weights belong to: above the folders that trainings keep checkpoints in.

    >>> home(PurePosixPath("out/checkpoints/step-500/model.safetensors")), home(PurePosixPath("a/conv1.npy"))
    (PurePosixPath('out'), PurePosixPath('a'))
    """
    folder = path.parent
    while folder.name and FOLDER.fullmatch(folder.name):
        folder = folder.parent
    return folder


def first_layer(tensors: Iterable[Tensor]) -> Tensor | None:
    """Return the tensor that by name and shape holds the filters of the first layer, None if there is none.

    >>> first_layer([Tensor("layer1.0.conv1.weight", (64, 64, 3, 3)), Tensor("conv1.weight", (64, 3, 7, 7))]).name
    'conv1.weight'
    >>> first_layer([Tensor("images", (1000, 3, 32, 32)), Tensor("fc2.weight", (10, 784))])
    """
    found = [t for t in tensors if is_first_layer(t)]
    return min(found, key=_rank, default=None)


def is_first_layer(tensor: Tensor) -> bool:
    """Say whether the name is that of a first layer, and the shape that of filters that look at a picture."""
    if len(tensor.shape) not in {2, 4} or prod(tensor.shape) * 8 > MOST_BYTES:
        return False
    if len(tensor.name) > LONGEST or OTHER.search(tensor.name):
        return False
    base = PARAMETER.sub("", tensor.name)
    if len(tensor.shape) == 4:
        return order_of(tensor.shape) != "" and any(LAYER.match(name) for name in (base, tensor.name))
    return _flat(tensor.shape) is not None and any(DENSE.match(name) for name in (base, tensor.name))


def _rank(tensor: Tensor) -> tuple[int, int, str]:
    order = order_of(tensor.shape) if len(tensor.shape) == 4 else ""
    channels = tensor.shape[order.index("I")] if order else 1
    return (CHANNELS.get(channels, channels) if order else MOST_CHANNELS + 1, len(tensor.name), tensor.name)


def order_of(shape: tuple[int, ...]) -> str:
    """Return in which order the axes of filters lie: ``OIHW`` (torch), ``HWIO`` (Keras, Flax), ``OHWI``; "" for none.

    >>> order_of((64, 3, 7, 7)), order_of((3, 3, 1, 32)), order_of((16, 5, 5, 3)), order_of((60000, 28, 28, 1))
    ('OIHW', 'HWIO', 'OHWI', '')
    """
    for order in ("OIHW", "HWIO", "OHWI"):
        out, channels, height, width = (shape[order.index(axis)] for axis in "OIHW")
        if height == width and 1 < height <= LARGEST and 1 <= channels <= MOST_CHANNELS and FEWEST <= out <= 4096:
            return order
    return ""


def as_filters(values: npt.NDArray[np.floating]) -> FloatArray:
    """Return the weights as filters x channels x rows x columns.

    Of a matrix the side that has the size of a picture is the input. Colours may lie before or behind the pixels: as
    filters are smooth if anything, the order in which neighbours agree more is taken.
    """
    if values.ndim == 4:
        order = order_of(values.shape)
        return np.asarray(values.transpose([order.index(axis) for axis in "OIHW"]), dtype=np.float64)
    flat = _flat(values.shape)
    assert flat is not None  # noqa: S101  is_first_layer said so
    channels, across = FLAT[values.shape[flat]]
    rows = np.asarray(values if flat == 1 else values.T, dtype=np.float64)
    planar = rows.reshape(-1, channels, across, across)
    mixed = rows.reshape(-1, across, across, channels).transpose(0, 3, 1, 2)
    return planar if channels == 1 or _agreement(planar) >= _agreement(mixed) else mixed


def _flat(shape: tuple[int, ...]) -> int | None:
    """Return which side of a matrix has the size of a picture: the second as in torch, or the first; None if none."""
    return next((side for side in (1, 0) if shape[side] in FLAT and FEWEST <= shape[1 - side] <= 4096), None)


def _agreement(filters: FloatArray) -> float:
    """Return the mean product of neighbours along rows; NaN for NaN."""
    return float(np.mean(filters[..., 1:] * filters[..., :-1]))


def raw_log(kind: str, name: str, values: npt.NDArray[np.floating]) -> RawLog:
    """Return a log that holds the filters and no curve."""
    with np.errstate(invalid="ignore"):
        row = {"name": name, "weights": as_filters(values), "picture": False}
    return RawLog(kind, (), tables={TABLE: (row,)})


def widened(octets: bytes) -> FloatArray:
    """Return the numbers of bfloat16 in little-endian bytes: they are the upper halves of float32."""
    return (np.frombuffer(octets, "<u2").astype("<u4") << np.uint32(16)).view("<f4").astype(np.float64)
