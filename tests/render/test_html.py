"""The page for the browser: its look (golden file), one harmless file, its size, and what a screen reader needs."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from html.parser import HTMLParser
from importlib import resources
from itertools import count, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runaudit.model import Crash, Finding, Known, Note, Prescription, Report, RunReport, Severity, Skip, Unreadable
from runaudit.plot import Axis
from runaudit.render import Options, renderer
from runaudit.render._html import _paths, _svg
from runaudit.render._html._paths import Box
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
FAULTS = (
    ("overfitting", "val/loss"),
    ("lr-too-high", "train/loss"),
    ("grad-norm-spikes", "grad_norm"),
    ("accuracy-gap", "val/accuracy"),
    ("missing-decay", "train/loss"),
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
    return parsed(show(report))


def parsed(text: str) -> Document:
    document = Document()
    document.feed(text)
    assert not document.open
    return document


def hostile(words: str) -> Report:
    """Return a report in which every text of a log or of a rule is ``words``."""
    base = fx.nasty()
    run, bad = base.runs[0], base.findings[0]
    bad = replace(
        bad, run=words, rule=words, series=words, message=words, evidence=(words,), why=words, remedy=(words, words),
        facts={words: words}, limit={words: words}, path=words, fingerprint=words, citations=(words,), status="known",
        reason=words,
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
        crashes=(*(replace(c, rule=words, run=words, error=words) for c in base.crashes), Crash(words, "", words)),
        suppressed=(bad,), config=words, notes=(Note(words, words, 3),), lacking=(words,), baseline=words,
        fixed=(Known(words, words, words, Severity.ERROR, 2),), sweeps=(fx.bad_search(words, f"{words}/*"),),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["one", "search"])
def test_look(name: str) -> None:
    text = show(fx.REPORTS[name]())
    file = GOLDEN / f"{name}.html"
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
    for drawing in (e for e in page.all("svg") if "svg" not in e.inside):
        named = drawing.attributes.get("role") == "img" and drawing.attributes["aria-label"]
        assert named or (drawing.attributes["aria-hidden"] == "true" and {"figure", "td"} & set(drawing.inside))
    assert all(e.text.strip() for e in page.all("figcaption"))
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
    found = tuple(fx.finding(run=r.id, fingerprint=f"{i:08x}0") for i, r in enumerate(runs))
    return replace(base, runs=runs, findings=found, skips=tuple(s for r in runs for s in fx.skips(r.id)))


@cache
def heavy(many: int = 50) -> Report:
    """Return runs with long names, noisy curves and five findings each, none of which explains another."""
    runs, found = [], []
    for i in range(many):
        x, noise = np.linspace(0, 1, 2000), np.random.default_rng(i).standard_normal(2000)
        curves = (
            fx.curve("train/loss", 2.2 * np.exp(-4 * x) + 0.5 + 0.1 * noise, 5),
            fx.curve("val/loss", 2 * np.exp(-6 * x[::40]) + np.maximum(x[::40] - 0.4, 0) + 0.03 * noise[::40], 200),
            fx.curve("train/accuracy", 1 - 0.9 * np.exp(-5 * x) + 0.02 * noise, 5),
            fx.curve("val/accuracy", 0.8 - 0.7 * np.exp(-6 * x[::40]) + 0.01 * noise[::40], 200),
            fx.curve("lr", 5e-4 * (1 - x), 5),
            fx.curve("grad_norm", np.exp(0.4 * noise), 5),
        )
        run = fx.run(f"sweep-7/lr={10.0 ** (-1 - i % 4):.0e},bs={2 ** (3 + i % 5)},seed={i}", curves, "fail")
        runs.append(run)
        found += [_fault(run, i, k) for k in range(5)]
    skips = tuple(skip for run in runs for skip in fx.skips(run.id))
    return Report(root="runs", runs=tuple(runs), findings=tuple(found), skips=skips)


def _fault(run: RunReport, i: int, k: int) -> Finding:
    rule, series = FAULTS[k]
    return fx.finding(
        rule=rule,
        severity=Severity.WARNING if k else Severity.ERROR,
        run=run.id,
        series=series,
        first_step=1000 * k,
        last_step=9000 + i,
        message=f"{series} rose {100 + i} % after its best point, while another one still fell ({k})",
        evidence=(f"best 0.{61 + i} at step 4,{i:03}, now 1.42 (limit +20 %)", f"gap: 0.05, later 1.{i}"),
        path=f"{run.id}/trainer_state.json",
        fingerprint=f"{10 * i + k:016x}"[::-1],
        facts={"rise": 1.33 + i},
    )


@pytest.mark.parametrize("report", [fx.many_runs(45), faulty(50)], ids=["healthy", "faulty"])
def test_fifty_runs_take_less_than_300_kilobytes(report: Report) -> None:
    text = show(report)
    assert len(report.runs) == 50
    assert len(text.encode()) <= 300_000
    for found in report.findings:
        assert f">{found.rule}</" in text
    assert "<figure" in text
    assert "Left out" in text


def test_every_plot_of_an_error_or_a_warning_has_room_among_many_findings() -> None:
    report = heavy()
    text = show(report)
    assert len(text.encode()) <= 300_000
    page = parsed(text)
    left = next(e.text for e in page.all("p") if e.attributes.get("class") == "left")
    assert "other curves of runs with findings (50 of 50)" in left
    assert "plots of errors" not in left
    assert "plots of warnings" not in left
    assert sum("article" in e.inside for e in page.all("figure")) == 150  # loss, accuracy and gradient norm of each run
    assert sum(e.tag == "article" for e in page.elements) == len(report.findings)
    for found in report.findings:
        assert found.evidence[0] in text


def test_more_runs_have_more_room() -> None:
    text = show(faulty(77))
    assert 300_000 < len(text.encode()) <= 462_000


def test_what_is_least_important_is_left_out_first_and_that_is_said() -> None:
    crowded = heavy(40)
    noise = np.random.default_rng(3)
    curves = tuple(fx.curve(f"val/metric_{i}", noise.standard_normal(3000)) for i in range(6))
    well = tuple(fx.run(f"well/{i}", curves, "ok") for i in range(10))
    page = parse(replace(crowded, runs=(*crowded.runs, *well)))
    left = next(e.text for e in page.all("p") if e.attributes.get("class") == "left")
    assert re.search(r"plots of runs without findings \(\d+ of 10\)", left)
    assert "plots of warnings" not in left
    assert "runaudit check runs --verbose tells all of it" in left
    assert sum("article" in e.inside for e in page.all("figure")) == 120


def test_when_even_that_is_too_much_errors_stay_in_full() -> None:
    base = heavy(20)
    many = [
        replace(f, rule=f"{f.rule}-{i}", fingerprint=f"{i:02x}{f.fingerprint}", evidence=("x" * 300, "y" * 200))
        for f in base.findings
        for i in range(4)
    ]
    text = show(replace(base, findings=tuple(many)))
    assert len(text.encode()) <= 300_000
    page = parsed(text)
    left = next(e.text for e in page.all("p") if e.attributes.get("class") == "left")
    assert "details of warnings" in left
    assert "details of errors" not in left
    assert sum(e.tag == "article" for e in page.elements) == len(many)


def test_reasons_of_a_rule_in_several_runs_are_told_once() -> None:
    page = parse(faulty(3))
    told = [e for e in page.all("section") if e.attributes.get("class") == "about"]
    assert [e.attributes["id"] for e in told] == ["rule-overfitting"]
    for words in ("in 3 runs", "0.96 precise on 279 labelled runs", "Use more training data", "max_rise 0.2"):
        assert words in told[0].text
    assert show(faulty(3)).count("Use more training data") == 1
    assert sum(e.attributes["href"] == "#rule-overfitting" for e in page.all("a")) == 3


def spoken() -> Report:
    """Return a report whose every text is a word of its own, ``w1`` and so on."""
    words = (f"w{i}w" for i in count())
    word = words.__next__
    curves = tuple(replace(c, name=word()) for c in fx.overfitting_curves())
    found = replace(
        fx.finding(run="r1"), rule=word(), series=curves[0].name, message=word(), evidence=(word(), word()), why=word(),
        remedy=(word(), word()), facts={word(): word()}, limit={word(): word()}, path=word(), citations=(word(),),
        prescription=Prescription(word(), "set", word()), status="known",
    )  # fmt: skip
    below = replace(found, rule=word(), message=word(), consequence_of=found.rule, fingerprint="1", path=word())
    also = replace(found, series=curves[1].name, message=word(), evidence=(word(),), fingerprint="2", path=word())
    runs = tuple(
        fx.run(
            name, curves if name == "r1" else curves[2:], "fail", paths=(word(),), format=word(),
            config={word(): word()}, notes=(Note(word(), word(), 7),), passed=(word(), word()),
        )
        for name in ("r1", "r2")
    )  # fmt: skip
    return Report(
        root="logs", runs=runs, findings=(found, below, also), baseline=word(), config=word(), ignored_files=7,
        skips=(Skip(word(), "r1", word(), (word(),)), Skip(word(), "r2", word())),
        unreadable=(Unreadable(word(), word(), "corrupt", 7), Unreadable(word(), word(), "not-a-log")),
        crashes=(Crash(word(), "r1", word()), Crash(word(), "r2", word()), Crash(word(), "", word())),
        suppressed=(replace(found, rule=word(), message=word(), reason=word()),),
        notes=(Note(word(), word(), 3),), lacking=(word(),), fixed=(Known(word(), word(), word(), Severity.ERROR, 2),),
    )  # fmt: skip


def test_everything_that_the_terminal_tells_is_in_the_page() -> None:
    report = spoken()
    terminal = renderer("rich").render(report, Options(200, verbosity=1))
    told = set(re.findall(r"w\d+w", terminal))
    assert len(told) >= 60
    page = next(parse(report).all("body")).text
    assert told - set(re.findall(r"w\d+w", page)) == set()
    for words in ("1 corrupt file", "2 crashes", "1 broken plug-in", "1 failed requirement", "exit code 1"):
        assert words in terminal.replace("exit ", "exit code ")
        assert words in page


def test_what_the_baseline_knows_is_marked() -> None:
    page = parse(spoken())
    known = [e for e in page.all("b") if e.attributes.get("class") == "known" and "article" in e.inside]
    assert len(known) == 3
    assert "known" in {e.attributes.get("value") for e in page.all("input")}


def test_a_finding_tells_everything() -> None:
    page = parse(fx.one_run())
    told = next(e for e in page.all("article") if "overfitting" in e.text)
    assert told.attributes["id"] == "finding-8f14e45f"
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
    badges = [e for e in parse(fx.many_runs()).all("b") if e.attributes.get("class")]
    assert {str(Severity.ERROR), str(Severity.WARNING), "fail", "ok"} <= {b.text for b in badges}
    assert all(b.text for b in badges)


def test_a_curve_without_a_finite_value_breaks_its_path() -> None:
    curve = fx.curve("train/loss", np.array([1.0, 2.0, np.nan, np.nan, 3.0, 4.0]))
    steps, values = Axis(0, 500), Axis(1, 4)
    assert _paths.line(curve, 100, steps, values, Box(100, 100)).count("M") == 2
    (gap,) = _svg.broken([curve], steps)
    assert (gap.start, gap.width) == (40.0, 40.0)


def test_a_thinned_curve_keeps_its_highest_and_lowest_value() -> None:
    values = np.sin(np.arange(1000.0) / 30)
    values[503] = 9.0
    values[700] = -9.0
    curve = fx.curve("train/loss", values)
    thin = _paths.thinned(curve, 40)
    assert (len(thin.steps), thin.high.max(), thin.low.min()) == (40, 9.0, -9.0)
    steps, shown = _paths.peaked(curve, 40, Axis(-9, 9))
    assert (shown.max(), shown.min()) == (9.0, -9.0)
    assert len(steps) < 40
    assert np.all(np.diff(steps) >= 0)


def test_a_line_of_peaks_shows_where_nothing_is_finite() -> None:
    values = np.linspace(2.0, 1.0, 1000)
    values[400:700] = np.nan
    _, shown = _paths.peaked(fx.curve("train/loss", values), 40, Axis(1, 2))
    assert np.isnan(shown).any()
    assert np.isfinite(shown[[0, -1]]).all()


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 120)), min_size=1, max_size=60))
def test_a_straightened_path_misses_no_point_by_more_than_a_unit(moves: list[tuple[int, int]]) -> None:
    points = list(zip(np.cumsum([right for right, _ in moves]).tolist(), [y for _, y in moves], strict=True))
    kept = _paths.straightened(points)
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    for x, y in points:
        around = [
            (y0 + (y1 - y0) * (x - x0) / (x1 - x0) if x1 > x0 else None, y0, y1)
            for (x0, y0), (x1, y1) in pairwise(kept)
            if x0 <= x <= x1
        ]
        near = (abs(y - at) <= 1 if at is not None else min(y0, y1) <= y <= max(y0, y1) for at, y0, y1 in around)
        assert len(kept) == 1 or any(near), (x, y, kept)


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
    found = _svg.scales([curve], Axis(0, 3000), _svg.Detail(100, Box(200, 100), axes=2, bands=1))
    assert [s.kind for s in found] == kinds
    assert all(0 <= tick.at <= 100 for scale in found for tick in scale.ticks)


def test_a_single_step_is_wide_enough_to_be_seen() -> None:
    last = _svg.span(4000, 4000, Axis(0, 4000), "error")
    assert last.width > 0
    assert last.start + last.width <= 100
