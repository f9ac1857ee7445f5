"""What one sample run is: how it is trained, what was done to it, what shows it, and what is to be found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from _spec import Spec


@dataclass(frozen=True)
class Case:
    """One sample run.

    ``cure`` holds the fields of the spec without the fault; the run with them must be lower in ``better`` (a
    field of :class:`Measured`) by a tenth of its loss range, or of the measure itself if that is one of the machine.
    A healthy run has no cure: other rates must not be better. ``why`` is filled in with the measurements of the run,
    ``r``, and of the cured run, ``c``. ``findings`` gives the severity of every rule that has to report the run, and
    no other may; ``consequences`` says which of them follow from which.
    """

    path: str
    spec: Spec
    why: str
    config: str = ""
    cure: Mapping[str, Any] = field(default_factory=dict)
    better: str = "final"
    findings: Mapping[str, str] = field(default_factory=dict)
    consequences: Mapping[str, str] = field(default_factory=dict)

    @property
    def format(self) -> str:
        """Return the folder of the format."""
        return self.path.partition("/")[0]
