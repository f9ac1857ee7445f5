from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.readers.dvclive import READER, claims, home
from tests.readers.mutations import survives

SAMPLE = Path(__file__).parents[2] / "sample_logs/formats/dvclive/healthy"
SUMMARY = '{\n    "train": {\n        "loss": 0.5\n    },\n    "step": 1\n}\n'
PAGE = "<!DOCTYPE html>\n<html>\n<head>\n    <title>DVC Plot</title>\n"


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_the_tables_of_a_folder_are_one_run(tmp_path: Path) -> None:
    put(
        tmp_path / "dvclive",
        {
            "plots/metrics/train/loss.tsv": "step\tloss\n0\t1.5\n1\tnan\n2\t0.5\n",
            "plots/metrics/eval/loss.tsv": "step\tloss\n2\t2.5\n",
            "plots/metrics/epoch.tsv": "step\tepoch\n0\t0.1\n",
            "metrics.json": SUMMARY,
            "report.html": PAGE,
            "params.yaml": "lr: 0.1\n",
        },
    )
    loaded = load([tmp_path])
    (run,) = loaded.runs
    assert run.id == "dvclive"
    assert run.series["train/loss"].steps.tolist() == [0, 1, 2]
    assert run.series["train/loss"].lines.tolist() == [2, 3, 4]
    assert run.series["val/loss"].values.tolist() == [2.5]
    assert run.config["learning_rate"] == 0.1
    assert {"dvclive/metrics.json", "dvclive/report.html"} <= set(run.paths)
    assert (loaded.unreadable, run.notes) == ((), ())


def test_the_old_layout_and_what_it_left_behind_are_runs_of_their_own(tmp_path: Path) -> None:
    old = "timestamp\tstep\ttrain/loss\n1666180419819\t0\t8.0\n1666180422565\t1\t7.0\n"
    put(tmp_path / "dvclive", {"scalars/train/loss.tsv": old})
    (run,) = load([tmp_path]).runs
    assert (run.id, run.series["train/loss"].values.tolist()) == ("dvclive", [8.0, 7.0])
    put(
        tmp_path / "dvclive",
        {"plots/metrics/train/loss.tsv": "step\ttrain/loss\n0\t1.5\n1\t1.0\n", "metrics.json": SUMMARY},
    )
    plots, scalars = sorted(load([tmp_path]).runs, key=lambda r: r.id)
    assert (plots.id, scalars.id) == ("dvclive#plots", "dvclive#scalars")
    assert plots.paths == ("dvclive/metrics.json", "dvclive/plots/metrics/train/loss.tsv")


def test_the_oldest_layout_without_folders(tmp_path: Path) -> None:
    put(tmp_path, {"dvclive/loss.tsv": "timestamp\tstep\tloss\n1\t0\t8.0\n2\t1\t7.0\n", "dvclive.json": SUMMARY})
    loaded = load([tmp_path])
    (run,) = loaded.runs
    assert run.series["train/loss"].values.tolist() == [8.0, 7.0]
    (refused,) = loaded.unreadable
    assert refused.reason == "DVCLive's summary: the curves are in the folder dvclive beside it"


@pytest.mark.parametrize(("name", "text"), [("metrics.json", SUMMARY), ("report.html", PAGE)])
def test_a_summary_or_page_without_tables_is_refused(tmp_path: Path, name: str, text: str) -> None:
    put(tmp_path, {name: text})
    with pytest.raises(LogError, match=r"without the tables that hold the curves \(plots/metrics\)") as caught:
        READER.read(tmp_path / name)
    assert caught.value.kind == "not-a-log"


def test_a_table_without_a_number_is_refused(tmp_path: Path) -> None:
    put(tmp_path, {"plots/metrics/loss.tsv": "step\tloss\nx\ty\n"})
    with pytest.raises(LogError, match="no row with a number: the columns are step, loss"):
        READER.read(tmp_path / "plots/metrics/loss.tsv")


@pytest.mark.parametrize(
    ("path", "head", "expected"),
    [
        ("dvclive/plots/metrics/train/loss.tsv", b"step\tloss\n", True),
        ("x/plots/metrics/train/loss.tsv", b"step\ttrain/loss\n0\t1\n", True),
        ("x/plots/metrics/train/loss.tsv", b"step\tacc\n", False),
        ("x/loss.tsv", b"step\tloss\n", False),
        ("scalars/loss.tsv", b"timestamp\tstep\tloss\n", True),
        ("dvclive/metrics.json", SUMMARY.encode(), True),
        ("metrics.json", b'{"iteration": 1, "step": 3, "total_loss": 2}\n', False),
        ("metrics.json", b'{\n "loss": {\n "steps": [1]}, "step": 1}', False),
        ("metrics.json", b"\xff", False),
        ("report.html", PAGE.encode(), True),
        ("index.html", b"<title>Docs</title>", False),
    ],
)
def test_claims(path: str, head: bytes, expected: bool) -> None:
    assert claims(PurePosixPath(path), head) is expected


def test_home() -> None:
    assert home(PurePosixPath("scalars/train/loss.tsv")) == PurePosixPath()
    assert home(PurePosixPath("a/dvclive/train/loss.tsv")) == PurePosixPath("a/dvclive")
    assert home(PurePosixPath("a/metrics.json")) == PurePosixPath("a")


def test_the_sample_of_the_real_writer() -> None:
    loaded = load([SAMPLE])
    (run,) = loaded.runs
    assert (len(run.series["train/loss"]), len(run.series["val/loss"])) == (120, 12)
    assert "metrics.json" in run.paths
    assert not loaded.unreadable


def test_damaged_files_are_survived(tmp_path: Path) -> None:
    folder = tmp_path / "plots/metrics/train"
    folder.mkdir(parents=True)
    assert survives(READER, SAMPLE / "plots/metrics/train/loss.tsv", folder) < 150
