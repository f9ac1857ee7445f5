"""GitHub workflow commands: annotations on the files of the logs, no more than GitHub keeps of one step."""

from __future__ import annotations

from collections.abc import Mapping

from runaudit.model import Finding, Report, Severity
from runaudit.pen import Options
from runaudit.render import Renderer
from runaudit.render._footer import verdict
from runaudit.render._places import repo_path
from runaudit.render._verdict import by_id, crashed, pen_of, unread, worst_first
from runaudit.render._words import run_name, when
from runaudit.text import clean, count, shorten

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
MOST = 10  # annotations of a level that GitHub keeps of one step
LONGEST = 3_000  # characters of a message; the runner cuts at 4,096 after its own unescaping
PATH = 1_000


def render(report: Report, options: Options) -> str:
    """Return one command for each of the worst new findings, a notice that counts the others, and the verdict.

    Crashes and corrupt files come first, one error each for all of a kind. No line but ours begins with ``::``.
    """
    first = _incomplete(report)
    new = worst_first([f for f in report.findings if f.status != "known"])
    groups = {severity: [f for f in new if f.severity is severity] for severity in Severity}
    room = dict.fromkeys(Severity, MOST) | {Severity.ERROR: MOST - len(first)}
    known = len(report.findings) - len(new)
    fixed = sum(one.count for one in report.fixed)
    counting = known + fixed > 0 or any(len(group) > room[severity] for severity, group in groups.items())
    room[Severity.NOTE] -= counting  # the notice that counts takes a place itself
    lines = [*first, *(_annotation(report, f, options) for s in Severity for f in groups[s][: room[s]])]
    if counting:
        rest = {s: len(groups[s]) - room[s] for s in Severity}
        lines.append(_command("notice", _rest(rest, known, fixed), title="runaudit"))
    last = verdict(pen_of(options), report)[-1].replace("##[", "##\\[")
    return "\n".join([*lines, last]) + "\n"


def _annotation(report: Report, finding: Finding, options: Options) -> str:
    run = by_id(report).get(finding.run)
    pen = pen_of(options)
    name = pen.short(run_name(report.root, finding.run, run.paths if run is not None else ()), 200)
    steps = when(pen, finding, run)
    words = [f"{name}{f', {steps}' if steps else ''}: {finding.message}", *finding.evidence]
    words += [f"try: {' '.join(finding.remedy[0].split())}"] if finding.remedy else []
    text = "\n".join(shorten(clean(w.strip()), LONGEST // 3) for w in words)
    return _command(
        LEVELS[finding.severity],
        text if len(text) <= LONGEST else text[: LONGEST - 3] + "...",
        file=repo_path(report.root, finding.path or finding.run),
        line=finding.line or 1,
        title=f"runaudit ({finding.rule})",
    )


def _incomplete(report: Report) -> list[str]:
    lines = [_command("error", shorten(clean(f), LONGEST), title="runaudit (required)") for f in report.failures]
    crashes = crashed(report)
    if crashes:
        on = "" if crashes[0].plug_in else f" on {crashes[0].run}"
        first = f"{crashes[0].rule}{on}: {crashes[0].error}"
        more = f" (and {count(len(crashes) - 1, 'more', 'more')})" if len(crashes) > 1 else ""
        title = f"runaudit ({'plug-in' if crashes[0].plug_in else 'crash'})"
        lines.append(_command("error", f"{shorten(clean(first), LONGEST)}{more}", title=title))
    corrupt = [u for u in unread(report) if u.kind == "corrupt"]
    if corrupt:
        first, where = corrupt[0].reason, repo_path(report.root, corrupt[0].path)
        more = f" (and {count(len(corrupt) - 1, 'more file')})" if len(corrupt) > 1 else ""
        text = f"not read: {shorten(clean(first), LONGEST)}{more}"
        lines.append(_command("error", text, file=where, line=corrupt[0].line or 1, title="runaudit (corrupt)"))
    return lines


def _rest(left_out: Mapping[Severity, int], known: int, fixed: int) -> str:
    parts = [count(n, f"more {severity}") for severity, n in left_out.items() if n > 0]
    parts += [f"{known} known"] if known else []
    said = [f"{', '.join(parts)} without an annotation: see the report"] if parts else []
    return "; ".join([*said, *([f"{count(fixed, 'finding')} fixed since the baseline"] if fixed else [])])


def _command(level: str, message: str, **properties: str | int) -> str:
    given = ",".join(f"{name}={_property(clean(str(value))[:PATH])}" for name, value in properties.items())
    return f"::{level} {given}::{_data(message)}"


def _data(text: str) -> str:
    r"""Return a message as the runner unescapes it.

    >>> _data("50 %\n::error::x")
    '50 %25%0A::error::x'
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Return the value of a property: colon and comma would end it.

    >>> _property("runs/lr=1e-3,bs=4:2")
    'runs/lr=1e-3%2Cbs=4%3A2'
    """
    return _data(text).replace(":", "%3A").replace(",", "%2C")


RENDERER = Renderer("github", ".github.txt", render)
