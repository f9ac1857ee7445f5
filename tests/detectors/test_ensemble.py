"""What makes an ensemble, from folders of runs, and the estimates against what they estimate."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from runaudit.api import audit
from runaudit.detectors.average_weights import average_weights
from runaudit.detectors.ensemble_candidates import ensemble_candidates
from runaudit.model import FloatArray, Series


def write(folder: Path, rate: float, seed: int, end: float) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"learning_rate": rate, "seed": seed}))
    losses = end + 2.0 * 0.8 ** np.arange(40.0)
    rows = [f"{i},{loss:.6f},{loss:.6f}" for i, loss in enumerate(losses)]
    (folder / "log.csv").write_text("\n".join(["epoch,loss,val_loss", *rows]) + "\n")


def test_seeds_of_the_best_setting_in_sibling_runs(tmp_path: Path) -> None:
    ends = {0.1: (0.50, 0.52, 0.51), 0.2: (0.70, 0.72, 0.71), 0.4: (0.90, 0.92, 0.91)}
    for rate, values in ends.items():
        for seed, end in enumerate(values):
            write(tmp_path / f"lr{rate}-s{seed}", rate, seed, end)
    report = audit(tmp_path, select=["ensemble-candidates"])
    (finding,) = report.findings
    assert (finding.rule, finding.severity, finding.run) == ("ensemble-candidates", "note", "*")
    assert finding.facts["names"] == "lr0.1-s0, lr0.1-s2, lr0.1-s1"
    assert finding.facts["gain"] == pytest.approx(0.5 * 1000 * 0.01**2 * 2 / 3, rel=1e-3)
    assert any("at most" in line for line in finding.evidence)


def test_the_gain_of_an_ensemble_is_estimated_from_the_spread_of_its_losses() -> None:
    generator = np.random.default_rng(0)
    samples, members = 2000, 5
    estimated, real = [], []
    for _ in range(40):
        logits = generator.normal(1.5, 1.0, samples) + generator.normal(0.0, 0.5, (members, samples))
        chances = 1.0 / (1.0 + np.exp(-logits))  # models that err independently from sample to sample
        losses = -np.log(chances).mean(axis=1)
        rows = [{"name": str(i), "params": {}, "seed": i, "value": float(v)} for i, v in enumerate(losses)]
        search = [{"objective": "val/loss", "direction": "min"}]
        (hit,) = ensemble_candidates(rows, None, search, near=1.0, least=3, most=members)
        estimated.append(float(hit.facts["gain"]) * samples / 1000)
        real.append(float(losses.mean() + np.log(chances.mean(axis=0)).mean()))
    assert np.mean(real) > 0.005
    assert np.mean(real) <= np.mean(estimated) <= 2.0 * np.mean(real)  # a bound, and not an idle one


def swinging(directions: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Return the losses of weights that fall to a minimum and then swing about it, and those weights."""
    generator = np.random.default_rng(seed)
    weights = 0.3 * generator.normal(size=(60, directions)) + 3.0 * 0.7 ** np.arange(60.0)[:, None]
    return 1.0 + (weights**2).sum(axis=1), weights


@pytest.mark.parametrize("directions", [1, 4, 16])
def test_averaged_weights_gain_what_was_expected_or_more(directions: int) -> None:
    expected, real = [], []
    for seed in range(30):
        losses, weights = swinging(directions, seed)
        n = len(losses)
        steps = np.arange(n, dtype=np.int64)
        val = Series("val/loss", steps, losses, np.zeros(n, dtype=np.int64), "val_loss", "log.csv")
        for hit in average_weights(val, min_ratio=0.0, min_wiggle=0.0, max_wiggle=9.0, min_evals=16):
            expected.append(float(hit.facts["expected"]))
            late = np.arange(30, 60, 6)
            real.append(float(losses[late].mean() - 1.0 - (weights[late].mean(axis=0) ** 2).sum()))
            named = [int(s) for s in str(hit.facts["checkpoints"]).split(", ")]
            assert named == sorted(named)
            assert set(np.argsort(losses[30:])[:5] + 30) == set(named)
    assert len(expected) > 15
    assert np.mean(expected) <= 1.1 * np.mean(real)
    assert np.mean(expected) >= np.mean(real) / (2.0 * directions**0.5)
