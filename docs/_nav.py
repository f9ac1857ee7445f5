"""A hook of mkdocs: the pages that a table lists stand behind it in the navigation, below the headings of the table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LINK = re.compile(r"^\| \[.*?\]\(([\w-]+/[\w.-]+\.md)\)")  # the first cell of a row


def on_config(config: Any) -> Any:  # noqa: ANN401  mkdocs has no types for hooks
    """Return the configuration with the navigation in full."""
    config.nav = [{title: _full(entry) for title, entry in item.items()} for item in config.nav]
    return config


def _full(entry: Any) -> Any:  # noqa: ANN401  a page or a list of entries
    if isinstance(entry, str):
        return entry
    return [*entry, *(more for item in entry for page in item.values() for more in listed(HERE / page))]


def listed(table: Path) -> Iterator[Any]:
    """Yield the pages of a folder that a table of the same name lists, those below a heading as one entry."""
    heading = ""
    below: list[str] = []
    for line in [*table.read_text("utf-8").splitlines(), "## "]:
        if line.startswith("## "):
            if below:
                yield from [{heading: below}] if heading else below
            heading, below = line.removeprefix("## "), []
        elif (link := LINK.match(line)) and link[1].startswith(f"{table.stem}/"):
            below.append(link[1])
