"""Texts that try to break out of a report, reports full of one of them, and golden files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from runaudit.model import Crash, Known, Note, Prescription, Report, Severity, Skip, Unreadable
from tests.render import fixtures as fx

GOLDEN = Path(__file__).parent / "golden"
TEXTS = (
    "two\nlines\r\nthree",
    "]]>",
    "<script>alert(1)</script>",
    "::error::owned",
    "  ::error::owned",
    "##[error]owned",
    "%0A::error::owned",
    "\x1b[31mred\x1b[0m\x07\x00",
    "x" * 10_000,
    "<" * 10_000,
    "a](javascript:alert(1))",
    "[a](https://evil.example) ![b](https://evil.example/b.png)",
    "|a|b|\\|",
    "```\n</code></details>",
    "`a``b`",
    "# head",
    "1. one",
    "- one",
    "+ one",
    "---",
    "===",
    "www.",
    "**bold** _it_ ~~out~~ # no",
    "@team #12 GH-3 www.evil.example http://evil.example a@b.co $x$",
    "\u202egnp.exe\u2066\u200b\u2028",
    "C:\\runs\\lr:1,bs:2",
    "../../etc/passwd",
    "/etc/passwd",
    "s3://bucket/x",
    "{0} %s ${{ secrets.X }}",
    "end \ud800\udfff\ufffe",
    "&lt;b&gt; &amp;",
    "<!-- --> <![CDATA[",
    " ",
    "",
)
ANY = st.one_of(st.sampled_from(TEXTS), st.text(st.characters(), max_size=60))


def report(text: str) -> Report:
    """Return a report in which the text stands wherever a log, a file name or a rule file can put it."""
    name = text or "."
    bad = fx.finding(
        run=name,
        title=text,
        series=text,
        message=text,
        evidence=(text,),
        why=text,
        remedy=(text, text),
        facts={"word": text},
        path=text,
        prescription=Prescription("learning_rate", "set", text),
        citations=(text,),
    )
    others = (
        replace(bad, severity=Severity.WARNING, rule="lr-zero", first_step=3, status="known"),
        replace(bad, severity=Severity.NOTE, rule="noisy-batch", series="", line=None),
        replace(bad, severity=Severity.WARNING, rule="dead-relu", consequence_of="overfitting"),
        replace(bad, run="sweep", severity=Severity.WARNING),
        replace(bad, run=f"{text}/*", severity=Severity.WARNING, first_step=2, last_step=2),
    )
    curves = (replace(fx.diverged_curve(), name=text, source_name=text), *fx.overfitting_curves())
    notes = (Note(text, text, 3),)
    run = fx.run(name, curves, "fail", notes=notes, paths=(text,), format=text, config={text: text})
    return Report(
        root=text,
        runs=(run, fx.run("other", fx.overfitting_curves(), "ok")),
        findings=(bad, *others),
        skips=(Skip("stalled", name, text, (text,)), Skip("lr-high", name, text)),
        unreadable=(Unreadable(text, text, "corrupt", 7), Unreadable(text, text, "not-a-log")),
        crashes=(Crash("crashing", name, text), Crash(f"plug-in {text}", "", text)),
        suppressed=(replace(bad, rule="quiet"),),
        baseline=text or "baseline.jsonl",
        fixed=(Known(text, "diverged", text, Severity.ERROR, 2),),
        unseen=(Known(text, "lr-zero", text, Severity.NOTE),),
        sweeps=(fx.bad_search(text, f"{text}/*"),),
    )


def many(n: int, severity: Severity = Severity.ERROR, text: str = "") -> Report:
    """Return a report with ``n`` runs, each with a finding of that severity."""
    curves = fx.overfitting_curves()
    runs = tuple(fx.run(f"r{i:05}{text}", curves, "fail") for i in range(n))
    found = tuple(fx.finding(run=r.id, path=f"{r.id}/log.csv", severity=severity, fingerprint=r.id) for r in runs)
    return Report(root="runs", runs=runs, findings=found)


def check_golden(text: str, name: str) -> None:
    """Compare with a file of ``golden``; RUNAUDIT_UPDATE_GOLDEN=1 accepts the new bytes."""
    file = GOLDEN / name
    if os.environ.get("RUNAUDIT_UPDATE_GOLDEN"):
        file.write_text(text, "utf-8", newline="\n")
    assert text == file.read_text("utf-8"), "RUNAUDIT_UPDATE_GOLDEN=1 accepts the new bytes"
