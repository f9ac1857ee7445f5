"""Run a function and keep all that it prints, bars included, as a terminal or a batch system would."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).parent / "text_log"
CLOCK = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?")
PLACE = re.compile(r"/\S+/(?=site-packages/)|/tmp/tmp\w+/")


@contextlib.contextmanager
def recorded(case: str, file: str = "train.log") -> Iterator[Path]:
    """Write what is printed inside, by C++ too, to the file of a case, with made-up wall times."""
    target = HOME / case / file
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as store:
        sys.stdout.flush()
        sys.stderr.flush()
        kept = os.dup(1), os.dup(2)
        os.dup2(store.fileno(), 1)
        os.dup2(store.fileno(), 2)
        try:
            yield target
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
            store.seek(0)
            text = CLOCK.sub("2026-01-01 12:00:00", store.read().decode("utf-8"))
            target.write_bytes(PLACE.sub("", text).encode("utf-8"))
