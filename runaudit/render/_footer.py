"""What ends a report: what could not be judged and what to log for it, what could not be read, and the verdict."""

from __future__ import annotations

from runaudit.model import Crash, Finding, Report, Skip, Unreadable
from runaudit.pen import Pen
from runaudit.render._table import tallies
from runaudit.render._verdict import counted, judge
from runaudit.render._words import compared, gone, locate, run_name
from runaudit.text import cells, count, left, wrap

MOST_ASKS = 8  # lines of what to log unless verbose
APART = ("log a gradient check", "log the weights")  # last: they take a file of their own beside the log
MOST_FILES = 10  # unreadable files named unless verbose


def skipped(pen: Pen, report: Report) -> list[str]:
    """Return the rules that did not judge, grouped by what to log for them, or by the reason where nothing helps."""
    if not report.skips:
        return []
    if pen.options.verbosity > 0:
        return _every_skip(pen, report)
    logged = {curve.name for run in report.runs for curve in run.curves} if len(report.judged) == 1 else set()
    groups: dict[str, dict[str, None]] = {}
    for skip in report.skips:
        groups.setdefault(_ask(skip, logged), {})[skip.rule] = None
    rules = {s.rule for s in report.skips}
    some, log = (" on some runs", "the logs hold") if len(report.judged) > 1 else ("", "the log holds")
    lines = _heading(pen, "bold", f"skipped {count(len(rules), 'rule')}", f"{some}: {log} too little for a verdict")
    asks = sorted(groups.items(), key=lambda g: (not g[0].startswith("log "), g[0].startswith(APART), -len(g[1]), g[0]))
    shown, hidden = asks[:MOST_ASKS], asks[MOST_ASKS:]
    width = min(max(cells(pen.clean(a)) for a, _ in shown), pen.width * 2 // 5)
    for ask, names in shown:
        lines += _two_columns(pen, ask, ", ".join(names), width)
    if hidden:
        left_out = {name for _, names in hidden for name in names}
        lines.append(pen.paint("dim", f"  and {count(len(left_out), 'more rule')}: --verbose says what each lacks"))
    return lines


def _heading(pen: Pen, style: str, words: str, more: str) -> list[str]:
    return pen.lead(style, words, more, then="dim", indent=2)


def _ask(skip: Skip, logged: set[str]) -> str:
    """Return what to log, in few words: what is not in the log at all, else what there is too little of."""
    if not skip.needs:
        return skip.reason
    missing = [need for need in skip.needs if _name(need) not in logged]
    return "log " + "; ".join(dict.fromkeys(_brief(need) for need in missing)) if missing else f"log {skip.needs[0]}"


def _name(need: str) -> str:
    """Return the series that a need names, without what it says of it."""
    return need.replace(",", " ").split(" ", 1)[0]


def _brief(need: str) -> str:
    """Return a need without the numbers and reasons behind it.

    >>> _brief("train/loss, 20 values or more"), _brief("zero_frac/<layer> (the share of zeros)")
    ('train/loss', 'zero_frac/<layer>')
    """
    return need.split(",")[0].split(" (")[0].strip()


def _two_columns(pen: Pen, first: str, second: str, width: int) -> list[str]:
    heads = wrap(pen.prose(first), width)
    tails = wrap(pen.clean(second), pen.width - width - 4)
    size = max(len(heads), len(tails))
    heads += [""] * (size - len(heads))
    tails += [""] * (size - len(tails))
    return [f"  {left(h, width)}  {pen.paint('dim', t)}".rstrip() for h, t in zip(heads, tails, strict=True)]


def _every_skip(pen: Pen, report: Report) -> list[str]:
    lines = [pen.paint("bold", f"skipped {count(len(report.skips), 'check')}")]
    for skip in report.skips:
        where = f" on {run_name(report.root, skip.run)}" if len(report.judged) > 1 else ""
        ask = f" (log {'; '.join(skip.needs)})" if skip.needs else ""
        lines += pen.hang("  ", pen.prose(f"{skip.rule}{where}: {skip.reason}{ask}"), indent=4)
    return lines


def unreadable(pen: Pen, report: Report) -> list[str]:
    """Return the files that gave no run, and why: the corrupt ones first."""
    files = sorted(report.unreadable, key=lambda u: (u.kind != "corrupt", u.path))
    if not files:
        return []
    lines = [pen.paint("bold", f"not read: {count(len(files), 'file')}")]
    width = max(len(f.kind) for f in files)
    most = len(files) if pen.options.verbosity > 0 else MOST_FILES
    for file in files[:most]:
        style = "error" if file.kind == "corrupt" else "dim"
        kind = left(file.kind, width)
        lines += pen.hang(f"  {pen.paint(style, kind)}  ", _file(pen, report.root, file), indent=width + 4)
    if len(files) > most:
        lines.append(pen.paint("dim", f"  and {count(len(files) - most, 'more', 'more')}: --verbose names them"))
    return lines


def _file(pen: Pen, root: str, file: Unreadable) -> str:
    line = f":{file.line}" if file.line is not None else ""
    return pen.clean(f"{locate(root, file.path)}{line}: {file.reason}")


def plug_ins(pen: Pen, report: Report) -> list[str]:
    """Return the plug-ins that cannot be used: defects of other packages, and what they would say is not said."""
    found = [crash for crash in report.crashes if crash.plug_in]
    if not found:
        return []
    lines = _heading(pen, "error", count(len(found), "broken plug-in"), ": the audit went on without")
    return [*lines, *(line for c in found for line in pen.hang("  ", pen.clean(f"{c.rule}: {c.error}"), indent=4))]


def crashed(pen: Pen, report: Report) -> list[str]:
    """Return the rules that raised: defects of runaudit, never of the run."""
    found = [crash for crash in report.crashes if not crash.plug_in]
    if not found:
        return []
    lines = _heading(pen, "error", count(len(found), "crash", "crashes"), ": a defect of runaudit, please report it")
    by_rule: dict[str, list[Crash]] = {}
    for crash in found:
        by_rule.setdefault(crash.rule, []).append(crash)
    for first, *more in by_rule.values():
        lines += _crash(pen, report.root, first, f" and {count(len(more), 'more run')}" if more else "")
        if pen.options.verbosity > 0:
            lines += [line for crash in more for line in _crash(pen, report.root, crash, "")]
    return lines


def _crash(pen: Pen, root: str, crash: Crash, more: str) -> list[str]:
    words = f"{crash.rule} on {run_name(root, crash.run)}{more}: {crash.error}"
    return pen.hang("  ", pen.clean(words), indent=4)


def settings(pen: Pen, report: Report) -> list[str]:
    """Return what in the settings of the user does not hold: unused suppressions, patterns that fit no run."""
    if not report.notes:
        return []
    lines = [pen.paint("bold", f"settings: {count(len(report.notes), 'note')}")]
    most = len(report.notes) if pen.options.verbosity > 0 else MOST_FILES
    for note in report.notes[:most]:
        where = f"{note.path}:{note.line}" if note.line else note.path
        lines += pen.hang("  ", pen.clean(f"{where}: {note.message}"), indent=4)
    if len(report.notes) > most:
        lines.append(pen.paint("dim", f"  and {count(len(report.notes) - most, 'more', 'more')}: --verbose names them"))
    return lines


def suppressed(pen: Pen, report: Report) -> list[str]:
    """Return the findings that the settings suppress, each with the reason, where everything is to be told."""
    if not report.suppressed or pen.options.verbosity <= 0:
        return []
    lines = [pen.paint("bold", f"suppressed {count(len(report.suppressed), 'finding')}")]
    for f in report.suppressed:
        words = f"{f.severity}[{f.rule}] in {run_name(report.root, f.run)}: {f.message} ({f.reason})"
        lines += pen.hang("  ", pen.clean(words), indent=4)
    return lines


def fixed(pen: Pen, report: Report) -> list[str]:
    """Return what the baseline lists and the rules no longer find."""
    if not report.fixed:
        return []
    number = count(sum(one.count for one in report.fixed), "finding")
    hint = f": runaudit baseline prune takes them out of {pen.short(report.baseline, 40)}"
    lines = _heading(pen, "ok", f"{number} fixed", hint)
    most = len(report.fixed) if pen.options.verbosity > 0 else MOST_FILES
    lines += [line for one in report.fixed[:most] for line in pen.hang("  ", pen.clean(gone(one)), indent=4)]
    if len(report.fixed) > most:
        lines.append(pen.paint("dim", f"  and {count(len(report.fixed) - most, 'more', 'more')}: --verbose names them"))
    return lines


def failures(pen: Pen, report: Report) -> list[str]:
    """Return what fails the audit besides findings: required rules that could not judge, too many warnings."""
    if not report.failures:
        return []
    lines = [pen.paint("error", count(len(report.failures), "failed requirement"))]
    return [*lines, *(line for words in report.failures for line in pen.hang("  ", pen.clean(words), indent=4))]


def counts(pen: Pen, report: Report) -> list[str]:
    """Return what was counted besides findings: runs, checks (a rule on a run), findings set aside, other files."""
    passed = sum(len(run.passed) for run in report.judged)
    parts = [
        *tallies(report),
        count(passed, "check passed", "checks passed") if report.judged else "",
        f"{count(len(report.skips))} skipped" if report.skips else "",
        compared(report),
        f"{count(len(report.suppressed))} suppressed" if report.suppressed else "",
        count(report.ignored_files, "other file ignored", "other files ignored") if report.ignored_files else "",
        f"settings of {pen.short(report.config, 60)}" if report.config else "",
    ]
    lines: list[str] = []
    for part in filter(None, parts):
        joined = pen.dotted(lines[-1], part) if lines else part
        lines = [*lines[:-1], joined] if cells(joined) <= pen.width else [*lines, part]
    return [pen.paint("dim", line) for line in lines]


def verdict(pen: Pen, report: Report) -> list[str]:
    """Return the last line: verdict, counts, exit code, and where to read on, if need be on a line before it."""
    kind, word = judge(report)
    said = counted(report, "nothing found" if report.judged else f"nothing to audit in {pen.short(report.root, 30)}")
    roots = [f for f in report.findings if f.consequence_of is None] or report.findings
    hint = f"runaudit explain {min(roots, key=_rank).rule}" if roots else ""
    head, rest = f"{pen.glyph(kind)} {word}", f"  {said}  exit {report.exit_code}"
    if hint and cells(head + rest + hint) + 2 > pen.width:
        return [pen.paint("dim", f"read on: {hint}"), pen.paint(kind, head) + rest]
    return [pen.paint(kind, head) + rest + (f"  {pen.paint('dim', hint)}" if hint else "")]


def _rank(finding: Finding) -> tuple[int, int]:
    return finding.severity.rank, finding.confidence.rank
