"""Let trackio write ``trackio/healthy``: ``python sample_logs/formats/make_trackio.py`` (trackio 0.43.0)."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path

HOME = Path(__file__).parent / "trackio" / "healthy"


def main() -> None:
    """Train once and keep the project's database, written anew with pages of 512 bytes to be small."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRACKIO_DIR"] = folder
        import trackio
        from _tracked_run import CONFIG, thinned

        trackio.init(project="ring", name="healthy-ring", config=CONFIG, embed=False)
        for row in thinned():
            trackio.log(row.metrics(), step=row.step)
        trackio.finish()
        HOME.mkdir(parents=True, exist_ok=True)
        (HOME / "ring.db").unlink(missing_ok=True)
        connection = sqlite3.connect(f"{folder}/ring.db", isolation_level=None)
        connection.execute("PRAGMA page_size = 512")
        connection.execute("VACUUM INTO ?", (str(HOME / "ring.db"),))
        connection.close()


if __name__ == "__main__":
    main()
