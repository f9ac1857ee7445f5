"""The types that flow through runaudit: RawLog -> Run -> Hit -> Finding -> Report. All frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.uint8]
ConfigValue = str | int | float | bool | list[Any] | None


class Severity(StrEnum):
    """How bad a finding is; ``error`` fails the audit by default."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """Return 0 for the worst, so that sorting puts errors first."""
        return list(Severity).index(self)


class Confidence(StrEnum):
    """How sure a finding is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Return 0 for the surest."""
        return list(Confidence).index(self)


class Reduction(StrEnum):
    """What one logged value stands for; noise means something different in each."""

    STEP = "step"
    WINDOW_MEAN = "window-mean"
    EPOCH_MEAN = "epoch-mean"
    RUNNING_MEAN = "running-mean"


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader or the loader had to guess, drop or repair. ``line`` is 1-based, None if it has none."""

    message: str
    path: str
    line: int | None = None


# --- what a reader gives -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class RawSeries:
    """One column, key or tag of a file, under the file's own name, in the order of the file.

    ``values`` holds what was logged, NaN and infinities included; a blank is absent. ``rows`` counts the
    records of the file from 0 and strictly increases: values of different series that share a row were
    logged together, which is how the loader finds the step of a value. ``lines`` is the 1-based line of each
    value, 0 where the format has no lines. ``steps`` is given by formats in which each series carries its own
    step axis (event files, one file per tag), and is None in tables, where the step is a column like the others.
    """

    name: str
    values: FloatArray
    rows: IntArray
    lines: IntArray
    steps: FloatArray | None = None
    reduction: Reduction | None = None
    """Where the format itself says what a value is (Keras: the mean of an epoch); else the loader decides."""

    def __post_init__(self) -> None:
        shapes = {self.values.shape, self.rows.shape, self.lines.shape}
        if self.steps is not None:
            shapes.add(self.steps.shape)
        if len(shapes) != 1 or self.values.ndim != 1:
            raise ValueError(f"{self.name}: values, rows, lines and steps differ in shape: {shapes}")


@dataclass(frozen=True, slots=True, eq=False)
class RawLog:
    """One run, or one part of it, as one file holds it.

    ``label`` tells apart several runs in one file. ``config`` is what the file itself says about how the run
    was made, in the file's own spelling. ``tables`` holds what is not a curve (histograms by tag).
    """

    format: str
    series: tuple[RawSeries, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    label: str = ""


# --- what is judged ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One metric of one run under its canonical name, one value per logged step.

    ``values`` may hold NaN and infinities: they were logged. A step at which the metric was not logged is
    absent, never NaN. ``lines`` is 1-based, 0 where the format has no lines. ``width`` is the number of
    steps that one value averages over, where ``reduction`` is a mean and the width is known; else 1.
    """

    name: str
    steps: IntArray
    values: FloatArray
    lines: IntArray
    source_name: str
    path: str
    reduction: Reduction = Reduction.STEP
    width: float = 1.0

    def __post_init__(self) -> None:
        if self.steps.ndim != 1 or not self.steps.shape == self.values.shape == self.lines.shape:
            raise ValueError(f"{self.name}: steps {self.steps.shape}, values {self.values.shape}")
        if np.any(np.diff(self.steps) <= 0):
            raise ValueError(f"{self.name}: steps must strictly increase")

    def __len__(self) -> int:
        return len(self.values)

    def line_at(self, step: int) -> int | None:
        """Return the line of the last value at or before ``step``, None where the format has no lines."""
        if not len(self.steps):
            return None
        position = int(np.searchsorted(self.steps, step, side="right")) - 1
        return int(self.lines[max(position, 0)]) or None


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One training run: its series by canonical name, its configuration under canonical keys, its notes.

    ``step_unit`` is what a step counts: ``step``, ``epoch``, ``sample``, ``token`` or ``row`` (no axis was
    logged). ``names`` says for every source name how it was understood and why, for ``runaudit runs``. ``task`` is
    ``supervised`` or one of ``runaudit.tasks.TASKS``; some rules are not for some tasks.
    """

    id: str
    paths: tuple[str, ...]
    format: str
    series: Mapping[str, Series]
    config: Mapping[str, ConfigValue] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    step_unit: str = "step"
    names: tuple[Understood, ...] = ()
    task: str = "supervised"

    def to_frame(self) -> pd.DataFrame:
        """Return a frame with one column a series and one row a step; a step without a value is NaN there."""
        import pandas as pd

        columns = {name: pd.Series(s.values, index=s.steps) for name, s in self.series.items()}
        frame = pd.DataFrame(columns)
        frame.index.name = self.step_unit
        return frame.sort_index()


@dataclass(frozen=True, slots=True)
class Understood:
    """How one source name was understood: ``canonical`` name (or "" where it was left alone) and ``why``."""

    source_name: str
    canonical: str
    why: str
    points: int


# --- what a detector and the engine give -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """What a detector found: the window, the measured facts, and whether more than one sign carries it.

    ``weak`` means that the evidence is a single sign of a verdict that needs two: the rule then reports
    with its ``weak`` severity and confidence. ``series`` is the canonical name to anchor the finding to
    (the rule's first input if empty). ``factor`` is the learning-rate factor or other number that the evidence
    itself suggests, for the prescription. ``path`` and ``line`` say where it stands, if not in that series.
    """

    first_step: int
    last_step: int
    facts: Mapping[str, float | str]
    weak: bool = False
    series: str = ""
    factor: float | None = None
    path: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Prescription:
    """A change of one training parameter that a program can apply."""

    parameter: str
    op: str
    value: float | str | bool | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one run, with everything that a report shows of it."""

    rule: str
    title: str
    family: str
    severity: Severity
    confidence: Confidence
    run: str
    series: str
    first_step: int
    last_step: int
    message: str
    evidence: tuple[str, ...]
    why: str
    remedy: tuple[str, ...]
    facts: Mapping[str, float | str]
    limit: Mapping[str, float | str]
    path: str
    line: int | None
    fingerprint: str
    prescription: Prescription | None = None
    consequence_of: str | None = None
    citations: tuple[str, ...] = ()
    measured: Mapping[str, float] = field(default_factory=dict)
    status: str = "new"
    reason: str = ""
    """Why it is suppressed, "" where it is not."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A rule that did not judge a run, why, and what to log so that it can."""

    rule: str
    run: str
    reason: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that a reader claimed, or that the user named, and that gave no run."""

    path: str
    reason: str
    kind: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Crash:
    """A rule that raised on a run: a defect of runaudit, reported and never hidden.

    Or a plug-in that cannot be used: ``rule`` is then ``plug-in NAME``, and ``run`` is "".
    """

    rule: str
    run: str
    error: str

    @property
    def plug_in(self) -> bool:
        """Say whether it is no rule, but a plug-in that cannot be used."""
        return not self.run


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A series reduced to what a plot or a table of series needs.

    ``steps``, ``low`` and ``high`` are at most a few hundred points: the smallest and largest finite value
    of each block; ``mid`` is its median. A block without any finite value is NaN in all three.
    """

    name: str
    source_name: str
    points: int
    first_step: int
    last_step: int
    first: float
    last: float
    best: float
    best_step: int
    steps: FloatArray
    low: FloatArray
    mid: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """A per-layer quantity reduced to what a picture of layers by steps needs.

    ``values`` has one row a layer, from the input on, and one column a block of steps that begins at ``steps``: the
    median of the finite values there, NaN where there is none.
    """

    quantity: str
    layers: tuple[str, ...]
    steps: FloatArray
    values: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture that belongs to a run, such as its first-layer filters: ``pixels`` is rows x columns x 3, uint8."""

    title: str
    pixels: ByteArray


@dataclass(frozen=True, slots=True, eq=False)
class RunReport:
    """What is kept of a run once it is judged. ``verdict`` is ``fail``, ``warn``, ``ok`` or ``unknown``."""

    id: str
    paths: tuple[str, ...]
    format: str
    verdict: str
    curves: tuple[Curve, ...]
    config: Mapping[str, ConfigValue]
    notes: tuple[Note, ...]
    passed: tuple[str, ...]
    step_unit: str = "step"
    names: tuple[Understood, ...] = ()
    heatmaps: tuple[Heatmap, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: Mapping[str, Any] = field(default_factory=dict)
    """Of a search its trials, ranges and objective (``runaudit.sweep``); empty for a run."""
    schedule: str = ""
    """The schedule of the learning rate in words (``runaudit.schedules``), "" where none was logged."""


@dataclass(frozen=True, slots=True)
class Known:
    """A finding that a baseline lists; ``count`` is how often the rule found it in the same series of the run.

    ``run`` is as the baseline names it: the place of the run as seen from the folder of the baseline.
    """

    run: str
    rule: str
    series: str
    severity: Severity
    count: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The whole audit. Findings are sorted: by run, root causes first, each followed by its consequences.

    ``config`` is the configuration file, "" if there was none; ``notes`` are what in it does not hold (any more);
    ``sweeps`` are searches, judged by the rules of scope ``sweep``, with the path pattern of their trials as id.
    ``lacking`` says which required rules could not judge; ``max_warnings`` is None where any number is allowed.
    ``baseline`` is the file of accepted findings, "" if there was none: they have the status ``known`` and do not count
    for the exit code. ``fixed`` are those of the file that a rule no longer finds in a run that it judged, ``unseen``
    those of runs that were not audited or of rules that did not judge them.
    """

    root: str
    runs: tuple[RunReport, ...]
    findings: tuple[Finding, ...] = ()
    skips: tuple[Skip, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    crashes: tuple[Crash, ...] = ()
    ignored_files: int = 0
    suppressed: tuple[Finding, ...] = ()
    fail_on: str = "error"
    config: str = ""
    notes: tuple[Note, ...] = ()
    lacking: tuple[str, ...] = ()
    max_warnings: int | None = None
    sweeps: tuple[RunReport, ...] = ()
    baseline: str = ""
    fixed: tuple[Known, ...] = ()
    unseen: tuple[Known, ...] = ()

    @property
    def judged(self) -> tuple[RunReport, ...]:
        """Return the runs and the searches: everything that findings are about."""
        return (*self.runs, *self.sweeps)

    def count(self, severity: Severity) -> int:
        """Return the number of findings of that severity."""
        return sum(f.severity is severity for f in self.findings)

    @property
    def failures(self) -> tuple[str, ...]:
        """Return what fails the audit besides the severity of a finding, one sentence each."""
        new = sum(f.severity is Severity.WARNING and f.status != "known" for f in self.findings)
        if self.max_warnings is None or new <= self.max_warnings:
            return self.lacking
        warnings = f"{new} warning{'' if new == 1 else 's'}"
        return (*self.lacking, f"{warnings}, where at most {self.max_warnings} may be")

    @property
    def exit_code(self) -> int:
        """Return the exit code of the design: 1 findings or failures, 4 incomplete, 3 no run, 0 clean; 1 before 4."""
        if self.failures:
            return 1
        if self.fail_on != "never":
            bar = Severity(self.fail_on).rank
            if any(f.severity.rank <= bar and f.status != "known" for f in self.findings):
                return 1
        if self.crashes or any(u.kind == "corrupt" for u in self.unreadable):
            return 4
        return 0 if self.judged else 3

    def to_frame(self) -> pd.DataFrame:
        """Return one row a finding, worst first within its run."""
        import pandas as pd

        columns = [
            "run",
            "rule",
            "severity",
            "confidence",
            "series",
            "first_step",
            "last_step",
            "message",
            "path",
            "line",
        ]
        rows = [
            [str(getattr(f, c)) if c in {"severity", "confidence"} else getattr(f, c) for c in columns]
            for f in self.findings
        ]
        return pd.DataFrame(rows, columns=columns)
