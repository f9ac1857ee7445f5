"""The page for the browser: its look (golden file), one harmless file, its size, and what a screen reader needs."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from runaudit.model import Report, Severity
from runaudit.plot import Axis
from runaudit.render import Options, renderer
from runaudit.render._html import _svg
from tests.render import fixtures as fx

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = (
    "</title><script>alert(1)</script>",
    "\"' onload=alert(2) x='",
    "</style></script><img src=x onerror=alert(3)>",
    "javascript:alert(4)",
    "{{ 7 * 191 }}{% raw %}",
    "\x1b[31mred \u202eexe.gpj\u2066 \u05d0\u05d1\u05d2 &lt;b&gt; -->",
)
VOID = {"meta", "input", "br", "img", "link"}
TABLE = {"td", "th", "tr", "li", "dd", "dt"}  # their end may be left out


def show(report: Report) -> str:
    return renderer("html").render(report, Options())


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    inside: tuple[str, ...]
    text: str = ""


@dataclass
class Document(HTMLParser):
    """The elements of a page in their order, each with the text inside it."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {k: v or "" for k, v in attrs}, tuple(e.tag for e in self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self.open[-1].tag != tag:
            assert self.open[-1].tag in TABLE, f"</{tag}> closes <{self.open[-1].tag}>"
            self.open.pop()
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, *tags: str) -> Iterator[Element]:
        return (e for e in self.elements if e.tag in tags)


def parse(report: Report) -> Document:
    document = Document()
    document.feed(show(report))
    assert not document.open
    return document


def hostile(words: str) -> Report:
    """Return a report in which every text of a log or of a rule is ``words``."""
    base = fx.nasty()
    run, bad = base.runs[0], base.findings[0]
    bad = replace(
        bad, run=words, rule=words, series=words, message=words, evidence=(words,), why=words, remedy=(words, words),
        facts={words: words}, limit={words: words}, path=words, fingerprint=words, citations=(words,), status="known",
    )  # fmt: skip
    curves = tuple(replace(c, name=words, source_name=words) for c in run.curves)
    run = replace(
        run, id=words, paths=(words,), format=words, curves=curves, config={words: words}, passed=(words,),
        step_unit=words, notes=tuple(replace(n, message=words, path=words) for n in run.notes),
    )  # fmt: skip
    other = replace(run, id=f"{words} b")
    return replace(
        base, root=words, runs=(run, other), findings=(bad, replace(bad, consequence_of=words), replace(bad, run="?")),
        skips=tuple(replace(s, rule=words, run=words, reason=words) for s in base.skips),
        unreadable=tuple(replace(u, path=words, reason=words, kind=words) for u in base.unreadable),
        crashes=tuple(replace(c, rule=words, run=words, error=words) for c in base.crashes), suppressed=(bad,),
    )  # fmt: skip


def test_look() -> None:
    text = show(fx.one_run())
    file = GOLDEN / "one.html"
    if os.environ.get("RUNAUDIT_UPDATE_GOLDEN"):
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8"), "RUNAUDIT_UPDATE_GOLDEN=1 accepts the new look"


@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_that_a_log_says_becomes_markup(words: str) -> None:
    plain, page = parse(hostile("plain")), parse(hostile(words))
    assert [e.tag for e in page.elements if e.tag != "a"] == [e.tag for e in plain.elements if e.tag != "a"]
    assert sum(1 for _ in page.all("script")) == 1
    assert not any(name.startswith("on") or name == "style" for e in page.elements for name in e.attributes)
    assert all(e.attributes["href"].startswith(("#", "https://", "http://")) for e in page.all("a"))
    assert "1337" not in show(hostile(words))


@pytest.mark.parametrize("name", fx.REPORTS)
def test_no_text_can_move_or_reorder_anything(name: str) -> None:
    text = show(fx.REPORTS[name]())
    assert text.replace("\n", "").isprintable()
    text.encode("utf-8")


def test_only_a_web_address_is_a_link() -> None:
    cited = fx.finding(citations=("javascript:alert(1)", "https://example.org/a?b=1&c=2"))
    links = [e.attributes["href"] for e in parse(replace(fx.one_run(), findings=(cited,))).all("a")]
    assert "https://example.org/a?b=1&c=2" in links
    assert not any("javascript" in link for link in links)


@pytest.mark.parametrize("name", fx.REPORTS)
def test_the_page_loads_nothing_and_runs_only_its_own_script(name: str) -> None:
    page = parse(fx.REPORTS[name]())
    assert not list(page.all("link", "img", "iframe", "object", "embed", "base"))
    assert not any(
        {"src", "srcset", "action", "formaction", "data", "style"} & set(e.attributes) for e in page.elements
    )
    assert "url(" not in next(page.all("style")).text
    assert "@import" not in next(page.all("style")).text
    policy = next(e for e in page.all("meta") if e.attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.attributes["content"].startswith("default-src 'none';")
    for tag in ("style", "script"):
        (element,) = page.all(tag)
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy.attributes["content"]


@pytest.mark.parametrize("name", fx.REPORTS)
def test_links_lead_somewhere_and_names_are_unique(name: str) -> None:
    page = parse(fx.REPORTS[name]())
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    targets = [e.attributes["href"][1:] for e in page.all("a", "use") if e.attributes["href"].startswith("#")]
    assert set(targets) <= set(ids)
    assert {e.attributes["aria-labelledby"] for e in page.all("section") if "aria-labelledby" in e.attributes} <= set(
        ids
    )


@pytest.mark.parametrize("name", fx.REPORTS)
def test_a_screen_reader_finds_its_way(name: str) -> None:
    page = parse(fx.REPORTS[name]())
    assert next(page.all("html")).attributes["lang"] == "en"
    assert [len(list(page.all(tag))) for tag in ("header", "main", "footer", "nav", "h1")] == [1] * 5
    levels = [int(e.tag[1]) for e in page.all("h1", "h2", "h3", "h4", "h5")]
    assert all(below <= above + 1 for above, below in pairwise(levels))
    outer = [e for e in page.all("svg") if "svg" not in e.inside]
    assert all(e.attributes.get("role") == "img" for e in outer)
    assert len(outer) == sum(1 for e in page.all("title") if "svg" in e.inside) == sum(1 for _ in page.all("desc"))
    assert all(e.attributes.get("scope") in {"col", "row"} for e in page.all("th"))
    assert all("label" in e.inside for e in page.all("input", "select"))
    assert all(e.attributes.get("aria-label") or e.text.strip() for e in page.all("a", "button", "summary"))


def _luminance(color: str) -> float:
    digits = color.lstrip("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1, 2])
def test_colours_have_the_contrast_of_wcag_aa(theme: int) -> None:
    style = resources.files("runaudit.render._html").joinpath("style.css").read_text("utf-8")
    roots = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colors = dict(re.findall(r"--([\w-]+): (#\w+)", roots[theme]))
    for words in ("text", "dim", "link", "error", "warning", "note", "ok", "unknown"):
        for ground in ("page", "card"):
            one, other = sorted((_luminance(colors[words]), _luminance(colors[ground])))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (words, ground)
    for line in ("train", "val", "test", "other"):
        one, other = sorted((_luminance(colors[line]), _luminance(colors["card"])))
        assert (other + 0.05) / (one + 0.05) >= 3, line


def faulty(many: int) -> Report:
    base = fx.many_runs()
    runs = tuple(fx.run(f"sweep/{i:03}", fx.overfitting_curves(), "fail") for i in range(many))
    found = tuple(fx.finding(run=r.id, fingerprint=f"{i:016x}") for i, r in enumerate(runs))
    return replace(base, runs=runs, findings=found, skips=tuple(s for r in runs for s in fx.skips(r.id)))


@pytest.mark.parametrize("report", [fx.many_runs(45), faulty(50)], ids=["healthy", "faulty"])
def test_fifty_runs_take_less_than_300_kilobytes(report: Report) -> None:
    text = show(report)
    assert len(report.runs) == 50
    assert len(text.encode()) <= 300_000
    for found in report.findings:
        assert f">{found.rule}</code>" in text
    assert "<figure" in text
    assert "Left out" in text


def test_plots_of_healthy_runs_are_left_out_first_and_that_is_said() -> None:
    crowded = faulty(40)
    noise = np.random.default_rng(3)
    curves = tuple(fx.curve(f"val/metric_{i}", noise.standard_normal(3000)) for i in range(6))
    well = tuple(fx.run(f"well/{i}", curves, "ok") for i in range(10))
    page = parse(replace(crowded, runs=(*crowded.runs, *well)))
    left = next(e for e in page.all("p") if e.attributes.get("class") == "left")
    assert "runs without findings" in left.text
    assert "plots of findings" not in left.text
    drawn = sum(1 for e in page.all("figure") if "article" in e.inside)
    assert drawn == 40


def test_a_finding_tells_everything() -> None:
    page = parse(fx.one_run())
    told = next(e for e in page.all("article") if e.attributes["data-rule"] == "overfitting")
    assert told.attributes["id"] == "finding-8f14e45fceea167a"
    found = fx.finding()
    wanted = [found.message, "runs/resnet50-a/trainer_state.json:412", "steps 1,700\u20134,000", *found.evidence]
    wanted += [
        *found.remedy,
        "weight_decay 0.01 \u2192 0.1",
        "high (0.96 precise on 279 labelled runs)",
        "max_rise 0.2",
    ]
    wanted += ["Also explains", "accuracy-gap", *found.citations, "train/loss", "val/loss", "log axis"]
    for words in wanted:
        assert words in told.text, words


def test_a_deep_link_stays_when_other_runs_come_and_go() -> None:
    few = {e.attributes["id"] for e in parse(fx.many_runs()).all("section") if "id" in e.attributes}
    more = {e.attributes["id"] for e in parse(fx.many_runs(3)).all("section") if "id" in e.attributes}
    assert "run-vit/lr=1e-1,bs=4096,optimizer=sgd/version_0" in few <= more


def test_the_verdict_counts_what_was_not_checked() -> None:
    header = next(parse(fx.many_runs()).all("header")).text
    assert "2 of 5 runs fail" in header
    for words in ("15 checks", "2 files", "1 crash", "1,204 other files", "1 suppressed"):
        assert words in header


def test_no_severity_is_shown_by_colour_alone() -> None:
    badges = [e.text for e in parse(fx.many_runs()).all("span") if "badge" in e.attributes.get("class", "").split()]
    assert {str(s) for s in (Severity.ERROR, Severity.WARNING)} <= {b.split()[-1] for b in badges}


def test_a_curve_without_a_finite_value_breaks_its_path() -> None:
    curve = fx.curve("train/loss", np.array([1.0, 2.0, np.nan, np.nan, 3.0, 4.0]))
    steps, values = Axis(0, 500), Axis(1, 4)
    assert _svg.middle(_svg.thinned(curve, 100), steps, values).count("M") == 2
    (gap,) = _svg.broken([curve], steps)
    assert (gap.start, gap.width) == (40.0, 40.0)


def test_a_thinned_curve_keeps_its_highest_and_lowest_value() -> None:
    values = np.sin(np.arange(1000.0) / 30)
    values[503] = 9.0
    values[700] = -9.0
    thin = _svg.thinned(fx.curve("train/loss", values), 40)
    assert (len(thin.steps), thin.high.max(), thin.low.min()) == (40, 9.0, -9.0)


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ([2.0, 1.0, 0.1], ["linear", "log"]),
        ([1000.0] + [1.0] * 30, ["log", "linear"]),
        ([2.0, 1.9], ["linear"]),
        ([2.0, -1.0], ["linear"]),
        ([np.nan, np.nan], ["linear"]),
        ([1e308, -1e308, 5e-324], ["linear"]),
        ([5e-324, 1e308], ["linear", "log"]),
    ],
)
def test_an_axis_can_be_switched_where_that_shows_more(values: list[float], kinds: list[str]) -> None:
    curve = fx.curve("train/loss", np.array(values))
    found = _svg.scales([curve], "k", Axis(0, 3000), 100, log=True, band=True)
    assert [s.kind for s in found] == kinds
    assert all(0 <= tick.at <= 100 for scale in found for tick in scale.ticks)


def test_a_single_step_is_wide_enough_to_be_seen() -> None:
    last = _svg.span(4000, 4000, Axis(0, 4000), "error")
    assert last.width > 0
    assert last.start + last.width <= 100
