"""Let DVCLive write ``dvclive/healthy``: ``python sample_logs/formats/make_dvclive.py`` (dvclive 3.49.1)."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from _tracked_run import CONFIG, train
from dvclive import Live

HOME = Path(__file__).parent / "dvclive" / "healthy"


def main() -> None:
    """Train once and keep the folder that DVCLive filled."""
    with tempfile.TemporaryDirectory() as folder:
        with Live(f"{folder}/dvclive", save_dvc_exp=False, dvcyaml=None, report="html") as live:
            live.log_params(CONFIG)
            for row in train():
                for name, value in row.metrics().items():
                    live.log_metric(name, value)
                live.next_step()
        for entry in Path(folder, "dvclive").iterdir():
            if entry.suffix != ".html":  # the page is as large as a picture
                shutil.copytree(entry, HOME / entry.name, dirs_exist_ok=True) if entry.is_dir() else _copy(entry)


def _copy(entry: Path) -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    shutil.copy(entry, HOME / entry.name)


if __name__ == "__main__":
    main()
