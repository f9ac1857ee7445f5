"""Runs x rules -> findings. A rule that cannot judge is a skip, one that raises a crash; neither stops the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from runaudit import schedules
from runaudit.curves import reduce_curve
from runaudit.detectors import Input, Table
from runaudit.errors import NotJudged, NotMeant
from runaudit.model import (
    Crash,
    Finding,
    Heatmap,
    Hit,
    Picture,
    Prescription,
    Run,
    RunReport,
    Series,
    Severity,
    Skip,
)
from runaudit.ruleset import Rule, filled, template_fields
from runaudit.tasks import reason

Value = Series | Mapping[str, Series] | Table | tuple[float, ...] | tuple[str, ...] | float | str | None
MACHINE = frozenset({"throughput", "process"})  # what they say of a run is not that it learns
LAYERED = ("update_ratio/", "grad_norm/", "zero_frac/", "dead_frac/", "saturated_frac/", "act_std/", "weight_norm/")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judged run: what is kept of it, its findings in the order of a report, its skips and crashes."""

    run: RunReport
    findings: tuple[Finding, ...]
    skips: tuple[Skip, ...]
    crashes: tuple[Crash, ...]
    suppressed: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Missing:
    needs: tuple[str, ...]


def judge(
    run: Run, rules: Sequence[Rule], review: Callable[[Finding], Finding] | None = None, scope: str = "run"
) -> Judgement:
    """Return what the rules of a scope say of one run, or of one search.

    ``review`` may change a finding before it counts; one that it gives a reason is suppressed.
    """
    findings: list[Finding] = []
    skips: list[Skip] = []
    crashes: list[Crash] = []
    passed: list[str] = []
    for rule in rules:
        if rule.scope != scope:
            continue
        if run.task in rule.not_for:
            skips.append(Skip(rule.id, run.id, _not_for(run)))
            continue
        try:
            with np.errstate(all="ignore"):  # values near 1e308 overflow; the detectors look at what comes out
                found = list(apply(rule, run))
        except NotJudged as answer:
            needs = () if isinstance(answer, NotMeant) else answer.needs or rule.needs
            skips.append(Skip(rule.id, run.id, answer.reason, needs))
        except Exception as error:  # noqa: BLE001  one broken rule must not hide the others; it is reported
            crashes.append(Crash(rule.id, run.id, f"{type(error).__name__}: {error} ({_where(error)})"))
        else:
            findings.extend(found)
            if not found:
                passed.append(rule.id)
    reviewed = [review(f) for f in findings] if review is not None else findings
    ordered = tuple(order([f for f in reviewed if not f.reason], rules))
    telling = (r for r in rules if r.id in passed and r.family not in MACHINE)
    judged = any(not _takes_anything(r) for r in telling) or any(f.family not in MACHINE for f in findings)
    report = RunReport(
        id=run.id,
        paths=run.paths,
        format=run.format,
        verdict=_verdict(ordered, judged=judged),
        curves=tuple(reduce_curve(s) for s in run.series.values()),
        config=run.config,
        notes=run.notes,
        passed=tuple(passed),
        step_unit=run.step_unit,
        names=run.names,
        heatmaps=_heatmaps(run, ordered),
        pictures=_pictures(run),
        tables=run.tables if scope == "sweep" else {},
        schedule=schedules.of_run(run.series, run.step_unit),
    )
    suppressed = tuple(f for f in reviewed if f.reason)
    return Judgement(report, ordered, tuple(skips), tuple(crashes), suppressed)


def _heatmaps(run: Run, findings: Sequence[Finding]) -> tuple[Heatmap, ...]:
    if not any(name.startswith(LAYERED) for name in run.series):
        return ()
    from runaudit.heatmaps import heatmaps_of  # most logs tell nothing of layers

    return heatmaps_of(run.series, {finding.series for finding in findings})


def _pictures(run: Run) -> tuple[Picture, ...]:
    if "filters" not in run.tables:
        return ()
    from runaudit.pictures import pictures_of

    return pictures_of(run.tables)


def apply(rule: Rule, run: Run) -> Iterator[Finding]:
    """Report the findings of one rule on one run; raises ``NotJudged`` where the log does not hold what it takes."""
    for call in _calls(rule, run):
        for hit in rule.detector.run(**call, **rule.values):
            yield _finding(rule, run, hit, _anchor(hit, call))


def hits(rule: Rule, run: Run) -> list[Hit]:
    """Return the bare hits of a rule on a run (for examples, where a window is compared)."""
    return [hit for call in _calls(rule, run) for hit in rule.detector.run(**call, **rule.values)]


def _calls(rule: Rule, run: Run) -> list[dict[str, Value]]:
    """Return the inputs of every call: one, or one a series where a single series is given as a pattern."""
    if run.task in rule.not_for:
        raise NotJudged(_not_for(run))
    calls: list[dict[str, Value]] = [{}]
    for given in rule.detector.inputs:
        value = _resolve(given, rule.inputs[given.name], run)
        if isinstance(value, _Missing):
            raise NotJudged(f"not in this log: {' or '.join(value.needs)}", *(rule.needs or value.needs))
        several = value.values() if given.kind == "series" and isinstance(value, Mapping) else [value]
        calls = [{**call, given.name: one} for call in calls for one in several]
    return calls


def _not_for(run: Run) -> str:
    return "; ".join(reason(run.task))


def order(findings: Sequence[Finding], rules: Sequence[Rule]) -> Iterator[Finding]:
    """Report the findings of one run, worst root cause first, each followed by its consequences.

    A finding is a consequence of another whose rule ``explains`` it, unless that one is only a note and it is more.
    """
    explains = {rule.id: rule.explains for rule in rules}
    linked = [replace(f, consequence_of=_root(f, findings, explains)) for f in findings]
    roots = [f for f in linked if f.consequence_of is None]
    below = {r.rule: [f for f in linked if f.consequence_of == r.rule] for r in roots}

    def rank(f: Finding) -> tuple[int, int, int, str, str]:
        worst = min(x.severity.rank for x in (f, *below.get(f.rule, ())))
        return (worst, f.confidence.rank, f.first_step, f.rule, f.series)

    done: set[str] = set()
    for root in sorted(roots, key=rank):
        yield root
        if root.rule not in done:
            done.add(root.rule)
            yield from sorted(below[root.rule], key=rank)
    circle = [f for f in linked if f.consequence_of is not None and f.consequence_of not in below]
    yield from (replace(f, consequence_of=None) for f in sorted(circle, key=rank))  # rules that explain each other


def _root(finding: Finding, findings: Sequence[Finding], explains: Mapping[str, tuple[str, ...]]) -> str | None:
    seen = {finding.rule}
    current, cause = finding, None
    while True:
        causes = [
            f for f in findings
            if current.rule in explains.get(f.rule, ()) and f.rule not in seen
            and (f.severity is not Severity.NOTE or current.severity is Severity.NOTE)
        ]  # fmt: skip
        if not causes:
            return cause
        current = min(causes, key=lambda f: (f.severity.rank, f.confidence.rank, f.rule))
        cause = current.rule
        seen.add(cause)


def _resolve(given: Input, specs: Sequence[str], run: Run) -> Value | _Missing:
    if given.kind == "layers" and len(specs) > 1:  # several patterns name one group, under the full names
        group = {n: s for n, s in run.series.items() if len(s) and any(fnmatchcase(n, spec) for spec in specs)}
        if group:
            return group
    for spec in specs:
        value = _look_up(given, spec, run)
        if value is not None:
            return value
    return None if given.optional else _Missing(tuple(s.removeprefix("config:") for s in specs))


def _look_up(given: Input, spec: str, run: Run) -> Value:
    if spec.startswith("config:"):
        return _coerce(run.config.get(spec.removeprefix("config:")), given.kind)
    if spec.startswith("table:"):
        return run.tables.get(spec.removeprefix("table:"))
    if spec == "run:step_unit":
        return run.step_unit
    if spec == "run:task":
        return run.task
    if "*" in spec:
        prefix = spec.partition("*")[0]
        return {n.removeprefix(prefix): s for n, s in run.series.items() if fnmatchcase(n, spec) and len(s)} or None
    series = run.series.get(spec)
    return series if series is not None and len(series) else None


def _coerce(value: object, kind: str) -> tuple[float, ...] | tuple[str, ...] | float | str | None:
    if kind == "numbers":
        return _numbers(value)
    if kind == "names":
        return tuple(str(one) for one in value) if isinstance(value, list) else None
    if value is None or isinstance(value, list):
        return None
    if kind == "text":
        return str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return float(str(value)) if not isinstance(value, bool) else float(value)
    except ValueError:
        return None


def _numbers(value: object) -> tuple[float, ...] | None:
    """Return the numbers of a list, also of one written as text, ``(0.9, 0.95)``; None for anything else."""
    items = value if isinstance(value, list) else str(value).strip("()[] ").split(",")
    try:
        return tuple(float(str(item)) for item in items) if len(items) > 1 else None
    except ValueError:
        return None


def _anchor(hit: Hit, call: Mapping[str, Value]) -> Series | None:
    everything: dict[str, Series] = {}
    for value in call.values():
        if isinstance(value, Series):
            everything.setdefault(value.name, value)
        elif isinstance(value, Mapping):
            everything.update({s.name: s for s in value.values()})
    return everything.get(hit.series) or next(iter(everything.values()), None)


def _fingerprint(rule: str, run: str, series: str) -> str:
    """Return what a finding is known by from one audit to the next: neither its step nor its numbers."""
    import hashlib  # loads OpenSSL, which a run without findings does not need

    return hashlib.sha256(f"{rule}\n{run}\n{series}".encode()).hexdigest()[:16]


def _finding(rule: Rule, run: Run, hit: Hit, series: Series | None) -> Finding:
    name = series.name if series is not None else hit.series
    words = {
        "step": run.step_unit,
        **rule.values,
        **hit.facts,
        "series": name,
        "first_step": hit.first_step,
        "last_step": hit.last_step,
    }
    path = hit.path or (series.path if series is not None else run.paths[0])
    return Finding(
        rule=rule.id,
        title=rule.title,
        family=rule.family,
        severity=rule.weak_severity if hit.weak else rule.severity,
        confidence=rule.weak_confidence if hit.weak else rule.confidence,
        run=run.id,
        series=name,
        first_step=hit.first_step,
        last_step=hit.last_step,
        message=filled(rule.message, words),
        evidence=tuple(filled(line, words) for line in rule.evidence if template_fields(line) <= words.keys()),
        why=rule.why,
        remedy=rule.remedy,
        facts=dict(hit.facts),
        limit=dict(rule.values),
        path=path,
        line=hit.line if hit.path or series is None else series.line_at(hit.first_step),
        fingerprint=_fingerprint(rule.id, run.id, name),
        prescription=_prescription(rule, hit),
        citations=tuple(c.url or c.title for c in rule.citations),
        measured=rule.measured,
    )


def _prescription(rule: Rule, hit: Hit) -> Prescription | None:
    if not rule.prescription:
        return None
    value = rule.prescription["value"]
    if value == "factor":
        if hit.factor is None:
            return None
        value = hit.factor
    return Prescription(rule.prescription["parameter"], rule.prescription["op"], value)


def _takes_anything(rule: Rule) -> bool:
    return all(spec == "*" for specs in rule.inputs.values() for spec in specs)


def _verdict(findings: Sequence[Finding], *, judged: bool) -> str:
    severities = {f.severity for f in findings}
    if Severity.ERROR in severities:
        return "fail"
    if Severity.WARNING in severities:
        return "warn"
    return "ok" if judged else "unknown"


def _where(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
