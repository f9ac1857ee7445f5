"""Let fastai's CSVLogger write ``fastai_csv/healthy``: ``python sample_logs/formats/make_fastai.py`` (2.8.12)."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from fastai.callback.progress import CSVLogger
from fastai.tabular.all import CategoryBlock, Normalize, RandomSplitter, TabularDataLoaders, accuracy, tabular_learner
from fastai.torch_core import set_seed
from sklearn.datasets import load_digits

HOME = Path(__file__).parent / "fastai_csv" / "healthy"


def main() -> None:
    """Train a small network on the digits by one cycle, and keep the table with made-up wall times."""
    set_seed(0, reproducible=True)
    digits = load_digits()
    table = pd.DataFrame(digits.data.astype(np.float32)).add_prefix("pixel")
    names = [name for name in table if table[name].std() > 1]  # a constant one cannot be normalized
    table = table[names].assign(digit=digits.target.astype(str))
    with tempfile.TemporaryDirectory() as folder:
        loaders = TabularDataLoaders.from_df(
            table, path=folder, procs=[Normalize], cont_names=names, y_names="digit", y_block=CategoryBlock(), bs=64,
            valid_idx=RandomSplitter(0.25, seed=0)(range(len(table)))[1],
        )  # fmt: skip
        learner = tabular_learner(loaders, layers=[48], metrics=accuracy, path=folder)
        learner.fit_one_cycle(20, 5e-3, cbs=CSVLogger())
        HOME.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(folder) / "history.csv", HOME)
    log = HOME / "history.csv"
    log.write_text(
        re.sub(r"\d\d:\d\d$", "00:01", log.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
