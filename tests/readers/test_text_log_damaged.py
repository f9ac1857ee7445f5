"""Texts that are empty, foreign, cut off, damaged or without any line end: a log or one sentence, in bounded time."""

from __future__ import annotations

from pathlib import Path

import pytest

from runaudit.errors import LogError
from runaudit.readers import Reader, kaldi, megatron, text_log
from tests.readers.mutations import answer, survives
from tests.readers.printed_log import EPOCHS
from tests.readers.test_text_forms import FORMS, printed

SAMPLES = Path(__file__).parents[2] / "sample_logs" / "formats" / "text_log"


def test_empty_binary_and_foreign_files_are_sentences(tmp_path: Path) -> None:
    for data, reason in ((b"", "0 bytes"), (b"\x00\x01" * 50, "binary"), (b"\n\n\n", "none counts")):
        (tmp_path / "a.log").write_bytes(data)
        with pytest.raises(LogError, match=reason):
            text_log.READER.read(tmp_path / "a.log")
    with pytest.raises(FileNotFoundError):
        text_log.READER.read(tmp_path / "missing.log")


def test_latin_1_is_noted(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes("Genauigkeit größer\n".encode("latin-1") + EPOCHS.encode())
    (log,) = text_log.READER.read(tmp_path / "a.log")
    assert "Latin-1" in log.notes[0].message


def test_every_cut_is_a_log_or_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    refused = 0
    for end in range(1, len(EPOCHS), 5):
        path.write_text(EPOCHS[:end])
        refused += bool(answer(text_log.READER, path))
    assert refused == 3  # the first line without its loss


def test_a_last_line_without_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(EPOCHS[:-3])
    (log,) = text_log.READER.read(path)
    assert [(n.message, n.line) for n in log.notes] == [("the last line has no end: it may be cut off", 6)]


@pytest.mark.parametrize("name", ["swin", "keras bars", "hugging face", "ultralytics", "coqui", "fairseq json"])
def test_damaged_forms_are_survived(name: str, tmp_path: Path) -> None:
    sample = tmp_path / "sample" / "train.log"
    sample.parent.mkdir()
    sample.write_text(printed(FORMS[name]), encoding="utf-8")
    assert survives(text_log.READER, sample, tmp_path, count=60) < 60


@pytest.mark.parametrize("reader", [megatron.READER, kaldi.READER], ids=lambda r: r.name)
def test_damaged_logs_of_known_programs_are_survived(reader: Reader, tmp_path: Path) -> None:
    sample = tmp_path / "sample" / "train.log"
    sample.parent.mkdir()
    sample.write_text(printed(FORMS[reader.name]), encoding="utf-8")
    assert survives(reader, sample, tmp_path) < 300


@pytest.mark.parametrize("case", sorted(p.name for p in SAMPLES.iterdir()))
def test_damaged_samples_are_survived(case: str, tmp_path: Path) -> None:
    (sample,) = (p for p in (SAMPLES / case).iterdir() if p.name != "expected.yaml")
    assert survives(text_log.READER, sample, tmp_path, count=30) < 30


@pytest.mark.parametrize(
    "line",
    [" " * 19_000 + "5%|", "1" * 19_000, "(" * 10_000 + " 1", "1/2 " * 5_000, "'" * 19_000 + "5", "loss: 1 " * 2_400],
    ids=["spaces", "digits", "brackets", "counters", "quotes", "values"],
)
def test_lines_without_end_are_bounded(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(f"{line}\n" * 20 + EPOCHS)
    (log,) = text_log.READER.read(tmp_path / "a.log")
    assert [len(s.values) for s in log.series if s.name == "val_loss"] == [6]
