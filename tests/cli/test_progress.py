"""The progress bar: absent for quick work and where nobody watches, on standard error otherwise."""

from __future__ import annotations

import io
import sys

import pytest

from runaudit.cli import _progress


class Terminal(io.StringIO):
    """A standard error that somebody watches."""

    def isatty(self) -> bool:
        return True


def work(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, patience: float) -> str:
    monkeypatch.setattr(_progress, "PATIENCE", patience)
    monkeypatch.setattr(sys, "stderr", stream)
    with _progress.Bar() as bar:
        bar(1, 9, "runs/a")
        bar(2, 9, "[bold]\x1b[31m")
    return stream.getvalue()


def test_quick_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert work(monkeypatch, Terminal(), 60.0) == ""


def test_nobody_watching_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert work(monkeypatch, io.StringIO(), 0.0) == ""


def test_long_work_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    shown = work(monkeypatch, Terminal(), 0.0)
    assert "2/9" in shown
    assert "[bold]\\x1b[31m" in shown
