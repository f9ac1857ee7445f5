"""The loss of guessing by kind of loss, the answer to more regularisation, a tiny subset, and their command."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from runaudit.__main__ import main
from runaudit.api import audit, load
from runaudit.detectors._chance import Settings, bits, chance_of, entropy
from runaudit.detectors._loss import chance_level
from runaudit.detectors._regularization import data_loss, judge_pairs, penalties
from runaudit.errors import NotJudged
from runaudit.examples import example_run

LN2 = math.log(2)


@pytest.mark.parametrize(
    ("settings", "low", "high"),
    [
        (Settings(10), math.log(10), math.log(10)),
        (Settings(10, "SparseCategoricalCrossentropy"), math.log(10), math.log(10)),
        (Settings(50257, "causal_lm"), math.log(50257), math.log(50257)),
        (Settings(10, "sequence_cross_entropy"), math.log(10), math.log(10)),
        (Settings(2, "cross_entropy", shares=(90, 10)), 0.32508, LN2),
        (Settings(3, "cross_entropy", shares=(90, 10)), math.log(3), math.log(3)),
        (Settings(80, "BCEWithLogitsLoss"), LN2, LN2),
        (Settings(None, "binary_crossentropy"), LN2, LN2),
        (Settings(784, "bce_sum"), 784 * LN2, 784 * LN2),
        (Settings(None, "bce", positive_weight=9.0), LN2, 9 * LN2),
        (Settings(10, "multiclass_svm"), 9, 9),
        (Settings(10, "Weston-Watkins hinge", margin=2.0), 18, 18),
        (Settings(10, "hinge"), 0.9, 9),
        (Settings(10, "MultiMarginLoss"), 0.9, 0.9),
        (Settings(10, "categorical_hinge"), 1, 1),
        (Settings(2, "hinge"), 0.5, 1),
        (Settings(None, "mse", variance=4.0), 2, 4),
        (Settings(None, None, variance=4.0), 2, 4),
        (Settings(10, "cross_entropy", "sum", 64), math.log(10), 64 * math.log(10)),
        (Settings(10, "focal", gamma=0.0), 0.25 * math.log(10), math.log(10)),
    ],
)
def test_what_guessing_costs(settings: Settings, low: float, high: float) -> None:
    found = chance_of(settings)
    assert [found.low, found.high] == pytest.approx([low, high], rel=1e-4)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(None),
        Settings(1),
        Settings(math.nan),
        Settings(10, "mse"),
        Settings(10, "mse", variance=0.0),
        Settings(10, "mse", "sum", 32, variance=1.0),
        *(Settings(40, kind) for kind in ("ctc", "InfoNCE", "supcon_contrastive", "arcface_cross_entropy")),
        *(Settings(40, kind) for kind in ("sigmoid_focal", "gaussian_nll", "poisson_nll", "elbo", "dice", "my_own")),
        Settings(None, "bce_sum"),
        Settings(10, "cross_entropy", "sum"),
    ],
)
def test_what_guessing_costs_is_not_guessed(settings: Settings) -> None:
    with pytest.raises(NotJudged):
        chance_of(settings)


def test_an_output_of_its_own_costs_ln_2_in_every_rule() -> None:
    assert chance_level(80, "bce_with_logits") is None
    assert chance_level(2, "bce_with_logits") == pytest.approx(LN2)
    assert chance_level(80, "categorical_crossentropy") == pytest.approx(math.log(80))
    assert chance_level(80, "ctc") is None


def test_bits_are_known_of_bytes_only() -> None:
    assert bits(256).high == 8
    with pytest.raises(NotJudged):
        bits(50257)


def test_the_entropy_of_shares_is_that_of_counts() -> None:
    assert entropy((0.9, 0.1)) == pytest.approx(entropy((900, 100)))
    assert entropy((1.0, 0.0)) == 0
    assert entropy((math.nan, 1.0)) is None
    assert entropy((5.0,)) is None


# --- more regularisation costs more ------------------------------------------------------------------------


def test_a_loss_that_rises_with_the_strength_is_right() -> None:
    found = judge_pairs([0.1, 0.0, 0.01], [3.5, 2.3, 2.4], tolerance=0.01)
    assert [(s.weaker, s.stronger) for s in found.rises] == [(0.0, 0.01), (0.01, 0.1)]
    assert not found.same
    assert not found.falls


def test_a_loss_that_falls_or_stays_is_told_apart() -> None:
    found = judge_pairs([0.0, 0.01, 0.1], [2.3, 2.3, 2.0], tolerance=0.01)
    assert [(s.weaker, s.stronger) for s in found.same] == [(0.0, 0.01)]
    assert [(s.weaker, s.stronger) for s in found.falls] == [(0.01, 0.1)]


def test_the_scatter_of_repeated_runs_excuses_a_fall() -> None:
    strengths, scattered = [0.0, 0.0, 0.0, 0.1, 0.1, 0.1], [2.0, 2.3, 2.6, 1.9, 2.2, 2.5]
    found = judge_pairs(strengths, scattered, tolerance=0.01)
    assert (found.rises, found.same, found.falls) == ((), (), ())
    assert judge_pairs(strengths, [2.0, 2.3, 2.6, 2.1, 2.4, 2.7], tolerance=0.01).rises == ()
    assert judge_pairs(strengths, [2.3, 2.301, 2.302, 2.2, 2.201, 2.202], tolerance=0.01).falls


def test_what_is_no_strength_or_no_loss_does_not_count() -> None:
    found = judge_pairs([math.nan, -1.0, 0.0, 0.1], [1.0, 9.0, math.inf, 2.0], tolerance=0.01)
    assert (found.rises, found.same, found.falls) == ((), (), ())
    assert judge_pairs([], [], tolerance=0.01).rises == ()
    with pytest.raises(ValueError, match="2 strengths"):
        judge_pairs([0, 1], [1.0], tolerance=0.01)


def test_parts_are_known_by_their_names() -> None:
    names = ("data", "reg", "entropy_reg", "l2_penalty", "box_reg")
    series = example_run({"series": {f"train/loss/{n}": [1.0] for n in names}}).series
    parts = {n: series[f"train/loss/{n}"] for n in names}
    assert data_loss({n: parts[n] for n in ("data", "reg")}) is parts["data"]
    assert data_loss({n: parts[n] for n in ("data", "box_reg")}) is None
    assert set(penalties({n: parts[n] for n in ("data", "reg", "entropy_reg")})) == {"reg"}
    assert set(penalties({n: parts[n] for n in ("l2_penalty", "box_reg")})) == {"l2_penalty"}


# --- a tiny subset, and the command -------------------------------------------------------------------------


def write(folder: Path, settings: str = "", left: float = 0.9) -> Path:
    """Write a run that stays at ``left``, and whose validation loss rises."""
    loss = left + 2.3 * 0.9 ** np.arange(60)
    rows = [f"{i},{value:.5f},{1 + i / 20}" for i, value in enumerate(loss)]
    (folder / "log.csv").write_text("\n".join(["step,train_loss,val_loss", *rows]) + "\n")
    if settings:
        (folder / "config.yaml").write_text(settings)
    return folder


def test_a_marked_run_must_be_learnt_by_heart_and_may_overfit(tmp_path: Path) -> None:
    report = audit(write(tmp_path, "tiny_subset: 20\n", left=0.001))
    assert not report.findings
    skips = {skip.rule: skip for skip in report.skips}
    assert skips["overfitting"].reason.startswith("this is a check on a tiny subset")
    assert "tiny-subset-fit" in report.runs[0].passed


def test_the_same_run_without_the_mark_is_overfitting(tmp_path: Path) -> None:
    assert "overfitting" in {f.rule for f in audit(write(tmp_path, left=0.001)).findings}


def test_the_command_judges_the_family_and_takes_any_log_for_a_tiny_subset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(write(tmp_path))
    assert main(["sanity", folder, "--format", "concise", "--isolated"]) == 0
    assert "overfitting" not in capsys.readouterr().out
    assert main(["sanity", folder, "--tiny-subset", "--format", "concise", "--isolated"]) == 1
    out = capsys.readouterr().out
    assert "tiny-subset-fit" in out
    assert "overfitting" not in out
    assert main(["sanity", folder, "--quiet", "--verbose"]) == 2


def test_the_overrides_of_a_file_stay_beside_the_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path)
    (tmp_path / "runaudit.yaml").write_text("overrides:\n  - match: ['*']\n    params: {tiny-subset-fit.left: 0.5}\n")
    command = ["sanity", str(folder), "--tiny-subset", "--format", "concise", "--config"]
    assert main([*command, str(tmp_path / "runaudit.yaml")]) == 0
    assert "tiny-subset-fit" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("setting", "task"),
    [("overfit_batches: 2", "tiny-subset"), ("overfit_batches: 0.0", "supervised"), ("tiny_subset: no", "supervised")],
)
def test_a_mark_that_is_off_is_none(tmp_path: Path, setting: str, task: str) -> None:
    (run,) = load(write(tmp_path, f"{setting}\n"))
    assert run.task == task
