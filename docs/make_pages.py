"""Write the generated pages of the docs: run ``python -m docs.make_pages`` after a change of what they tell of.

A page each for every rule, log format and output format, their tables, and the references of the settings, the JSON
report, rule files, commands and the Python API. All of it comes from the rule files, the docstrings and the schemas;
nothing is listed here. A page of something that is gone is taken away. The picture of the README is drawn anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from docs._commands import commands
from docs._examples import RUN, output_example, report, sample_of
from docs._python import python
from docs._schemas import json_report, rule_file, settings
from docs.make_readme_svg import picture
from runaudit import docs
from runaudit.docs import Output, table
from runaudit.pen import Options
from runaudit.readers import Reader, readers
from runaudit.render import renderers
from runaudit.ruleset import Rule, load_rules, rules_folder

HERE = Path(__file__).resolve().parent
COMMAND = "python -m docs.make_pages"
MARK = f"<!-- Made by {COMMAND}: change what it is made from. -->"
FOLDERS = ("rules", "formats", "outputs")  # hold nothing but generated pages
RULES = """# All rules

A rule that lacks something in a log says so, and what to log: [what to log for which rule](needs.md). Precision and
recall are measured on labelled runs, which `runaudit calibrate` does on yours too. `runaudit explain RULE` shows the
page of a rule.
"""
FORMATS = """# What runaudit reads

Each may be packed by gzip, bzip2, xz or zstd (Python 3.14, or the extra `fast`), or lie in a zip or tar archive.
Files that no reader claims are counted; a file that is claimed and gives no run is named with the reason. Nothing
needs the framework that wrote it. `runaudit explain NAME` shows the page of a format, `runaudit runs FOLDER` how
yours is understood.
"""
OUTPUTS = """# What runaudit writes

`--format NAME` prints it, `--output FILE` writes it, by the suffix of the file, as often as you like in one call. The
exit code is the same in all. The examples are the report on one of the sample logs that ship with runaudit.
"""
NEEDS = """# What to log for which rule

Names are the canonical ones: `runaudit runs FOLDER` shows for what each of your columns is taken, and [a
map](recipes/odd-names.md) says it where the name does not. How to log these is told in [what to
log](recipes/what-to-log.md).
"""


def pages() -> dict[str, str]:
    """Return the text of every generated page by its path below docs/."""
    rules = [r for r in load_rules().values() if rules_folder() in Path(r.path).parents]
    formats = [r for r in readers() if r.read.__module__.startswith("runaudit.")]  # none of an installed plug-in
    outputs: list[Output] = [r for r in renderers().values() if r.render.__module__.startswith("runaudit.")]
    found = {
        "rules.md": "\n".join((RULES, *_rule_tables(rules))),
        "needs.md": "\n".join((NEEDS, *_needs(rules))),
        "formats.md": "\n".join((FORMATS, *_format_table(formats))),
        "outputs.md": "\n".join((OUTPUTS, *_output_table(outputs))),
        "configuration.md": settings(),
        "json.md": json_report(),
        "rule-file.md": rule_file(),
        "commands.md": commands(),
        "python.md": python(),
        **{f"rules/{rule.id}.md": docs.markdown(rule, rules) for rule in rules},
        **{f"formats/{one.name}.md": docs.markdown(one) + sample_of(one, formats) for one in formats},
    }
    files: dict[str, str] = {}
    for one in outputs:
        example, more = output_example(one)
        files |= {f"outputs/{name}": text for name, text in more.items()}
        found[f"outputs/{one.name}.md"] = docs.markdown(one) + example
    return {**{name: f"{text.rstrip()}\n\n{MARK}\n" for name, text in found.items()}, **files}


def drift(folder: Path, wanted: dict[str, str]) -> list[str]:
    """Return what is wrong with the generated pages in a folder, one sentence each."""
    problems = []
    for name, text in wanted.items():
        if not (folder / name).is_file():
            problems.append(f"{name} is missing")
        elif (folder / name).read_text("utf-8") != text:
            problems.append(f"{name} is stale")
    return problems + [f"{name} is left over" for name in left_over(folder, wanted)]


def left_over(folder: Path, wanted: dict[str, str]) -> list[str]:
    """Return the files that were generated, by their folder or their last line, and are not wanted any more."""
    ours = tuple(f"{name}/" for name in FOLDERS)
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return sorted(
        name
        for name, path in there.items()
        if name not in wanted and (name.startswith(ours) or (path.suffix == ".md" and MARK in path.read_text("utf-8")))
    )


def write(folder: Path, wanted: dict[str, str]) -> None:
    """Write the pages that changed, and take away those that are left over."""
    for name, text in wanted.items():
        path = folder / name
        if not path.is_file() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for name in left_over(folder, wanted):
        (folder / name).unlink()


def _rule_tables(rules: Sequence[Rule]) -> Iterator[str]:
    for family, members in groupby(rules, key=lambda r: r.family):
        yield from (f"## {family}", "")
        rows = (
            (f"[{r.id}](rules/{r.id}.md)", docs.cell(r.title), r.severity, _share(r, "precision"), _share(r, "recall"))
            for r in members
        )
        yield from (*table(("rule", "what it finds", "severity", "precision", "recall"), rows), "")


def _share(rule: Rule, name: str) -> str:
    return f"{rule.measured[name]:.2f}" if name in rule.measured else ""


def _needs(rules: Sequence[Rule]) -> list[str]:
    by_need: dict[str, list[str]] = {}
    for rule in rules:
        for need in rule.needs:
            by_need.setdefault(need, []).append(f"[{rule.id}](rules/{rule.id}.md)")
    rows = ((docs.cell(need), ", ".join(by_need[need])) for need in sorted(by_need))
    return table(("log", "for"), rows)


def _format_table(formats: Sequence[Reader]) -> list[str]:
    rows = []
    for one in sorted(formats, key=lambda r: r.title.lower()):
        read, tested = (docs.cell(" ".join(part)) for part in docs.said(one))
        rows.append((f"[{docs.cell(one.title)}](formats/{one.name}.md)", read, tested or "no writer of its own"))
    return table(("format", "what is read", "writer tested"), rows)


def _output_table(outputs: Sequence[Output]) -> list[str]:
    rows = []
    for one in outputs:
        title = docs.page(one, Options()).title
        rows.append((f"[{one.name}](outputs/{one.name}.md)", f"`{one.suffix}`", docs.cell(title)))
    return table(("format", "suffix", "what it is"), rows)


if __name__ == "__main__":
    made = pages()
    problems = drift(HERE, made)
    write(HERE, made)
    (HERE / "report.svg").write_text(picture(report(), f"runaudit check {RUN}"), "utf-8")
    sys.stdout.write("".join(f"{problem}: corrected\n" for problem in problems) or "all pages are current\n")
