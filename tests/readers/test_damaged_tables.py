"""Damaged copies of the samples of the table formats give a log or one sentence, never another error."""

from __future__ import annotations

from pathlib import Path

import pytest

from runaudit.readers import (
    Reader,
    baselines_log,
    baselines_progress,
    fastai_csv,
    hf_log_history,
    monitor_csv,
    ray_tune,
    timm_csv,
    trials_csv,
    ultralytics_csv,
    wandb_chart,
    wandb_csv,
)
from tests.readers.mutations import survives

FORMATS = Path(__file__).parents[2] / "sample_logs/formats"
MADE = {
    wandb_csv.READER: "_step,_runtime,loss,val_loss\n" + "".join(f"{i},{i}.5,{9 / (i + 1)},\n" for i in range(60)),
    wandb_chart.READER: '"Step","a - loss","a - loss__MIN","a - loss__MAX"\n'
    + "".join(f'"{i}","{9 / (i + 1)}","1","2"\n' for i in range(60)),
    trials_csv.READER: "lr,batch_size,val_acc\n" + "".join(f"0.{i},{i},0.{i}\n" for i in range(1, 60)),
}
SAMPLES = (
    (ultralytics_csv.READER, "ultralytics_csv/healthy/results.csv"),
    (fastai_csv.READER, "fastai_csv/healthy/history.csv"),
    (timm_csv.READER, "timm_csv/healthy/summary.csv"),
    (hf_log_history.READER, "hf_log_history/healthy/log_history.json"),
    (baselines_progress.READER, "baselines_progress/healthy/progress.csv"),
    (baselines_log.READER, "baselines_log/healthy/log.txt"),
    (ray_tune.READER, "ray_tune/healthy/result.json"),
    (ray_tune.READER, "ray_tune/healthy/progress.csv"),
    (monitor_csv.READER, "monitor_csv/healthy/monitor.csv"),
)


@pytest.mark.parametrize(("reader", "sample"), SAMPLES, ids=[sample for _, sample in SAMPLES])
def test_damaged_samples(reader: Reader, sample: str, tmp_path: Path) -> None:
    survives(reader, FORMATS / sample, tmp_path, count=150)


@pytest.mark.parametrize("reader", MADE, ids=lambda reader: reader.name)
def test_damaged_tables(reader: Reader, tmp_path: Path) -> None:
    sample = tmp_path / "good.csv"
    sample.write_text(MADE[reader])
    (tmp_path / "in").mkdir()
    survives(reader, sample, tmp_path / "in", count=300)
