"""Let Optuna write ``optuna_db/healthy`` and ``optuna_journal/healthy``: ``python sample_logs/formats/make_optuna.py``.

Made with optuna 5.0.0. The only trial reports its validation loss as it goes.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import optuna
from _tracked_run import train
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

HERE = Path(__file__).parent


def objective(trial: optuna.Trial) -> float:
    """Return the last validation loss of a short training."""
    rate = trial.suggest_float("learning_rate", 0.05, 0.2, log=True)
    trial.suggest_categorical("activation", ["relu", "tanh"])
    best = 0.0
    for row in train(learning_rate=rate):
        if row.val_loss is not None:
            trial.report(row.val_loss, row.step)
            best = row.val_loss
    return best


def search(storage: str | JournalStorage) -> None:
    """Run one trial with known parameters, so that both stores hold the same."""
    study = optuna.create_study(study_name="ring", storage=storage, direction="minimize")
    study.set_metric_names(["val_loss"])
    study.enqueue_trial({"learning_rate": 0.1, "activation": "tanh"})
    study.optimize(objective, n_trials=1)


def main() -> None:
    """Make both stores anew."""
    database = HERE / "optuna_db" / "healthy" / "optuna.db"
    journal = HERE / "optuna_journal" / "healthy" / "journal.log"
    for path in (database, journal):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    search(f"sqlite:///{database}")
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA page_size = 512")  # 114 kB are too many
    connection.execute("VACUUM")
    connection.close()
    search(JournalStorage(JournalFileBackend(str(journal))))


if __name__ == "__main__":
    main()
