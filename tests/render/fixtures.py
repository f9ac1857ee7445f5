"""Reports made by hand: a faulty run, many runs, nasty texts, and the empty one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from runaudit.curves import reduce_curve
from runaudit.model import (
    Confidence,
    Crash,
    Curve,
    Finding,
    FloatArray,
    Note,
    Prescription,
    Report,
    RunReport,
    Series,
    Severity,
    Skip,
    Understood,
    Unreadable,
)

NASTY = "50 % of <b>lo|ss</b> [bold]x[/bold],損失\nline \x1b[31mred\x1b[0m \u202egnp.exe\u2066 \x07 \u200b end \ud800"


def curve(name: str, values: FloatArray, every: int = 100) -> Curve:
    steps = np.arange(len(values), dtype=np.int64) * every
    return reduce_curve(Series(name, steps, values, steps + 2, name, "log.csv"))


def overfitting_curves() -> tuple[Curve, ...]:
    x = np.linspace(0.0, 1.0, 41)
    noise = np.random.default_rng(1).standard_normal(41)
    train = 2.23 * np.exp(-4.5 * x) + 0.06 + 0.01 * noise
    val = 2.0 * np.exp(-6.0 * x) + 0.29 + 1.3 * np.maximum(x - 0.42, 0.0) ** 1.3 * 1.7 + 0.01 * noise
    lr = 5e-4 * np.minimum(x / 0.08, 1.0) * (1.0 - np.maximum(x - 0.08, 0.0) / 0.92)
    norm = 1.0 + 0.2 * np.abs(noise) - 0.3 * x
    norm[11] = 14.2
    return (curve("train/loss", train), curve("val/loss", val), curve("lr", lr), curve("grad_norm", norm))


def finding(**changes: object) -> Finding:
    base = Finding(
        rule="overfitting",
        title="Validation loss rises while training loss falls",
        family="generalization",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        run="resnet50-a",
        series="val/loss",
        first_step=1700,
        last_step=4000,
        message="val/loss rose 133 % after its best point, while train/loss still fell",
        evidence=(
            "val/loss: best 0.61 at step 1,700, now 1.42 (+133 %; limit +20 %)",
            "gap to train/loss: 0.05 → 1.34 (limit 0.30), over 23 evaluations",
        ),
        why="The model goes on learning the training set by heart: what it gains there no longer holds\non data "
        "that it has not seen.",
        remedy=(
            "Use the checkpoint of step 1,700, and stop there next time (early stopping).",
            "Raise weight decay or dropout, or add augmentation.",
            "Use more training data, or a smaller model.",
        ),
        facts={"rise": 1.33, "best": 0.61, "gap": 1.34},
        limit={"max_rise": 0.2, "min_points": 5.0},
        path="resnet50-a/trainer_state.json",
        line=412,
        fingerprint="8f14e45fceea167a",
        prescription=Prescription("weight_decay", "multiply", 10.0),
        citations=("https://cs231n.github.io/neural-networks-3/#accuracy",),
        measured={"precision": 0.96, "recall": 0.83, "false_alarm_rate": 0.01, "runs": 279},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def spike(**changes: object) -> Finding:
    base = finding(
        rule="grad-norm-spikes",
        title="The gradient norm spikes",
        family="stability",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        series="grad_norm",
        first_step=1100,
        last_step=1100,
        message="grad_norm jumped to 14.2 at step 1,100, 12 times its median",
        evidence=("peak 14.2, median 1.17: 12 times (limit 10)",),
        why="A single batch pushed the weights far; the optimiser's statistics carry it on for many steps.",
        remedy=("Clip the gradient norm at 1.",),
        prescription=Prescription("grad_clip", "set", 1.0),
        facts={"peak": 14.2},
        limit={"times": 10.0},
        line=122,
        measured={},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def run(name: str, curves: tuple[Curve, ...], verdict: str, **changes: object) -> RunReport:
    base = RunReport(
        id=name,
        paths=(f"{name}/trainer_state.json",),
        format="hf-trainer",
        verdict=verdict,
        curves=curves,
        config={"learning_rate": 5e-4, "weight_decay": 0.01, "batch_size": 64, "optimizer": "adamw"},
        notes=(),
        passed=("diverged", "lr-too-high", "lr-too-low", "not-learning", "loss-spikes"),
        names=(Understood("loss", "train/loss", "an alias in names.yaml", 41),),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def skips(name: str) -> tuple[Skip, ...]:
    return (
        Skip("update-ratio-high", name, "not in this log: update_ratio/*", ("update_ratio/<layer>",)),
        Skip("update-ratio-low", name, "not in this log: update_ratio/*", ("update_ratio/<layer>",)),
        Skip(
            "dead-relu",
            name,
            "not in this log: dead_frac/* or zero_frac/*",
            ("dead_frac/<layer> or zero_frac/<layer>",),
        ),
        Skip("saturated-activation", name, "not in this log: saturated_frac/*", ("saturated_frac/<layer>",)),
        Skip("noisy-batch", name, "41 points, and 100 are needed"),
    )


def one_run() -> Report:
    """Return one run with an error, its consequence and a warning."""
    consequence = finding(
        rule="accuracy-gap",
        severity=Severity.WARNING,
        message="gap of 0.21 between train/accuracy and val/accuracy (limit 0.15)",
        consequence_of="overfitting",
    )
    note = Note("2 rows repeat a step, the later one is kept", "resnet50-a/trainer_state.json", 77)
    return Report(
        root="runs",
        runs=(run("resnet50-a", overfitting_curves(), "fail", notes=(note,)),),
        findings=(finding(), consequence, spike()),
        skips=skips("resnet50-a"),
        ignored_files=12,
    )


def bad_search(text: str, name: str = "") -> RunReport:
    """Return a search of which every text is the same, with values and settings of every kind."""
    values = [1.0, float("nan"), float("inf"), -1e308, 1e308, None, 0.5, 0.25, 0.2, 0.1, 0.3]
    states = ["complete"] * 9 + ["diverged", text]
    rows: list[dict[str, Any]] = [
        {
            "name": text, "value": value, "state": state, "steps": None, "seed": text, "path": text, "line": i,
            "params": {text: f"{text}{i % 4}", "x": 10.0**-i, "huge": (-1.0) ** i * 1e308, "on": i % 2 == 0, "n": i}
            | ({"some": text} if i % 2 else {"some": float("nan"), "list": [text, i]}),
        }
        for i, (value, state) in enumerate(zip(values, states, strict=True))
    ]  # fmt: skip
    found = sweep(name or text, rows, objective=text, direction="max", source=text)
    return replace(found, paths=(text,), format=text, notes=(Note(text, text, 3),))


def healthy() -> Report:
    """Return one run without findings."""
    x = np.linspace(0.0, 1.0, 1000)
    noise = np.random.default_rng(2).standard_normal(1000)
    train = 2.1 * np.exp(-5.0 * x) + 0.35 + 0.08 * noise * np.exp(-x)
    val = 2.1 * np.exp(-5.0 * x[::25]) + 0.42
    curves = (
        curve("train/loss", train, 10),
        curve("val/loss", val, 250),
        curve("val/accuracy", 0.93 - 0.83 * np.exp(-5.0 * x[::25]), 250),
        curve("lr", 1e-3 * (1 + np.cos(np.pi * x)) / 2, 10),
    )
    return Report(root="runs/vit-b", runs=(run(".", curves, "ok", format="lightning", paths=("metrics.csv",)),))


def diverged_curve() -> Curve:
    values = np.concatenate([np.linspace(2.3, 1.9, 20), np.geomspace(1.9, 4e6, 12), np.full(9, np.nan)])
    return curve("train/loss", values)


def many_runs(extra: int = 0) -> Report:
    """Return a report with runs of every verdict, an unreadable file, a crash; and ``extra`` more healthy ones."""
    diverged = finding(
        run="vit/lr=1e-1,bs=4096,optimizer=sgd/version_0",
        rule="non-finite",
        series="train/loss",
        first_step=3200,
        last_step=4000,
        message="train/loss is NaN from step 3,200 on",
        evidence=("9 of 41 values are not finite (limit 0)",),
        path="vit/lr=1e-1,bs=4096,optimizer=sgd/version_0/metrics.csv",
        line=34,
        prescription=Prescription("learning_rate", "multiply", 0.1),
        measured={},
    )
    ok = healthy().runs[0].curves
    runs = (
        run("resnet50-a", overfitting_curves(), "fail"),
        run("resnet50-b", ok, "ok", format="lightning"),
        run("tiny", (curve("train/loss", np.array([2.3, 2.2, 2.1])),), "unknown", format="csv", passed=()),
        run(diverged.run, (diverged_curve(), *overfitting_curves()[2:]), "fail", format="lightning"),
        run("yolo-n", overfitting_curves(), "warn", format="ultralytics"),
        *(run(f"sweep/trial-{i:03}", ok, "ok", format="tensorboard") for i in range(extra)),
    )
    return Report(
        root="runs",
        runs=runs,
        findings=(finding(), replace(diverged), spike(run="yolo-n", path="yolo-n/results.csv")),
        skips=(*skips("resnet50-a"), *skips("yolo-n"), *skips("tiny")),
        unreadable=(
            Unreadable("old/events.out.tfevents.1", "the record at byte 812 is cut off", "corrupt"),
            Unreadable("data/prices.csv", "no training metric; its columns are date, open, close", "not-a-log", 1),
        ),
        crashes=(Crash("loss-spikes", "tiny", "ZeroDivisionError: division by zero (spikes.py:41)"),),
        ignored_files=1204,
        suppressed=(spike(run="resnet50-b"),),
    )


def nasty() -> Report:
    """Return a report in which every text that may come from a log is hostile."""
    config: Mapping[str, object] = {NASTY: NASTY, "learning_rate": float("nan"), "list": [1, float("inf"), NASTY]}
    bad = finding(
        run=NASTY,
        series=NASTY,
        message=NASTY,
        evidence=(NASTY,),
        why=NASTY,
        remedy=(NASTY, NASTY),
        facts={"peak": float("inf"), "low": float("-inf"), "mean": float("nan"), "word": NASTY},
        limit={"limit": np.float64(3.0)},
        path=NASTY,
        prescription=Prescription("learning_rate", "set", NASTY),
    )
    values = np.array([1.0, np.nan, np.inf, 3.0, -np.inf, 2.0])
    one = replace(curve("x", values), name=NASTY, source_name=NASTY)
    note = Note(NASTY, NASTY, 3)
    return Report(
        root=NASTY,
        runs=(run(NASTY, (one,), "fail", format="csv", config=config, notes=(note,), paths=(NASTY,)),),
        findings=(bad,),
        skips=(Skip("dead-relu", NASTY, NASTY, (NASTY,)), Skip("lr-zero", NASTY, NASTY)),
        unreadable=(Unreadable(NASTY, NASTY, "corrupt", 7),),
        crashes=(Crash("lr-zero", NASTY, NASTY),),
        suppressed=(bad,),
        sweeps=(bad_search(NASTY, f"{NASTY}/*"),),
    )


def trials(many: int = 24) -> list[dict[str, Any]]:
    """Return the rows of a search over a learning rate, a dropout and an optimiser; two are cut short, two diverge."""
    rows: list[dict[str, Any]] = []
    for i in range(many):
        rate, dropout = 10.0 ** (-5 + 4 * ((i * 7) % many) / many), 0.6 * ((i * 5) % many) / many
        params: dict[str, Any] = {
            "learning_rate": rate,
            "dropout": dropout,
            "optimizer": ("adam", "sgd", "lion")[i % 3],
        }
        if i % 3 == 1:
            params["momentum"] = 0.5 + 0.02 * i
        state = {3: "cut-short", 9: "cut-short", 14: "failed"}.get(i, "diverged" if rate > 0.05 else "complete")
        value = None if i == 14 else 0.3 + 0.1 * (np.log10(rate) + 2.5) ** 2 + 0.2 * (dropout - 0.3) ** 2
        rows.append({
            "name": f"sweep/trial-{i:02}", "params": params, "value": value, "state": state, "steps": 40, "seed": i,
            "path": f"sweep/trial-{i:02}/metrics.csv", "line": None,
        })  # fmt: skip
    return rows


def sweep(name: str, rows: list[dict[str, Any]], **about: object) -> RunReport:
    """Return a search of those trials."""
    search = {"objective": "val/loss", "direction": "min", "source": "runs", "declared": False, **about}
    tables = {"trials": rows, "ranges": [], "search": [search]}
    paths = tuple(str(row["path"]) for row in rows)
    return RunReport(name, paths, "search", "warn", (), {}, (), ("linear-scale",), "trial", tables=tables)


def searched() -> Report:
    """Return a run, and a search whose best trial lies on the border."""
    border = spike(
        rule="best-on-border",
        title="The best trials lie on the border of the search",
        family="sweep",
        run="sweep/*",
        series="learning_rate",
        first_step=7,
        last_step=7,
        message="learning_rate: the best trials lie at the upper end of the range, 0.1",
        evidence=("best 0.087, in the outer 2 % of 1e-05 to 0.1 (log)",),
        why="What lies beyond the border was never tried.",
        remedy=("Search again from 0.01 to 1.",),
        prescription=None,
        path="sweep/trial-07/metrics.csv",
        line=None,
        fingerprint="77f14e45fceea167",
    )
    ok = healthy().runs[0].curves
    return Report(
        root="runs",
        runs=(run("baseline", ok, "ok", format="lightning"),),
        findings=(border,),
        skips=(Skip("winner-not-repeated", "sweep/*", "no setting was run twice", ("repeats of the best trial",)),),
        sweeps=(sweep("sweep/*", trials()),),
    )


def empty() -> Report:
    """Return the report of a folder without any log."""
    return Report(root="nowhere", runs=(), ignored_files=3)


REPORTS = {
    "one": one_run,
    "healthy": healthy,
    "many": many_runs,
    "very-many": lambda: many_runs(40),
    "nasty": nasty,
    "search": searched,
    "empty": empty,
}
