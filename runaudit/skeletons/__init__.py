"""Rules to begin with, one file a generic detector: each a whole rule whose examples hold, with comments.

To add one, add a file here that is named like its detector.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from textwrap import fill

from runaudit.detectors import detectors
from runaudit.errors import UsageError

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_HEAD = """\
# A rule of your own, as it begins: every line is yours to change. The name of the file is its id, the folder it lies
# in its family. The examples are its tests: one fires, one is silent, one lies exactly on the limit.
{does}
{may}

"""


def names() -> list[str]:
    """Return the detectors of which there is a skeleton, by name."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.yaml"))


def skeleton(rule: str, detector: str) -> str:
    """Return the text of a rule file of the id ``rule`` that judges by a generic detector.

    Raises ``UsageError`` for an id that is none and for a detector of which there is no skeleton.
    """
    problems = []
    if not _ID.fullmatch(rule):
        problems.append(f"{rule!r} is no id of a rule: small letters, digits and single hyphens, such as slow-start")
    if detector not in names():
        near = get_close_matches(detector, names(), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names())}"
        problems.append(f"there is no skeleton for the detector {detector!r}; {hint}")
    if problems:
        raise UsageError(*problems)
    judge = detectors()[detector]
    does = " ".join((judge.run.__doc__ or "").strip().splitlines()[0].replace("``", "").split())
    words = ", ".join([*sorted(judge.facts), "the params", "series", "first_step", "last_step"])
    may = f"The message may use {words}, and step: what a step is called in the run (step, epoch, sample, token, row)."
    head = _HEAD.format(does=_comment(f"The detector: {does}"), may=_comment(may))
    body = (Path(__file__).parent / f"{detector}.yaml").read_text("utf-8")
    return head + body.replace(f"id: {detector}\n", f"id: {rule}\n", 1)


def _comment(text: str) -> str:
    return fill(text, 119, initial_indent="# ", subsequent_indent="# ")
