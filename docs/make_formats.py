"""Write docs/formats.md, the table of what is read: from what each reader's module says of itself."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

from runaudit.readers import Reader, readers

HERE = Path(__file__).resolve().parent
HEAD = """# What runaudit reads

Made by `docs/make_formats.py` from the readers themselves. Each may be packed by gzip, bzip2, xz or zstd (Python 3.14,
or the extra `fast`), or lie in a zip or tar archive. Files that no reader claims are counted; a file that is claimed
and gives no run is named with the reason.

| format | what is read | writer tested |
|---|---|---|
"""
TESTED = re.compile(r"(?:Tested|Written|From sources|The samples|Not tested)\b[^.]*(?:\.\d[^.]*)*\.", re.IGNORECASE)


def page() -> str:
    """Return the page: a row a reader, in the order of their titles."""
    return HEAD + "".join(sorted((_row(reader) for reader in readers()), key=str.lower))


def _row(reader: Reader) -> str:
    text = " ".join((inspect.getdoc(inspect.getmodule(reader.read)) or "").replace("``", "`").split())
    tested = " ".join(match[0] for match in TESTED.finditer(text))
    told = " ".join(TESTED.sub("", text).split())
    return f"| {_cell(reader.title)} | {_cell(told)} | {_cell(tested or 'no writer of its own')} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "formats.md"
    target.write_text(page(), "utf-8")
