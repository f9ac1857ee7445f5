"""What a log happens to hold must not change the diagnosis: shorter, thinner, poorer, in other units, other names.

The shipped sample runs are loaded once and changed as ``Run`` objects. A healthy run must stay without an alarm (a
warning or an error), and no alarm may turn into its opposite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
import yaml

import runaudit
from runaudit import engine
from runaudit.model import Run, Series, Severity
from runaudit.names import understand_all
from runaudit.ruleset import load_rules

SAMPLES = Path(__file__).parent.parent / "sample_logs"
RUNS = {run.id: run for run in runaudit.load(SAMPLES) if "train/loss" in run.series}
RULES = list(load_rules().values())
HEALTHY = sorted(name for name in RUNS if "/healthy" in name)
FAULTY = sorted(RUNS.keys() - set(HEALTHY))
PAIRS = [("lr-too-high", "lr-too-low"), ("overfitting", "underfitting"), ("update-ratio-high", "update-ratio-low")]
OPPOSITE = {**dict(PAIRS), **{b: a for a, b in PAIRS}}
MEANING_OF_LOSS = {"classes", "vocab_size", "loss"}  # from these follows what the first loss should be
SPELLINGS = {
    "train/loss": "training_loss", "val/loss": "validation_loss", "train/accuracy": "training_accuracy",
    "val/accuracy": "validation_accuracy", "lr": "learning_rate", "grad_norm": "gradient_norm",
}  # fmt: skip
Change = Callable[[Run], Run]


def with_series(run: Run, series: Mapping[str, Series]) -> Run:
    return replace(run, series={name: one for name, one in series.items() if len(one)})


def kept(one: Series, keep: slice) -> Series:
    return replace(one, steps=one.steps[keep], values=one.values[keep], lines=one.lines[keep])


def cut(share: float) -> Change:
    """Return the change to the first part of the run, as somebody sees it who looks at it while it runs."""

    def change(run: Run) -> Run:
        first = min(int(one.steps[0]) for one in run.series.values())
        last = max(int(one.steps[-1]) for one in run.series.values())
        end = first + share * (last - first)
        counts = {name: int(np.searchsorted(one.steps, end, side="right")) for name, one in run.series.items()}
        return with_series(run, {name: kept(one, slice(counts[name])) for name, one in run.series.items()})

    return change


def thin(run: Run) -> Run:
    """Keep every tenth value of every series."""
    return with_series(run, {name: kept(one, slice(None, None, 10)) for name, one in run.series.items()})


def without(*patterns: str) -> Change:
    """Return the change to a run that never logged some series."""

    def change(run: Run) -> Run:
        gone = {name for name in run.series if any(fnmatchcase(name, pattern) for pattern in patterns)}
        return with_series(run, {name: one for name, one in run.series.items() if name not in gone})

    return change


def bare(run: Run) -> Run:
    """Keep the training loss, and no configuration."""
    return replace(with_series(run, {"train/loss": run.series["train/loss"]}), config={})


def in_units(change: Callable[[Series, float], Series]) -> Change:
    """Return the change of every loss; what the configuration says about the loss is no longer true, and goes."""

    def whole(run: Run) -> Run:
        losses = {name: one for name, one in run.series.items() if fnmatchcase(name, "*/loss*")}
        top = max(float(one.values[np.isfinite(one.values)].max()) for one in losses.values())
        config = {key: value for key, value in run.config.items() if key not in MEANING_OF_LOSS}
        changed = {name: change(one, top) for name, one in losses.items()}
        return replace(with_series(run, {**run.series, **changed}), config=config)

    return whole


def scaled(factor: float) -> Change:
    return in_units(lambda one, _: replace(one, values=one.values * factor))


def below_zero(one: Series, top: float) -> Series:
    return replace(one, values=one.values - top - 1.0)


def renamed(run: Run) -> Run:
    """Give every series but the training loss a name that nobody understands."""
    names = {name: name if name == "train/loss" else f"mine/{name.replace('/', '_')}" for name in run.series}
    return with_series(run, {names[name]: replace(one, name=names[name]) for name, one in run.series.items()})


def nameless(run: Run) -> Run:
    """Give every series a name that nobody understands."""
    names = {name: f"mine/{i}" for i, name in enumerate(run.series)}
    return with_series(run, {names[name]: replace(one, name=names[name]) for name, one in run.series.items()})


CHANGES: dict[str, Change] = {
    "first tenth": cut(0.1),
    "first quarter": cut(0.25),
    "first half": cut(0.5),
    "every tenth value": thin,
    "no validation": without("val/*"),
    "no learning rate": without("lr", "lr/*"),
    "no gradient norm": without("grad_norm*"),
    "no accuracy": without("*/accuracy"),
    "no layers": without("*/*/*", "update_ratio/*", "act_*", "*_frac/*", "grad_norm/*", "weight_norm/*"),
    "training loss alone": bare,
    "loss in thousandths": scaled(1e3),
    "loss in thousands": scaled(1e-3),
    "loss below zero": in_units(below_zero),
    "unknown names": renamed,
    "only unknown names": nameless,
}


def alarms(run: Run) -> dict[str, str]:
    """Return the message of each warning and error by its rule."""
    judged = engine.judge(run, RULES)
    assert not judged.crashes
    return {f.rule: f.message for f in judged.findings if f.severity is not Severity.NOTE}


def known(run: str) -> set[str]:
    """Return the faults of a sample run: those that it was made with, and those that its whole log shows."""
    settled = yaml.safe_load((SAMPLES / run / "expected.yaml").read_text("utf-8"))
    return {*settled["findings"], *alarms(RUNS[run])}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("run", HEALTHY)
def test_a_healthy_run_stays_healthy(run: str, change: str) -> None:
    assert alarms(CHANGES[change](RUNS[run])) == {}


@pytest.mark.parametrize("run", FAULTY)
def test_no_diagnosis_turns_into_its_opposite(run: str) -> None:
    faults = known(run)
    opposites = {OPPOSITE[rule] for rule in faults & OPPOSITE.keys()} - faults
    found = {name: alarms(change(RUNS[run])) for name, change in CHANGES.items()} if opposites else {}
    turned = {name: {r: said for r, said in told.items() if r in opposites} for name, told in found.items()}
    assert {name: told for name, told in turned.items() if told} == {}


@pytest.mark.parametrize("run", RUNS)
def test_other_spellings_of_the_columns_change_nothing(run: str) -> None:
    whole = RUNS[run]
    spelled = {SPELLINGS[name]: one for name, one in whole.series.items() if name in SPELLINGS}
    meant = understand_all(spelled, {name: len(one) for name, one in spelled.items()})
    again = {meant[name].canonical: replace(one, name=meant[name].canonical) for name, one in spelled.items()}
    series = {**{name: one for name, one in whole.series.items() if name not in SPELLINGS}, **again}
    assert series.keys() == whole.series.keys()
    assert all(one.steps is whole.series[name].steps for name, one in series.items())
    assert alarms(with_series(whole, series)) == alarms(whole)


def test_every_change_changes_something() -> None:
    for name, change in CHANGES.items():
        changed = [change(run) for run in RUNS.values()]
        assert any(
            new.series.keys() != old.series.keys()
            or any(len(new.series[key]) != len(one) for key, one in old.series.items())
            or any(not np.array_equal(new.series[key].values, one.values, equal_nan=True)
                   for key, one in old.series.items())
            for new, old in zip(changed, RUNS.values(), strict=True)
        ), name  # fmt: skip
