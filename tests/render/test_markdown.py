"""The markdown report: its look, its budgets, and that nothing of a log is markup in it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from runaudit.model import Report, Severity, Unreadable
from runaudit.render import Options, renderer
from runaudit.render import markdown as markdown_format
from runaudit.render._budget import COMMENT, SUMMARY, Budget
from runaudit.render._markup import block
from tests.render import fixtures as fx
from tests.render import hostile

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = re.compile(r"</?(details|summary|b|code|sub|span)( open)?>|<!-- runaudit -->|[^<>]+")
MENTION = re.compile(r"@\w|#\d|\bGH-\d|://|www\.")


def show(report: Report, options: Options | None = None) -> str:
    return renderer("markdown").render(report, options or Options())


def pieces(text: str) -> list[Token]:
    """Return the tokens of a text, those of a line among the others."""
    tokens = PARSER.parse(text)
    return [t for token in tokens for t in (token, *(token.children or []))]


@pytest.mark.parametrize("name", ["one", "healthy", "many", "nasty", "search", "empty"])
def test_look(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown_format, "__version__", "0")
    hostile.check_golden(show(fx.REPORTS[name]()), f"{name}.md")


def test_the_verdict_is_the_heading() -> None:
    assert "\n## ✗ runaudit: 2 of 5 runs fail\n" in show(fx.many_runs())
    assert "\n## ✓ runaudit: `runs/vit-b/metrics.csv` ok\n" in show(fx.healthy())
    assert "\n## ? runaudit: no run found\n" in show(fx.empty())


def test_alerts_name_each_rule_once() -> None:
    text = show(hostile.many(40))
    assert text.count("> [!CAUTION]") == 1
    assert "[!WARNING]" not in text
    assert "in `r00000`, `r00001`, `r00002` and 37 more runs: val/loss rose" in text


def test_an_error_that_a_milder_cause_explains_is_an_alert() -> None:
    cause = fx.finding(rule="z", severity=Severity.WARNING)
    text = show(replace(fx.one_run(), findings=(cause, fx.finding(rule="y", consequence_of="z"))))
    assert "> [!CAUTION]\n> - **`y`**" in text
    assert "> [!WARNING]\n> - **`z`**" in text


def test_an_alert_is_not_nested_and_does_not_touch_the_table() -> None:
    tokens = PARSER.parse(show(fx.many_runs()))
    assert [t.level for t in tokens if t.type == "blockquote_open"] == [0, 0]
    assert sum(t.type == "table_open" for t in tokens) == 1 + 5


def test_of_many_runs_the_healthy_ones_are_counted() -> None:
    text = show(fx.many_runs(40))
    assert "✓ 41 runs without findings" in text
    assert "trial-000" not in text


def test_of_hundreds_of_faulty_runs_the_worst_are_listed() -> None:
    text = show(hostile.many(120))
    assert "\nand 20 more runs with findings\n" in text
    assert "| `r00099` |" in text
    assert "| `r00100` |" not in text


def test_known_findings_raise_no_alert_but_are_told() -> None:
    text = show(replace(fx.one_run(), findings=(fx.finding(status="known"),)))
    assert "[!CAUTION]" not in text
    assert "(known): val/loss rose" in text
    assert "1 known" in text


def test_findings_about_no_run_are_told() -> None:
    assert "<summary><code>sweep</code></summary>" in show(hostile.report("x"))


def test_of_very_many_unread_files_some_are_named() -> None:
    files = tuple(Unreadable(f"{i:03}.csv", "is empty", "corrupt") for i in range(50))
    text = show(replace(fx.one_run(), unreadable=files))
    assert "- and 30 more\n" in text
    assert "`runs/000.csv`" in text


def test_ascii_draws_our_shapes_without_unicode() -> None:
    assert not set(show(fx.many_runs(), Options(ascii=True))) & set("▁▂▃▄▅▆▇█✗✓·")
    assert set(show(fx.many_runs())) >= set("▁█✗✓·")


@pytest.mark.parametrize("text", ["", "`" * 300, "<" * 300, "$" * 300])
@pytest.mark.parametrize("runs", [1, 40, 3_000])
def test_a_summary_and_a_comment_stay_in_their_limits(runs: int, text: str) -> None:
    report = hostile.many(runs, text=text)
    assert len(show(report).encode()) <= SUMMARY.room < 1024 * 1024
    assert len(markdown_format.comment(report, Options())) <= COMMENT.room < 65_536


def test_the_least_important_goes_first_and_that_is_said() -> None:
    report = fx.many_runs()
    whole = show(report)
    assert "Left out" not in whole
    room = len(whole) + 1_000
    seen = []
    while room > 2_600:
        text = markdown_format.fitted(report, Options(), Budget("a test", room, len))
        assert len(text) <= room
        assert "> [!CAUTION]" in text
        seen.append(
            tuple(part in text for part in ("first → last", "rules passed", "skipped 5 rules", "**Why:**", "| yolo-n"))
        )
        assert ("**Left out to fit a test:**" in text) == (seen[-1][:4] != (True,) * 4 or "curves (" in text)
        room -= 100
    for part in range(4):  # each part goes before the next one does, and stays away
        gone = [i for i, parts in enumerate(seen) if not parts[part]]
        assert gone == list(range(gone[0], len(seen)))
    firsts = [next(i for i, parts in enumerate(seen) if not parts[k]) for k in range(4)]
    assert firsts == sorted(firsts)


def test_no_line_closes_a_fence() -> None:
    lines = block(["a", "  ````", "b"])
    assert (lines[0], lines[-1]) == ("`````text", "`````")


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_hostile_texts_are_text(text: str) -> None:
    check(text)


@settings(max_examples=60, deadline=None)
@given(hostile.ANY)
def test_any_text_is_text(text: str) -> None:
    check(text)


def check(text: str) -> None:
    for written in (show(hostile.report(text)), markdown_format.comment(hostile.report(text), Options())):
        kinds = [t.type for t in pieces(written)]
        assert not {"link_open", "image", "s_open", "em_open", "hr", "code_block"} & set(kinds)
        assert kinds.count("heading_open") == 2
        assert kinds.count("blockquote_open") == 2
        opened = 0
        for token in pieces(written):
            if token.type in {"html_block", "html_inline"}:
                assert OURS.sub("", token.content) == "", token.content
                opened += token.content.count("<details") - token.content.count("</details>")
            if token.type == "text":
                assert not MENTION.search(token.content), token.content
        assert opened == 0
        for line in written.split("\n"):
            assert line.replace("\u200b", "").replace("\u00a0", "").isprintable()
