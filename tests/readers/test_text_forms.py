"""What programs print, each form read back: steps and values of every series that a form is known to hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from runaudit.load import load
from runaudit.model import Run

FORMS: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("text_forms.yaml").read_text("utf-8"))
EPOCHS, STEPS, EVERY = range(4), 50, 10


def numbers(epoch: int, step: int) -> dict[str, float]:
    """Return every number that a form may print at a step."""
    s = epoch * STEPS + step
    held = [2.1, 1.6, 1.3, 1.1][epoch]
    rate = [0.1, 0.05, 0.03, 0.02][epoch]
    return {
        "e0": epoch, "e1": epoch + 1, "b": step, "b1": step + 1, "b2": 2 * step, "b10": step + EVERY,
        "s": s, "n": s // EVERY, "s10": s + EVERY, "s40": epoch * STEPS + 40, "s50": (epoch + 1) * STEPS,
        "part": (s + EVERY) / STEPS, "loss": round(3 / (1 + s / 100) + 0.01 * (s % 7), 4), "last": 9.5,
        "mean": [2.5356, 1.7971, 1.4093, 1.1242][epoch], "val": held, "shown": held, "lr": rate, "lrs": rate,
        "acc": [0.5, 0.6, 0.7, 0.8][epoch], "percent": [50, 60, 70, 80][epoch], "right": 1000 * (epoch + 5),
    }  # fmt: skip


def printed(form: dict[str, Any]) -> str:
    """Return what a program of that form prints over four epochs."""
    lines = [form["head"]] if "head" in form else []
    for epoch in EPOCHS:
        if "start" in form:
            lines.append(form["start"].format(**numbers(epoch, 0)))
        if "step" in form:
            lines += [form["step"].format(**numbers(epoch, step)) for step in range(0, STEPS, EVERY)]
        if "end" in form:
            lines.append(form["end"].format(**numbers(epoch, 40)))
    return "\n".join([*lines, form.get("tail", "").format()]).rstrip("\n") + "\n"


def expected(what: str) -> tuple[list[float], list[float]]:
    """Return the steps and values that ``loss +10`` and the like stand for."""
    quantity, where = what.split()
    stepwise = quantity in {"loss", "lrs"}
    places = [(e, b) for e in EPOCHS for b in range(0, STEPS, EVERY)] if stepwise else [(e, 40) for e in EPOCHS]
    values = [float(numbers(e, b)[quantity]) for e, b in places]
    if where.startswith("e"):
        return [e + int(where[1:]) for e, _ in places], values
    if where == "fifths":
        return [(e * STEPS + b + EVERY) // EVERY for e, b in places], values
    return [e * STEPS + b + int(where) for e, b in places], values


def only_run(path: Path, text: str) -> Run:
    path.write_text(text, encoding="utf-8", newline="")
    found = load([path])
    assert not found.unreadable
    (run,) = found.runs
    return run


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_read_back(name: str, tmp_path: Path) -> None:
    run = only_run(tmp_path / "train.log", printed(FORMS[name]))
    for canonical, what in FORMS[name]["expect"].items():
        steps, values = expected(what)
        series = run.series[canonical]
        np.testing.assert_array_equal(series.steps, steps, err_msg=canonical)
        np.testing.assert_allclose(series.values, values, rtol=1e-6, err_msg=canonical)


@pytest.mark.parametrize("name", FORMS)
def test_every_value_keeps_its_line(name: str, tmp_path: Path) -> None:
    text = printed(FORMS[name])
    lines = text.split("\n")
    run = only_run(tmp_path / "train.log", text)
    for canonical, what in FORMS[name]["expect"].items():
        if canonical == "lr":  # printed in too many ways
            continue
        series = run.series[canonical]
        printed_as = [f"{v:g}".rstrip("0")[:4] for v in expected(what)[1]]
        for number, text_of in zip(series.lines, printed_as, strict=True):
            shown = lines[number - 1]
            assert text_of.rstrip(".") in shown or f"{float(text_of) * 100:g}" in shown, (canonical, number)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_behind_much_else_is_found_too(name: str, tmp_path: Path) -> None:
    talk = "".join(f"Collecting package {i} from the mirror, please wait\n" for i in range(2000))
    run = only_run(tmp_path / "slurm-1.out", talk + printed(FORMS[name]))
    plain = only_run(tmp_path / "train.log", printed(FORMS[name]))
    for canonical in FORMS[name]["expect"]:
        np.testing.assert_array_equal(run.series[canonical].steps, plain.series[canonical].steps)
        np.testing.assert_array_equal(run.series[canonical].values, plain.series[canonical].values)
        np.testing.assert_array_equal(run.series[canonical].lines, plain.series[canonical].lines + 2000)
