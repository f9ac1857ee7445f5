"""Lists of losses that VITS and its relatives print without names, below a line that says the epoch.

``Train Epoch: 8 [14%]`` is followed by ``[2.4, 2.4, 10.5, 19.2, 1.9, 200, 9.99e-05]``: losses in the order of the
program, the step and the learning rate. Written from the sources of VITS, so-vits-svc 3 and 4, GPT-SoVITS and RVC and
from public logs of theirs, not tested against live writers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from runaudit.readers._text import is_number

EPOCH = re.compile(r"Train Epoch: \d+ \[\d+%\]\s*$")
LIST = re.compile(r"(?:^|[\s:\]])\[(?P<cells>[^\[\]]{3,2000})\]\s*$")
LOSSES = re.compile(r"Losses: \[(?P<cells>[^\[\]]{1,2000})\], step: (?P<step>\d+)(?P<rest>.*)$")
CODEBOOK = "'semantic_frame_rate'"  # of the configuration that GPT-SoVITS prints first
NAMES = ("disc", "gen", "fm", "mel", "dur", "kl")  # VITS; what stands behind these differs from program to program
WITHOUT_DURATION = ("disc", "gen", "fm", "mel", "kl")
FEWEST = 5


@dataclass(slots=True)
class Lists:
    """Gives the numbers of such lists their names; ``take`` is given every line in turn."""

    awaited: bool = False
    duration: str = "dur"

    def take(self, line: str) -> str:
        """Return the line, one with such a list as names and numbers."""
        if "Losses: [" in line and (found := LOSSES.search(line)) is not None:
            return self._named(found["step"], found["cells"].split(","), found["rest"]) or line
        if CODEBOOK in line:
            self.duration = "kl_ssl"
        if "Train Epoch: " in line:
            self.awaited = EPOCH.search(line) is not None
            return line
        if not self.awaited:
            return line
        self.awaited = False
        found = LIST.search(line)
        cells = found["cells"].split(",") if found is not None else []
        if len(cells) < 2:
            return line
        *cells, step, rate = cells
        if not step.strip().isdecimal() or not is_number(rate):
            return line
        return self._named(step.strip(), cells, f", lr: {rate.strip()}") or line

    def _named(self, step: str, cells: list[str], rest: str) -> str:
        """Return the step and the losses with their names, "" where a cell is no number."""
        if not all(map(is_number, cells)):
            return ""
        names = WITHOUT_DURATION if len(cells) == FEWEST else NAMES if len(cells) > FEWEST else ()
        shown = [self.duration if name == "dur" else name for name in names]
        shown += [f"part_{i + 1}" for i in range(len(shown), len(cells))]
        pairs = [f"train loss {name}: {cell.strip()}" for name, cell in zip(shown, cells, strict=True)]
        return ", ".join([f"global_step: {step}", *pairs]) + rest
