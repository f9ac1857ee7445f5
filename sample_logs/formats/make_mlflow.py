"""Let MLflow write ``mlflow_files/healthy`` and ``mlflow_db/healthy``: ``python sample_logs/formats/make_mlflow.py``.

Made with mlflow 3.18.0, whose store of files is deprecated and asks for ``MLFLOW_ALLOW_FILE_STORE``.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
import mlflow
from _tracked_run import CONFIG, thinned

HERE = Path(__file__).parent


def log_run(uri: str) -> None:
    """Train once and log to the store at ``uri``."""
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("ring")
    with mlflow.start_run(run_name="healthy-ring", tags={"data": "a noisy ring"}):
        mlflow.log_params(CONFIG)
        for row in thinned():
            mlflow.log_metrics(row.metrics(), step=row.step)
            if row.step % 30 == 0:
                mlflow.log_metric("system/cpu_utilization_percentage", 50.0, step=row.step)


def shrink(source: str, target: Path) -> None:
    """Write a database anew, without what names this machine and without the empty tables: 540 kB are too many."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    connection = sqlite3.connect(source, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("DELETE FROM tags WHERE key LIKE 'mlflow.source.%' OR key = 'mlflow.user'")
    connection.execute("UPDATE experiments SET artifact_location = ''")
    connection.execute("UPDATE runs SET user_id = '', artifact_uri = ''")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        if table != "alembic_version" and not connection.execute(f'SELECT 1 FROM "{table}"').fetchone():  # noqa: S608
            connection.execute(f'DROP TABLE "{table}"')
    connection.execute("PRAGMA page_size = 512")
    connection.execute("VACUUM INTO ?", (str(target),))
    connection.close()


def main() -> None:
    """Make both stores."""
    with tempfile.TemporaryDirectory() as folder:
        log_run(f"file://{folder}/mlruns")
        (meta,) = Path(folder).glob("mlruns/*/*/meta.yaml")
        home = HERE / "mlflow_files" / "healthy" / "mlruns" / meta.parent.parent.name
        shutil.rmtree(HERE / "mlflow_files" / "healthy" / "mlruns", ignore_errors=True)
        shutil.copytree(
            meta.parent,
            home / meta.parent.name,
            ignore=shutil.ignore_patterns("mlflow.source.*", "mlflow.user", "artifacts"),
        )
        log_run(f"sqlite:///{folder}/mlflow.db")
        shrink(f"{folder}/mlflow.db", HERE / "mlflow_db" / "healthy" / "mlflow.db")


if __name__ == "__main__":
    main()
