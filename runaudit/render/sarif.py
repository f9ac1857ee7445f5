"""SARIF 2.1.0 as GitHub code scanning takes it: one result a finding, at a place in a file and with a lasting print."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from runaudit import __version__
from runaudit.model import Finding, Report, RunReport, Severity
from runaudit.pen import Options
from runaudit.render import Renderer
from runaudit.render._markup import inline
from runaudit.render._places import identities, repo_path, uri
from runaudit.render._verdict import by_id, crashed, judge, pen_of, unread, worst_first
from runaudit.render._words import run_name, when
from runaudit.render.json import document as plain_document
from runaudit.text import clean, count, one_line, shorten

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
CATEGORY = "runaudit/"  # up to the last slash: what tells this upload from those of other tools
MOST_RESULTS = 25_000  # of a run; GitHub refuses a file with more
DESCRIPTION = 1_024  # characters of a description of a rule
MESSAGE = 2_000  # characters of a message, so that all results stay far below 10 MB compressed
PROPERTIES = (
    *("run", "series", "first_step", "last_step", "confidence", "facts", "limit"),
    *("prescription", "consequence_of"),
)  # of a result, as in the JSON report
URL = re.compile(r"https?://[!-~]+")
SEMANTIC = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}


def render(report: Report, options: Options) -> str:
    """Return the report as indented ASCII JSON and a final newline."""
    return json.dumps(document(report, options), indent=2, allow_nan=False) + "\n"


def document(report: Report, options: Options) -> dict[str, Any]:
    """Return the report as one run in the shape of SARIF.

    ``rules`` describes the rules that found something, from what a finding says of its rule. Of more findings than
    GitHub takes the worst are kept, and a notification counts the others.
    """
    everything = [*report.findings, *report.suppressed]
    kept = worst_first(everything)[:MOST_RESULTS] if len(everything) > MOST_RESULTS else everything
    rules = _rules(kept)
    driver = {"name": "runaudit", "version": __version__, "rules": list(rules.values())}
    if SEMANTIC.fullmatch(__version__):
        driver["semanticVersion"] = __version__
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": CATEGORY},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, len(everything) - len(kept))],
        "results": _results(report, kept, list(rules), options),
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rules(findings: Sequence[Finding]) -> dict[str, dict[str, Any]]:
    """Return what there is to say of each rule, by id; its level is that of its worst finding."""
    return {f.rule: _rule(f) for f in sorted(worst_first(findings), key=lambda f: f.rule, reverse=True)[::-1]}


def _rule(finding: Finding) -> dict[str, Any]:
    why, tries = one_line(finding.why), [one_line(r) for r in finding.remedy]
    numbered = [f"{i + 1}. {t}" for i, t in enumerate(tries)]
    links = [c for c in finding.citations if URL.fullmatch(c)]
    text = "\n".join([clean(why), "", "What to try, likeliest first:", *map(clean, numbered), *links])
    marked = [inline(why), "", "**What to try, likeliest first**", ""]
    marked += [f"{i + 1}. {inline(t)}" for i, t in enumerate(tries)]
    marked += ["", f"`runaudit explain {finding.rule}` tells more.", *(f"\n<{link}>" for link in links)]
    name = "".join(w[:1].upper() + w[1:] for w in finding.rule.split("-"))[:255]
    return {
        "id": finding.rule,
        **({"name": name} if name.lower() != finding.rule else {}),  # one that is the id again is refused
        "shortDescription": {"text": _sentence(shorten(clean(finding.title), DESCRIPTION - 1))},
        "fullDescription": {"text": _sentence(shorten(clean(why), DESCRIPTION - 1))},
        "help": {"text": text, "markdown": "\n".join(marked)},
        **({"helpUri": links[0]} if links else {}),
        "defaultConfiguration": {"level": str(finding.severity)},
        "properties": {
            "precision": str(finding.confidence),
            "problem.severity": PROBLEM[finding.severity],
            "tags": ["training", finding.family],
        },
    }


def _results(
    report: Report, findings: Sequence[Finding], rules: Sequence[str], options: Options
) -> list[dict[str, Any]]:
    runs = by_id(report)
    suppressed = {id(f) for f in report.suppressed}
    reasons = [_suppression(f, suppressed=id(f) in suppressed) for f in findings]
    plain = plain_document(report)
    facts = dict(zip(map(id, report.findings), plain["findings"], strict=True))
    facts |= dict(zip(map(id, report.suppressed), plain["suppressed"], strict=True))
    index = {rule: i for i, rule in enumerate(rules)}
    results = []
    for finding, identity, reason in zip(findings, identities(findings), reasons, strict=True):
        told = facts[id(finding)]
        results.append(
            {
                "ruleId": finding.rule,
                "ruleIndex": index[finding.rule],
                "level": str(finding.severity),
                "message": {"text": _message(report, finding, runs.get(finding.run), options)},
                "locations": [_location(report, finding)],
                "partialFingerprints": {"primaryLocationLineHash": identity},
                **({"suppressions": [reason] if reason else []} if any(reasons) else {}),
                "properties": {key: told[key] for key in PROPERTIES if told[key] is not None},
            }
        )
    return results


def _suppression(finding: Finding, *, suppressed: bool) -> dict[str, str] | None:
    if suppressed:
        why = clean(finding.reason) or "suppressed in the configuration of runaudit"
        return {"kind": "external", "justification": shorten(why, MESSAGE)}
    if finding.status == "known":
        return {"kind": "external", "justification": "known: in the baseline of runaudit"}
    return None


def _message(report: Report, finding: Finding, run: RunReport | None, options: Options) -> str:
    """Return what was found, its first sentence first: GitHub makes it the title; then run, steps and what to try."""
    pen = pen_of(options)
    name = run_name(report.root, finding.run, run.paths if run is not None else ())
    steps = when(pen, finding, run)
    words = [_sentence(shorten(clean(finding.message.strip()), MESSAGE // 2))]
    words.append(f"Run {pen.short(name, 200)}{f', {steps}' if steps else ''}.")
    words += [f"Try: {shorten(clean(one_line(r)), MESSAGE // 4)}" for r in finding.remedy[:1]]
    return _no_link(" ".join(words))


def _no_link(text: str) -> str:
    r"""Return the text of a message without what a viewer would take for a link.

    >>> _no_link("a [b](c)"), _no_link("shape [3]")
    ('a \\[b\\](c)', 'shape [3]')
    """
    return re.sub(r"([\\\[\]])", r"\\\1", text) if "](" in text else text


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text or '-'}."


def _location(report: Report, finding: Finding) -> dict[str, Any]:
    return {
        **_physical(repo_path(report.root, finding.path or finding.run), finding.line),
        "logicalLocations": [{"fullyQualifiedName": clean(f"{finding.run}/{finding.series}".rstrip("/"))}],
    }


def _physical(path: str, line: int | None) -> dict[str, Any]:
    at = max(line or 1, 1)
    region = {"startLine": at, "startColumn": 1, "endLine": at, "endColumn": 2}
    return {"physicalLocation": {"artifactLocation": {"uri": uri(path)}, "region": region}}


def _invocation(report: Report, left_out: int) -> dict[str, Any]:
    """Return how the audit went: not successful if a file was corrupt or a rule crashed, whatever was found."""
    complete = not report.crashes and all(u.kind != "corrupt" for u in report.unreadable)
    return {
        "executionSuccessful": complete,
        "exitCode": report.exit_code,
        "exitCodeDescription": judge(report)[1],
        "toolExecutionNotifications": list(_notifications(report, left_out)),
    }


def _notifications(report: Report, left_out: int) -> Iterator[dict[str, Any]]:
    runs = by_id(report)
    for crash in crashed(report):
        paths = runs[crash.run].paths if crash.run in runs else ()
        words = f"The rule {crash.rule} crashed on {crash.run}: {crash.error}"
        words = f"The {crash.rule} was left out: {crash.error}" if crash.plug_in else words
        where = [_physical(repo_path(report.root, paths[0]), None)] if paths else []
        yield _notification("crash", "error", words, where)
    for file in unread(report):
        level = "error" if file.kind == "corrupt" else "note"
        where = [_physical(repo_path(report.root, file.path), file.line)]
        yield _notification(file.kind, level, f"Not read: {file.reason}", where)
    if report.skips:
        words = f"{count(len(report.skips), 'check')} could not be judged: the logs hold too little for them"
        yield _notification("skipped", "note", words, [])
    for words in report.failures:
        yield _notification("required", "error", words, [])
    if not report.judged:
        yield _notification("no-run", "error", "No run was found", [])
    if left_out:
        yield _notification("left-out", "warning", f"{count(left_out, 'finding')} left out: GitHub takes no more", [])


def _notification(kind: str, level: str, words: str, locations: list[dict[str, Any]]) -> dict[str, Any]:
    text = _no_link(_sentence(shorten(clean(words), MESSAGE)))
    return {
        "descriptor": {"id": kind},
        "level": level,
        "message": {"text": text},
        **({"locations": locations} if locations else {}),
    }


RENDERER = Renderer("sarif", ".sarif", render)
