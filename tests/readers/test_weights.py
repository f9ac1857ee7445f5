"""Files of weights: only the filters of a first layer are read, by name and shape; data sets are left alone."""

from __future__ import annotations

import json
import struct
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import pytest

from runaudit.errors import LogError
from runaudit.readers import HEAD_BYTES, npy, npz, safetensors
from runaudit.readers._filters import Tensor, as_filters, first_layer, home

NOISE = np.random.default_rng(0).standard_normal((16, 3, 7, 7)).astype(np.float32)


def weights_of(reader: object, path: Path) -> npt.NDArray[np.float64]:
    (log,) = reader.read(path)  # type: ignore[attr-defined]
    assert not log.series
    (row,) = log.tables["filters"]
    return np.asarray(row["weights"])


def claimed(reader: object, path: Path) -> bool:
    with path.open("rb") as stream:
        return bool(reader.claims(PurePosixPath(path.name), stream.read(HEAD_BYTES)))  # type: ignore[attr-defined]


def write_safetensors(path: Path, tensors: dict[str, tuple[str, tuple[int, ...], bytes]]) -> None:
    header, at = {}, 0
    for name, (kind, shape, octets) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + len(octets)]}
        at += len(octets)
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(octets for _, _, octets in tensors.values()))


# --- names and shapes --------------------------------------------------------------------------------------

FIRST = [
    "conv1.weight", "0.weight", "features.0.weight", "module.features.0.0.weight", "stem.conv.weight",
    "conv_stem.weight",
    "vit.embeddings.patch_embeddings.projection.weight", "patch_embed.proj.weight", "params/Conv_0/kernel",
    "conv2d/kernel:0", "net.0.weight", "backbone.conv1.weight", "block1_conv1/kernel", "downsample_layers.0.0.weight",
    "filters", "first_layer", "conv1_final", "conv1_step_1000", "model.model.0.conv.weight",
]  # fmt: skip
OTHER = [
    "images", "x_train", "conv2.weight", "features.3.weight", "layer1.0.conv2.weight", "batch_0_data", "masks",
    "stages.0.dwconv.weight", "exp_avg.conv1.weight", "bn1.running_mean", "attention", "conv10.weight",
]  # fmt: skip


@pytest.mark.parametrize("name", FIRST)
def test_a_first_layer_is_known_by_its_name(name: str) -> None:
    assert first_layer([Tensor(name, (64, 3, 7, 7))]) is not None


@pytest.mark.parametrize("name", OTHER)
def test_what_is_named_otherwise_is_none(name: str) -> None:
    assert first_layer([Tensor(name, (64, 3, 7, 7))]) is None


@pytest.mark.parametrize("shape", [(50000, 3, 32, 32), (64, 64, 3, 3), (3, 224, 224), (2, 3, 7, 7), (64, 3, 1, 1)])
def test_what_is_not_shaped_like_filters_of_pictures_is_none(shape: tuple[int, ...]) -> None:
    assert first_layer([Tensor("conv1.weight", shape)]) is None


def test_the_layer_that_sees_the_picture_is_taken_and_not_a_block() -> None:
    tensors = [Tensor("layer1.0.conv1.weight", (16, 16, 3, 3)), Tensor("conv1.weight", (16, 3, 3, 3))]
    found = first_layer(tensors)
    assert found is not None
    assert found.name == "conv1.weight"


@pytest.mark.parametrize("axes", [(0, 1, 2, 3), (2, 3, 1, 0), (0, 2, 3, 1)])
def test_the_order_of_the_axes_is_found(axes: tuple[int, ...]) -> None:
    assert np.array_equal(as_filters(NOISE.transpose(axes)), NOISE)


def test_rows_of_a_matrix_are_pictures_with_colours_before_or_behind() -> None:
    smooth = np.cumsum(np.cumsum(np.random.default_rng(1).standard_normal((32, 3, 32, 32)), 2), 3)
    torch, keras = smooth.reshape(32, 3072), smooth.transpose(2, 3, 1, 0).reshape(3072, 32)
    assert np.array_equal(as_filters(torch), smooth)
    assert np.array_equal(as_filters(keras), smooth)
    assert first_layer([Tensor("fc1.weight", (100, 784)), Tensor("fc2.weight", (10, 100))]) is not None
    assert first_layer([Tensor("fc2.weight", (10, 784))]) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [("run/conv1.npy", "run"), ("run/checkpoints/model.npz", "run"), ("run/checkpoint-500/model.safetensors", "run"),
     ("run/weights/epoch_3/a.npz", "run"), ("a.npy", "."), ("checkpoints/a.npy", ".")],
)  # fmt: skip
def test_weights_belong_to_the_folder_above_their_checkpoints(path: str, expected: str) -> None:
    assert home(PurePosixPath(path)) == PurePosixPath(expected)


# --- formats -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["<f2", "<f4", "<f8", ">f4"])
def test_npy_in_every_precision(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "conv1.npy"
    np.save(path, NOISE.astype(kind))
    assert claimed(npy, path)
    assert np.allclose(weights_of(npy, path), NOISE, atol=2e-3)


def test_npy_by_columns(tmp_path: Path) -> None:
    path = tmp_path / "conv1.npy"
    np.save(path, np.asfortranarray(NOISE))
    assert np.array_equal(weights_of(npy, path), NOISE)


@pytest.mark.parametrize(
    ("name", "shape"), [("images", (64, 3, 7, 7)), ("conv1", (500, 3)), ("conv1", (9000, 3, 7, 7))]
)
def test_a_data_set_in_npy_is_not_claimed(tmp_path: Path, name: str, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / f"{name}.npy", np.zeros(shape, dtype=np.float32))
    assert not claimed(npy, tmp_path / f"{name}.npy")


def test_whole_numbers_and_objects_are_no_filters(tmp_path: Path) -> None:
    np.save(tmp_path / "conv1.npy", np.zeros((64, 3, 7, 7), dtype=np.int64))
    assert not claimed(npy, tmp_path / "conv1.npy")
    np.save(tmp_path / "filters.npy", np.array([{}], dtype=object), allow_pickle=True)
    assert not claimed(npy, tmp_path / "filters.npy")


@pytest.mark.parametrize("packed", [False, True])
def test_npz_gives_the_first_layer_of_all_arrays(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "model.npz"
    save = np.savez_compressed if packed else np.savez
    arrays = {"conv1.weight": NOISE, "conv1.bias": np.zeros(16), "fc.weight": np.zeros((10, 64)), "step": np.array(3)}
    save(path, **arrays)  # type: ignore[arg-type]
    assert claimed(npz, path)
    assert np.array_equal(weights_of(npz, path), NOISE)


def test_a_data_set_in_npz_is_not_claimed(tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    np.savez(path, x_train=np.zeros((10, 28, 28)), y_train=np.zeros(10))
    assert not claimed(npz, path)


def test_npz_without_a_first_layer_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, x=np.zeros((10, 28)))
    with pytest.raises(LogError, match="named and shaped like a first layer") as caught:
        npz.read(path)
    assert caught.value.kind == "not-a-log"


@pytest.mark.parametrize(
    ("kind", "octets"),
    [
        ("F32", NOISE.astype("<f4").tobytes()),
        ("F64", NOISE.astype("<f8").tobytes()),
        ("F16", NOISE.astype("<f2").tobytes()),
        ("BF16", (NOISE.astype("<f4").view("<u4") >> np.uint32(16)).astype("<u2").tobytes()),
    ],
)
def test_safetensors_in_every_precision(tmp_path: Path, kind: str, octets: bytes) -> None:
    path = tmp_path / "model.safetensors"
    write_safetensors(path, {"fc.weight": ("F32", (2,), bytes(8)), "conv1.weight": (kind, NOISE.shape, octets)})
    assert claimed(safetensors, path)
    assert np.allclose(weights_of(safetensors, path), NOISE, rtol=1e-2, atol=1e-3)


def test_of_a_huge_file_only_header_and_filters_are_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    octets = NOISE.tobytes()
    header = {"conv1.weight": {"dtype": "F32", "shape": NOISE.shape, "data_offsets": [0, len(octets)]}}
    header["fc"] = {"dtype": "F32", "shape": (1 << 34,), "data_offsets": [len(octets), len(octets) + (1 << 36)]}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + octets)
    with path.open("r+b") as stream:
        stream.truncate(8 + len(text) + len(octets) + (1 << 36))  # 64 GiB that take no place on the disk
    assert np.array_equal(weights_of(safetensors, path), NOISE)


# --- damage ------------------------------------------------------------------------------------------------


def test_a_file_that_is_cut_off_is_said_to_be(tmp_path: Path) -> None:
    np.save(tmp_path / "conv1.npy", NOISE)
    np.savez(tmp_path / "model.npz", conv1=NOISE)
    write_safetensors(tmp_path / "model.safetensors", {"conv1.weight": ("F32", NOISE.shape, NOISE.tobytes())})
    for reader, name in ((npy, "conv1.npy"), (npz, "model.npz"), (safetensors, "model.safetensors")):
        path = tmp_path / name
        whole = path.read_bytes()
        for size in range(0, len(whole), max(len(whole) // 40, 1)):
            path.write_bytes(whole[:size])
            with pytest.raises(LogError):
                reader.read(path)


@pytest.mark.parametrize(
    "header",
    ["[]", "{", '{"conv1.weight": 3}', '{"conv1.weight": {"dtype": "F32", "shape": [64, 3, 7, 7]}}',
     '{"conv1.weight": {"dtype": "F32", "shape": [64, 3, 7, 7], "data_offsets": [0, 4]}}',
     '{"conv1.weight": {"dtype": "F32", "shape": [64, 3, 7, 7], "data_offsets": [-40000, -2368]}}',
     '{"conv1.weight": {"dtype": "F32", "shape": "x", "data_offsets": [0, 4]}}'],
)  # fmt: skip
def test_a_broken_header_is_said_to_be_one(tmp_path: Path, header: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header.encode() + bytes(64))
    with pytest.raises(LogError):
        safetensors.read(path)


def test_a_length_beyond_the_file_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    with pytest.raises(LogError, match="header"):
        safetensors.read(path)
