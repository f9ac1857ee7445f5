"""One line a finding, ``path:line: severity[rule] message``, as compilers write them and editors read them."""

from __future__ import annotations

from runaudit.model import Report
from runaudit.pen import Options, Pen
from runaudit.render import Renderer
from runaudit.render._footer import verdict
from runaudit.render._verdict import by_id, crashed, pen_of, unread
from runaudit.render._words import locate, place


def render(report: Report, options: Options) -> str:
    """Return findings, unread files and crashes, one unbroken line each, and a last line with the verdict.

    A format without lines gives a path alone. Files that are no logs are named with ``--verbose`` only.
    """
    pen = Pen(options)
    lines = []
    for finding in report.findings:
        known = "(known) " if finding.status == "known" else ""
        where, tag = place(report.root, finding), f"{finding.severity}[{finding.rule}]"
        lines.append(_line(pen, where, str(finding.severity), tag, known + finding.message))
    for file in unread(report):
        if file.kind == "corrupt" or options.verbosity > 0:
            severity = "error" if file.kind == "corrupt" else "note"
            where = locate(report.root, file.path) + (f":{file.line}" if file.line is not None else "")
            lines.append(_line(pen, where, severity, f"{severity}[{file.kind}]", file.reason))
    runs = by_id(report)
    for crash in crashed(report):
        paths = runs[crash.run].paths if crash.run in runs else ()
        where = crash.rule if crash.plug_in else locate(report.root, paths[0] if paths else crash.run)
        tag, words = ("plug-in", crash.error) if crash.plug_in else ("crash", f"{crash.rule}: {crash.error}")
        lines.append(_line(pen, where, "error", f"error[{tag}]", words))
    plain = pen_of(options)
    last = verdict(plain, report)[-1]
    return "\n".join([*lines, pen.paint(_style(report), last)]) + "\n"


def _line(pen: Pen, where: str, style: str, tag: str, message: str) -> str:
    """Return one line. CI runners obey a line that begins with ``::`` and ``##[`` anywhere: neither is let through."""
    where = pen.clean(where)
    if where.startswith(":"):
        where = f"./{where}"
    return f"{where}: {pen.paint(style, tag)} {pen.clean(message)}".replace("##[", "##\\[")


def _style(report: Report) -> str:
    if report.exit_code in {1, 4}:
        return "fail"
    return "bold"


RENDERER = Renderer("concise", ".concise.txt", render)
