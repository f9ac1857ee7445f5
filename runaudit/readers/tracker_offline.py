"""What Comet and ClearML keep of a run until it is sent to their servers: known so that it is refused for what it is.

Recognised by the sources of comet_ml 3.58 and clearml 2.1, whose writers need an account.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from runaudit.errors import LogError
from runaudit.model import RawLog
from runaudit.readers import Reader

COMET = re.compile(rb'\s*\{\s*"type"\s*:\s*"[\w-]+"\s*,\s*"payload"\s*:\s*\{')
CLEARML = re.compile(rb'\s*\[\s*\{.*"training_stats_', re.DOTALL)
WHY = {
    "messages.json": "Comet's messages of an offline run, which runaudit does not read: `comet upload` sends the zip "
    "to Comet, whose API gives the curves",
    "metrics.jsonl": "ClearML's events of an offline session, which runaudit does not read: "
    "`Task.import_offline_session` sends the zip to a ClearML server, which gives the curves",
}


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file is called and begins as those of an offline run of Comet or ClearML."""
    sign = {"messages.json": COMET, "metrics.jsonl": CLEARML}.get(path.name)
    return sign is not None and sign.match(head) is not None


def read(path: Path) -> tuple[RawLog, ...]:
    """Raise ``LogError``, which says what the file is and how to get at the curves."""
    raise LogError(WHY.get(path.name, "an offline run of a tracker, which runaudit does not read"), kind="not-a-log")


READER = Reader("tracker_offline", "Offline run of Comet or ClearML (refused)", claims, read, priority=97)
