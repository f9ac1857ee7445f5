"""Plug-ins: those of a package, those that other packages announce, and those that are refused."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runaudit import registry
from runaudit.detectors import detectors
from runaudit.readers import Reader, readers
from runaudit.readers.jsonl import READER
from runaudit.registry import collect

PLUG_IN = """\
from runaudit.model import RawLog
from runaudit.readers import Reader

def read(path):
    return (RawLog("mine", ()),)

READER = Reader("mine", "My format", lambda path, head: path.suffix == ".mine", read, priority=99)
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Pretend that a package with a reader is installed."""
    (tmp_path / "my_plug_in.py").write_text(PLUG_IN)
    info = tmp_path / "my_plug_in-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-plug-in\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[runaudit.readers]\nmine = my_plug_in:READER\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    registry._announced.cache_clear()
    yield tmp_path
    registry._announced.cache_clear()
    registry._broken.clear()
    sys.modules.pop("my_plug_in", None)


@pytest.mark.usefixtures("installed")
def test_a_reader_of_another_package_is_found_and_asked_first() -> None:
    assert readers()[0].name == "mine"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (PLUG_IN.replace('"mine", "My', '"jsonl", "My'), "the name 'jsonl' is taken"),
        ("READER = 3\n", "expected a Reader, found int"),
        ("WRITER = 3\n", "AttributeError: module 'my_plug_in' has no attribute 'READER'"),
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise SystemExit(0)\n", "SystemExit: 0"),
        ("raise KeyError\n", "KeyError"),
    ],
)
def test_a_plug_in_that_cannot_be_used_is_left_out_and_said(installed: Path, code: str, why: str) -> None:
    ours = [reader.name for reader in readers() if reader.name != "mine"]
    assert registry.broken() == {}
    sys.modules.pop("my_plug_in", None)
    (installed / "my_plug_in.py").write_text(code)
    importlib.invalidate_caches()
    assert [reader.name for reader in readers()] == ours
    words = f"its entry point runaudit.readers mine (my_plug_in:READER) cannot be used: {why}"
    assert registry.broken() == {"my-plug-in": words}


def test_a_detector_that_takes_what_no_rule_gives_cannot_be_used(installed: Path) -> None:
    (installed / "my_plug_in.py").write_text(
        "from runaudit.detectors import Detector\n"
        "def odd(loss: 'Tensor', *, limit: 'float'):\n    yield\n"
        "DETECTOR = Detector('odd', odd, frozenset())\n"
    )
    points = installed / "my_plug_in-1.0.dist-info" / "entry_points.txt"
    points.write_text("[runaudit.detectors]\nodd = my_plug_in:DETECTOR\n")
    assert "odd" not in detectors()
    assert "KeyError: 'Tensor'" in registry.broken()["my-plug-in"]


def test_a_module_without_a_plug_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_formats").mkdir()
    (tmp_path / "my_formats" / "__init__.py").write_text("")
    (tmp_path / "my_formats" / "_shared.py").write_text("")
    (tmp_path / "my_formats" / "jsonl.py").write_text("from runaudit.readers.jsonl import READER\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert collect("my_formats", "READER", Reader) == {"jsonl": READER}
    (tmp_path / "my_formats" / "empty.py").write_text("")
    with pytest.raises(TypeError, match="empty: expected a Reader, found NoneType"):
        collect("my_formats", "READER", Reader)
