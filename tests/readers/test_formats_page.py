"""The table of formats in the docs is that of the readers."""

from __future__ import annotations

from docs.make_formats import HERE, page


def test_the_page_is_current() -> None:
    assert (HERE / "formats.md").read_text("utf-8") == page(), "run python docs/make_formats.py"
