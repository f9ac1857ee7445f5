"""One run that several writers kept in one folder is reported once: trackers, what the program printed, TensorBoard."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from runaudit.load import Loaded, load
from runaudit.model import Run
from tests.readers import event_writer as events
from tests.readers import wandb_writer as wandb

STEPS = range(40)
RUN = "wandb/offline-run-20261121_095739-pd2jhwr7"
MLFLOW = "mlruns/0/0a305f1696f4491a8f98d6d217835d08"


def loss(step: int) -> float:
    return round(2 / (1 + step / 7) + 0.1 + 0.03 * (step % 3), 6)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def wandb_run(root: Path, printed: str, *names: str, folder: str = RUN) -> Path:
    """Write a run of W&B that logs the named metrics, and what its program printed."""
    home = root / folder
    write(home / "files" / "output.log", printed)
    records = [wandb.run({"batch_size": 32})]
    for i in STEPS if names else ():
        logged = {"loss": loss(i), "lr": 0.1}
        records.append(wandb.history({name: logged[name] for name in names}, step=i))
    wandb.write(home / "run-pd2jhwr7.wandb", [*records, wandb.ended(0)])
    return home


def printed(value: str = "{loss:.4f}", more: str = "") -> str:
    return "".join(f"step {i} loss {value.format(loss=loss(i))}{more}\n" for i in STEPS)


def only_run(root: Path, unreadable: int = 0) -> Run:
    found = load([root])
    assert len(found.unreadable) == unreadable, found.unreadable
    (run,) = found.runs
    return run


def notes(run: Run) -> str:
    return " ".join(note.message for note in run.notes)


# --- W&B ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", [RUN, "wandb/run-20230329_123313-6a0em794", "."])
def test_what_a_program_of_wandb_printed_is_its_run(folder: str, tmp_path: Path) -> None:
    wandb_run(tmp_path, printed(), "loss", "lr", folder=folder)
    run = only_run(tmp_path)
    assert run.id == folder
    assert run.format == "wandb_offline"
    assert [Path(path).name for path in run.paths] == ["run-pd2jhwr7.wandb", "output.log"]
    np.testing.assert_array_equal(run.series["train/loss"].values, [loss(i) for i in STEPS])
    assert run.config["batch_size"] == 32


def test_the_text_gives_what_the_record_lacks(tmp_path: Path) -> None:
    wandb_run(tmp_path, printed("{loss:.2f}", " val loss 0.5 blob 3"), "loss")
    run = only_run(tmp_path)
    assert run.series["train/loss"].path.endswith(".wandb")
    assert run.series["val/loss"].path.endswith("output.log")
    assert run.series["val/loss"].lines[0] == 1
    assert "val/loss taken from here" in notes(run)
    assert [u.canonical for u in run.names if u.source_name == "val loss"] == ["val/loss"]
    assert "blob" not in run.series


def test_a_text_that_counts_otherwise_gives_nothing(tmp_path: Path) -> None:
    text = "".join(f"step {100 * i} loss {3 * loss(i):.4f} val loss 0.5\n" for i in STEPS)
    wandb_run(tmp_path, text, "loss")
    run = only_run(tmp_path)
    assert "val/loss" not in run.series
    assert "no curve of both agrees by its steps: val/loss left out" in notes(run)


def test_the_text_is_the_run_where_the_record_has_no_curve(tmp_path: Path) -> None:
    wandb_run(tmp_path, printed())
    assert only_run(tmp_path, unreadable=1).id == RUN
    wandb_run(tmp_path, printed(), "lr")
    run = only_run(tmp_path)
    assert len(run.series["train/loss"]) == len(STEPS)
    assert run.config["batch_size"] == 32


def test_a_crash_in_the_text_is_that_of_the_run(tmp_path: Path) -> None:
    text = printed() + "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB\n"
    wandb_run(tmp_path, text, "loss")
    wandb_run(tmp_path, "Hello\n" + text[text.index("Runtime") :], "loss", folder="wandb/run-20261121_095740-aaaaaaaa")
    runs = load([tmp_path]).runs
    assert len(runs) == 2
    assert [[row["kind"] for row in run.tables["crash"]] for run in runs] == [["gpu-out-of-memory"]] * 2


def test_a_text_without_a_curve_is_no_failure(tmp_path: Path) -> None:
    wandb_run(tmp_path, "Hello\nworld\n", "loss")
    found = load([tmp_path])
    assert ([run.id for run in found.runs], found.unreadable, found.ignored_files) == ([RUN], (), 1)


def test_other_texts_of_that_name_are_runs_of_their_own(tmp_path: Path) -> None:
    write(tmp_path / "a" / "files" / "output.log", printed())
    write(tmp_path / "a" / "log.csv", "step,loss\n" + "".join(f"{i},{i * i}\n" for i in range(9)))
    assert sorted(run.id for run in load([tmp_path]).runs) == ["a", "a/files"]


# --- other trackers ----------------------------------------------------------------------------------------


def test_what_sacred_captured_is_its_run(tmp_path: Path) -> None:
    columns = {"steps": [*STEPS], "timestamps": ["2026-11-21"] * 40, "values": [loss(i) for i in STEPS]}
    write(tmp_path / "1" / "metrics.json", json.dumps({"train/loss": columns}, indent=2))
    write(tmp_path / "1" / "cout.txt", printed("{loss:.1f}", " lr 0.1"))
    run = only_run(tmp_path)
    assert (run.id, run.format) == ("1", "sacred")
    assert run.series.keys() == {"train/loss", "lr"}


def mlflow_run(root: Path, points: int = 40) -> None:
    write(root / MLFLOW / "metrics" / "loss", "".join(f"1700000000000 {loss(i)} {i}\n" for i in STEPS[:points]))


def test_an_artifact_of_mlflow_that_is_the_run_once_more(tmp_path: Path) -> None:
    mlflow_run(tmp_path)
    write(tmp_path / MLFLOW / "artifacts" / "out" / "train.log", printed())
    event_file(tmp_path / MLFLOW / "artifacts" / "tb", "loss")
    run = only_run(tmp_path)
    assert (run.id, run.format) == (MLFLOW, "mlflow_files")
    assert len(run.paths) == 3


def test_an_artifact_of_mlflow_that_is_another_run(tmp_path: Path) -> None:
    mlflow_run(tmp_path, points=1)
    write(tmp_path / MLFLOW / "artifacts" / "train.log", printed())
    write(tmp_path / MLFLOW / "artifacts" / "config.yaml", "batch_size: 16\n")
    runs = {run.id: run for run in load([tmp_path]).runs}
    assert runs.keys() == {MLFLOW, f"{MLFLOW}/artifacts/train.log"}
    assert runs[f"{MLFLOW}/artifacts/train.log"].config["batch_size"] == 16


def trainer_state(folder: Path) -> None:
    history = [{"step": i, "epoch": i / 10, "loss": loss(i), "learning_rate": 0.1} for i in STEPS]
    write(folder / "trainer_state.json", json.dumps({"log_history": history, "max_steps": 40}, indent=2))


def test_the_event_files_of_a_trainer_are_its_run(tmp_path: Path) -> None:
    trainer_state(tmp_path / "out")
    event_file(tmp_path / "out" / "runs" / "Nov21_10-00-00_host", "train/loss", "train/extra_loss")
    run = only_run(tmp_path)
    assert (run.id, run.format) == ("out", "hf_trainer_state")
    assert "train/loss/extra" in run.series


def test_the_event_files_of_another_training_are_not(tmp_path: Path) -> None:
    trainer_state(tmp_path / "out")
    event_file(tmp_path / "out" / "runs" / "Nov21_10-00-00_host", "train/loss", scale=2)
    assert [run.id for run in load([tmp_path]).runs] == ["out", "out/runs/Nov21_10-00-00_host"]


def test_two_loggers_of_lightning_wrote_one_run(tmp_path: Path) -> None:
    rows = "".join(f"{i // 10},{i},{loss(i)}\n" for i in STEPS)
    write(tmp_path / "version_0" / "metrics.csv", f"epoch,step,train_loss\n{rows}")
    event_file(tmp_path / "version_0", "train_loss", "epoch")
    assert only_run(tmp_path).id == "version_0"


# --- TensorBoard's add_scalars -----------------------------------------------------------------------------


def event_file(folder: Path, *tags: str, scale: float = 1) -> Path:
    lines = [events.event(i, *(events.scalar(tag, scale * loss(i)) for tag in tags)) for i in STEPS if tags]
    return events.write(folder / "events.out.tfevents.1700000000.host.1.0", *lines)


@pytest.mark.parametrize("tag", ["loss", "Loss/all"])
def test_the_curves_of_add_scalars_are_one_run(tag: str, tmp_path: Path) -> None:
    event_file(tmp_path / "exp", "lr")
    plain = tag.replace("/", "_")
    event_file(tmp_path / "exp" / f"{plain}_train", tag)
    event_file(tmp_path / "exp" / f"{plain}_val", tag, scale=2)
    event_file(tmp_path / "exp" / "acc_top5", "acc")
    run = only_run(tmp_path)
    assert run.id == "exp"
    np.testing.assert_allclose(run.series["train/loss"].values, [loss(i) for i in STEPS], rtol=1e-6)
    np.testing.assert_allclose(run.series["val/loss"].values, [2 * loss(i) for i in STEPS], rtol=1e-6)
    assert run.series.keys() >= {"lr", "train/accuracy_top5"}


def test_a_writer_of_nothing_else_is_no_failure(tmp_path: Path) -> None:
    event_file(tmp_path / "exp")
    event_file(tmp_path / "exp" / "loss_train", "loss")
    run = only_run(tmp_path)
    assert run.id == "exp"
    assert run.series.keys() >= {"train/loss"}


def ids(found: Loaded) -> list[str]:
    return [run.id for run in found.runs]


def test_runs_with_names_like_those_stay_apart(tmp_path: Path) -> None:
    event_file(tmp_path / "a" / "loss_train", "loss")  # no event file above: not of one writer
    event_file(tmp_path / "a" / "loss_val", "loss")
    event_file(tmp_path / "b", "lr")
    event_file(tmp_path / "b" / "net_train", "loss")  # another name than the tag
    event_file(tmp_path / "c", "lr")
    event_file(tmp_path / "c" / "loss_train", "loss", "lr")  # two tags
    assert ids(load([tmp_path])) == ["a/loss_train", "a/loss_val", "b", "b/net_train", "c", "c/loss_train"]


# --- stores that are not read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "says"), [(".aim", "aim runs ls"), (".neptune", "Neptune"), (".cometml-runs", "comet")]
)
def test_a_hidden_store_is_named(folder: str, says: str, tmp_path: Path) -> None:
    write(tmp_path / "exp" / folder / "seqs" / "LOG", "loss 1\n")
    write(tmp_path / "exp" / "log.csv", "step,loss\n" + "".join(f"{i},{loss(i)}\n" for i in STEPS))
    write(tmp_path / ".hidden" / "log.csv", "step,loss\n1,2\n")
    for top in (tmp_path, tmp_path / "exp" / folder):
        found = load([top])
        (one,) = found.unreadable
        assert says in one.reason
        assert one.kind == "not-a-log"
        assert len(found.runs) == (top == tmp_path)


def test_a_file_with_the_name_of_a_store_is_hidden(tmp_path: Path) -> None:
    write(tmp_path / ".aim", "loss 1\n")
    found = load([tmp_path])
    assert (found.unreadable, found.ignored_files) == ((), 0)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (
            "messages.json",
            '{"type":"metric_msg","payload":{"metric":{"metricName":"loss","metricValue":1}}}\n',
            "Comet",
        ),
        ("metrics.jsonl", '[{"event": {"metric": "loss", "type": "training_stats_scalar", "iter": 1}}]\n', "ClearML"),
    ],
)
def test_offline_runs_of_other_trackers_are_refused_as_such(name: str, text: str, says: str, tmp_path: Path) -> None:
    write(tmp_path / name, text)
    (one,) = load([tmp_path]).unreadable
    assert says in one.reason
    assert one.kind == "not-a-log"
