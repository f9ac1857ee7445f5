"""OpenMMLab's JSON lines: evaluations are told from training, and stand at the step before them."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.model import Reduction
from runaudit.readers.openmmlab_json import READER, home
from tests.readers.mutations import survives

SAMPLE = (
    Path(__file__).parents[2] / "sample_logs" / "formats" / "openmmlab_json" / "healthy" / "vis_data" / "scalars.json"
)


def mmcv(epochs: int = 3) -> str:
    """Return what mmcv writes: the iteration begins anew in every epoch."""
    rows: list[dict[str, object]] = [{"env_info": "sys.platform: linux", "seed": 0, "exp_name": "x.py"}]
    for epoch in range(1, epochs + 1):
        rows += [
            {"mode": "train", "epoch": epoch, "iter": i, "lr": 0.01, "data_time": 0.1, "loss": 1 / (epoch * 50 + i)}
            for i in (50, 100)
        ]
        rows.append({"mode": "val", "epoch": epoch, "iter": 7, "lr": 0.01, "mIoU": 0.1 * epoch, "loss": 0.5})
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_mmcv_is_one_run_with_a_step_that_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "20200101_000000.log.json"
    path.write_text(mmcv())
    assert READER.claims(PurePosixPath(path.name), path.read_bytes()[:4096])
    (run,) = load([path]).runs
    assert run.format == "openmmlab_json"
    assert run.series["train/loss"].steps.tolist() == [50, 100, 150, 200, 250, 300]
    assert run.series["train/loss"].reduction is Reduction.WINDOW_MEAN
    assert run.series["val/loss"].steps.tolist() == [100, 200, 300]
    np.testing.assert_allclose(run.series["val/iou"].values, [0.1, 0.2, 0.3])
    assert run.series["train/loss"].lines.tolist() == [2, 3, 5, 6, 8, 9]


def test_the_sample_of_mmengine_equals_what_json_says() -> None:
    rows = [json.loads(line) for line in SAMPLE.read_text().splitlines()]
    (run,) = load([SAMPLE]).runs
    train = [row for row in rows if "loss" in row]
    assert run.series["train/loss"].values.tolist() == [row["loss"] for row in train]
    assert run.series["train/loss"].steps.tolist() == [row["step"] for row in train]
    held = [row["accuracy"] for row in rows if "accuracy" in row]
    assert run.series["val/accuracy"].values.tolist() == held
    assert run.series["val/accuracy"].steps.tolist() == list(range(50, 501, 50))


def test_the_run_lies_above_its_data() -> None:
    assert home(PurePosixPath("work/2020/vis_data/scalars.json")) == PurePosixPath("work/2020")
    assert home(PurePosixPath("work/None.log.json")) == PurePosixPath("work")


@pytest.mark.parametrize(
    "head", [b'{"step": 1, "loss": 2}\n' * 3, b'{"mode": "eval", "loss": 1}\n', b"{}\n", b"text", b"\xff\xfe"]
)
def test_other_json_is_not_claimed(head: bytes) -> None:
    assert not READER.claims(PurePosixPath("metrics.json"), head)


def test_broken_lines_are_noted_and_nothing_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.log.json"
    path.write_text(mmcv().replace('{"mode": "val"', '{"mode": val"', 1) + '{"mode": "tr')
    (log,) = READER.read(path)
    assert [n.line for n in log.notes] == [11, 4]
    assert "cut off" in log.notes[0].message
    path.write_text("nothing\n")
    with pytest.raises(LogError, match="no line is a JSON object"):
        READER.read(path)
    path.write_text('{"env_info": "x"}\n{"mode": "train", "epoch": 1, "iter": 1}\n')
    with pytest.raises(LogError, match="no training metric"):
        READER.read(path)


def test_damaged_files_are_survived(tmp_path: Path) -> None:
    assert survives(READER, SAMPLE, tmp_path) < 300
