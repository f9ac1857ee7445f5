"""Keep what boosting programs print, and CatBoost's tables: ``python sample_logs/formats/make_boosting.py``.

XGBoost 3.2.0, LightGBM 4.7.0, CatBoost 1.2.10.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import catboost
import lightgbm
import xgboost
from _console import recorded
from sklearn.datasets import make_friedman1

INFO = Path(__file__).parent / "catboost_tsv" / "healthy" / "catboost_info"


def main() -> None:
    """Fit the same noisy function with each program, slowly and with little depth, so that it does not overfit."""
    x, y = make_friedman1(3000, noise=1.0, random_state=0)
    seen, held = slice(0, 2000), slice(2000, 3000)
    with recorded("healthy-xgboost"):
        data = xgboost.DMatrix(x[seen], y[seen]), xgboost.DMatrix(x[held], y[held])
        settings = {"eta": 0.1, "max_depth": 3, "seed": 0, "nthread": 1}
        xgboost.train(settings, data[0], 120, evals=[(data[0], "train"), (data[1], "eval")])
    with recorded("healthy-lightgbm"):
        train = lightgbm.Dataset(x[seen], y[seen])
        lightgbm.train(
            {"learning_rate": 0.1, "num_leaves": 8, "metric": "l2", "seed": 0, "num_threads": 1}, train, 120,
            valid_sets=[train, lightgbm.Dataset(x[held], y[held], reference=train)],
            callbacks=[lightgbm.log_evaluation(2)],
        )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        model = catboost.CatBoostRegressor(
            iterations=120, learning_rate=0.1, depth=4, random_seed=0, thread_count=1, train_dir=folder
        )
        with recorded("healthy-catboost"):
            model.fit(x[seen], y[seen], eval_set=(x[held], y[held]), verbose=2)
        INFO.mkdir(parents=True, exist_ok=True)
        for name in ("learn_error.tsv", "test_error.tsv", "time_left.tsv"):
            shutil.copy(Path(folder) / name, INFO)


if __name__ == "__main__":
    main()
