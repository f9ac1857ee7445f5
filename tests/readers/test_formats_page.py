"""The table of formats in the docs: a row for every reader of ours, with its page and what it was tested with."""

from __future__ import annotations

import re

from docs.make_pages import HERE
from runaudit.readers import readers


def test_every_reader_has_a_row_and_a_page() -> None:
    text = (HERE / "formats.md").read_text("utf-8")
    rows = re.findall(r"^\| \[.+\]\(formats/(\w+)\.md\) \| .+ \| .+ \|$", text, re.MULTILINE)
    assert sorted(rows) == sorted(r.name for r in readers() if r.read.__module__.startswith("runaudit.")), (
        "run python -m docs.make_pages"
    )
    assert all((HERE / "formats" / f"{name}.md").is_file() for name in rows)
