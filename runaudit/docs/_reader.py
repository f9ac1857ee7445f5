"""Log format -> its page, from what its module says of itself."""

from __future__ import annotations

import inspect
import re

from runaudit.docs._page import Page, Section, filled, paragraphs, sentences
from runaudit.readers import Grouping, Reader

TESTED = re.compile(r"(?:tested|written|from sources|the samples|not tested)\b", re.IGNORECASE)
MEMBER = re.compile(r'^ +\w+ = "(\w+)"  # (.+)$', re.MULTILINE)


def reader_page(reader: Reader) -> Page:
    """Return the page of a log format."""
    read, tested = said(reader)
    sections = filled(
        Section("what is read", "text", [(p,) for p in read]),
        Section("several files", "text", [(_files(reader.grouping),)]),
        Section("writer tested", "text", [(t,) for t in tested]),
        Section("to see how it is understood", "code", [("sh", "runaudit runs logs")]),
    )
    return Page(reader.name, reader.title, ("log format",), sections, reader.title)


def _files(grouping: Grouping) -> str:
    """Return how several files of a format make runs: what is said behind the member in the code."""
    words = dict(MEMBER.findall(inspect.getsource(Grouping))).get(str(grouping), str(grouping))
    return f"{words[0].upper()}{words[1:]}."


def said(reader: Reader) -> tuple[list[str], list[str]]:
    """Return what the module of a reader says: what is read, by paragraphs, and with which writer that was tested."""
    read, tested = [], []
    for paragraph in paragraphs(inspect.getmodule(reader.read)):
        parts = sentences(paragraph)
        read.append(" ".join(s for s in parts if not TESTED.match(s)))
        tested.append(" ".join(s for s in parts if TESTED.match(s)))
    return [p for p in read if p], [p for p in tested if p]
