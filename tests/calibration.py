"""A folder of labelled runs and one of rules, small enough to count by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

RULE = """\
# {id}: the comment at the top
id: {id}
title: The norm is high
severity: warning
weak: {{severity: note}}   # "measured:" in a comment is no field
detector: above
inputs: {{series: {series}}}
params:
  limit: {{default: {limit}, min: 0.0, why: "because it is a test"}}
  min_points: {{default: 3, min: 1, max: 99, why: "because it is a test"}}
message: "{{series}} is above {{limit:g}}"
why: |
  measured: not here
remedy: [First.]
needs: [{series}]
examples:
  - {{series: {{{series}: [1, 2, 3]}}, hits: []}}
"""
RULES = {
    "norm-high": ("grad_norm", 10.0),
    "diverged": ("train/loss", 5.0),
    "non-finite": ("val/loss", 100.0),
    "unasked": ("train/loss", 4.0),
}
QUIET = [2.0, 1.5, 1.2, 1.0, 0.9]
LOUD = [2.0, 3.0, 6.0, 7.0, 8.0]
RUNS: dict[str, dict[str, list[float]]] = {
    "right": {"train/loss": QUIET, "grad_norm": [20.0] * 5},
    "wrong-healthy": {"train/loss": QUIET, "grad_norm": [20.0] * 5},
    "silent": {"train/loss": QUIET, "grad_norm": [1.0, 8.0, 8.0, 8.0, 1.0]},
    "skipped": {"train/loss": QUIET},
    "quiet": {"train/loss": QUIET, "grad_norm": [1.0] * 5},
    "allowed": {"train/loss": QUIET, "grad_norm": [20.0] * 5},
    "by-other": {"train/loss": QUIET, "val/loss": [200.0] * 5, "grad_norm": [1.0] * 5},
    "refuted": {"train/loss": LOUD, "grad_norm": [20.0] * 5},
    "extra": {"train/loss": QUIET},
}
LABELS = """\
Run,labels,forbidden,allowed,site
right,norm_high,,,x
wrong-healthy,healthy,,,x
silent/,norm-high,,,y
skipped,norm-high,,,y
quiet,,,,y
allowed,,,norm_high,y
by-other,diverged,norm-high,,y
refuted,diverged;no-such-fault,norm_high,,y
gone,norm-high,,,y
broken,norm-high,,,y
"""


def write_rules(folder: Path) -> Path:
    """Return a folder of the rules."""
    home = folder / "rules" / "mine"
    home.mkdir(parents=True)
    for name, (series, limit) in RULES.items():
        (home / f"{name}.yaml").write_text(RULE.format(id=name, series=series, limit=limit))
    return home.parent


def write_runs(folder: Path) -> tuple[Path, Path]:
    """Return a folder of the runs, and the table of what is known of them."""
    for name, series in RUNS.items():
        log = folder / "runs" / name / "log.csv"
        log.parent.mkdir(parents=True)
        rows = zip(*series.values(), strict=True)
        lines = [",".join(map(str, (step, *row))) for step, row in enumerate(rows)]
        log.write_text("\n".join([",".join(["step", *series]), *lines]) + "\n")
    (folder / "runs" / "broken").mkdir()
    (folder / "runs" / "broken" / "log.csv").write_text("")
    (folder / "labels.csv").write_text(LABELS)
    return folder / "runs", folder / "labels.csv"


def use_rules(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the rules of the folder be the shipped ones."""
    monkeypatch.setattr("runaudit.ruleset.rules_folder", lambda: folder)
    monkeypatch.setattr("runaudit.measured.rules_folder", lambda: folder)
