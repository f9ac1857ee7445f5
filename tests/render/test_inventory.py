"""The inventory of ``runaudit runs``."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from runaudit.examples import example_run
from runaudit.model import Note, Run, Understood, Unreadable
from runaudit.render import Options
from runaudit.render._inventory import inventory
from tests.render.fixtures import NASTY


def runs() -> list[Run]:
    base = example_run({"series": {"train/loss": [2.0, 1.5, 1.0]}, "config": {"learning_rate": 0.001, "seed": 1}})
    names = (
        Understood("tr_loss", "train/loss", "'tr_loss' is loss of train", 3),
        Understood("eta_seconds", "", "timing, no metric; it says how long the rest of the training will take", 1200),
        Understood(NASTY, "", NASTY, 3),
    )
    notes = (Note("2 cells are not numbers, dropped", "a/log.csv", 7), Note(NASTY, NASTY))
    return [
        Run(
            "a",
            ("a/log.csv", NASTY),
            "csv",
            base.series,
            config={**base.config, NASTY: NASTY},
            notes=notes,
            names=names,
        ),
        Run(".", ("log.csv",), "csv", {}, step_unit="epoch"),
    ]


FILES = [Unreadable(f"f{i}.csv", "is empty", "corrupt", 1) for i in range(12)]


def test_inventory_says_what_each_column_was_taken_for_and_why() -> None:
    text = inventory(runs()[:1], FILES[:1], 5, "logs", Options(100))
    assert text.splitlines()[0].startswith("a ─")
    assert text.splitlines()[0].endswith("csv · steps 0–2 · 3 points")  # noqa: RUF001  the dash of ranges
    assert "  file    logs/a/log.csv\n" in text
    assert "  config  learning_rate 1e-3, seed 1, " in text
    assert "  tr_loss                    train/loss       3  is loss of train\n" in text
    assert "  eta_seconds                -            1,200  timing, no metric; it says how long" in text
    assert "  note    logs/a/log.csv:7: 2 cells are not numbers, dropped\n" in text
    assert "  corrupt  logs/f0.csv:1: is empty\n" in text
    assert text.endswith("1 run · 1 file not read · 5 other files ignored\n")


def test_every_unreadable_file_is_named() -> None:
    text = inventory([], FILES, 0, ".", Options())
    assert all(f"{f.path}:1: is empty" in text for f in FILES)


def test_the_root_itself_goes_by_its_name() -> None:
    assert inventory(runs()[1:], [], 0, "logs", Options()).startswith("logs/log.csv ─")
    several = [replace(runs()[1], paths=("a.csv", "b.csv"))]
    assert inventory(several, [], 0, "logs", Options()).startswith("logs ─")


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_line_fits_and_is_harmless(width: int, ascii_only: bool) -> None:
    text = inventory(
        runs(), [*FILES, Unreadable(NASTY, NASTY, "not-a-log")], 0, NASTY, Options(width, ascii=ascii_only)
    )
    for line in text.splitlines():
        assert cell_len(line) <= width, line
        assert line.isprintable()
        assert line == line.rstrip()
    assert not ascii_only or text.isascii()
