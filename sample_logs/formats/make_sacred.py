"""Let Sacred write ``sacred/healthy``: ``python sample_logs/formats/make_sacred.py`` (sacred 0.8.7)."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from _tracked_run import CONFIG, train
from sacred import SETTINGS, Experiment
from sacred.observers import FileStorageObserver
from sacred.run import Run

HOME = Path(__file__).parent / "sacred" / "healthy"
FILES = ("config.json", "metrics.json", "run.json")

SETTINGS.CAPTURE_MODE = "no"
SETTINGS.HOST_INFO.INCLUDE_GPU_INFO = False
SETTINGS.HOST_INFO.INCLUDE_CPU_INFO = False
experiment = Experiment("ring", save_git_info=False)
experiment.add_config(CONFIG)


@experiment.main
def run(_run: Run) -> None:
    """Train once."""
    for row in train():
        for name, value in row.metrics().items():
            _run.log_scalar(name, value, row.step)


def main() -> None:
    """Train once and keep what Sacred wrote."""
    with tempfile.TemporaryDirectory() as folder:
        experiment.observers.append(FileStorageObserver(folder))
        experiment.run()
        HOME.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copy(Path(folder, "1", name), HOME / name)
    said = json.loads((HOME / "run.json").read_text("utf-8"))
    said["host"] = {"hostname": "trainer"}
    said["experiment"]["base_dir"] = "."
    (HOME / "run.json").write_text(json.dumps(said, indent=2, sort_keys=True), "utf-8")


if __name__ == "__main__":
    main()
