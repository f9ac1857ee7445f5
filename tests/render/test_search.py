"""What every format says of a search: order, states, scales, and nothing lost."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pytest

from runaudit.model import Report
from runaudit.render import Options, renderer, renderers
from runaudit.render._html.search import pictures, searched
from runaudit.render._search.view import view_of
from tests.render import fixtures as fx

FORMATS = sorted(renderers())


def alone() -> Report:
    report = fx.searched()
    return replace(report, runs=())


@pytest.mark.parametrize("name", FORMATS)
def test_a_finding_of_a_search_is_in_every_format(name: str) -> None:
    for report in (fx.searched(), alone()):
        text = renderer(name).render(report, Options())
        assert "best-on-border" in text
        assert "trial-07" in text
        assert "NO RUN" not in text
        assert "No run found" not in text


@pytest.mark.parametrize("name", ["rich", "markdown", "html", "json", "agent"])
def test_the_best_trial_is_in_every_format_that_tells_runs(name: str) -> None:
    text = renderer(name).render(fx.searched(), Options())
    assert "trial-02" in text
    assert "0.303" in text


def test_complete_trials_come_first_and_the_best_of_them_before() -> None:
    view = view_of(fx.searched().sweeps[0])
    assert view.best is view.trials[0]
    states = [trial.state for trial in view.trials]
    assert states == ["complete"] * 20 + ["cut-short"] * 2 + ["diverged", "failed"]
    values = [trial.value for trial in view.trials[:20]]
    assert values == sorted(values)
    assert math.isnan(view.trials[-1].value)
    assert view.told_states == "20 complete, 2 cut short, 1 diverged, 1 failed"


def test_a_maximum_is_ordered_the_other_way_and_an_unknown_way_not_at_all() -> None:
    rows = fx.trials()
    best = view_of(fx.sweep("s", rows, direction="max")).trials
    assert [t.value for t in best[:20]] == sorted((t.value for t in best[:20]), reverse=True)
    unknown = view_of(fx.sweep("s", rows, direction=""))
    assert unknown.best is None
    assert [t.row for t in unknown.trials[:3]] == [0, 1, 2]
    assert "lowest" not in unknown.goal
    assert all(s.importance is None for s in unknown.settings)


def test_settings_lie_on_the_scale_that_suits_them() -> None:
    view = view_of(fx.searched().sweeps[0])
    scales = {s.name: s.scale for s in view.settings}
    assert scales == {"learning_rate": "log", "momentum": "linear", "dropout": "linear", "optimizer": "choices"}
    rate = next(s for s in view.settings if s.name == "learning_rate")
    middle = next(i for i, t in enumerate(view.trials) if t.params["learning_rate"] == pytest.approx(1e-3))
    assert rate.places[middle] == pytest.approx(2 / math.log10(rate.ends[1] / 1e-5))  # type: ignore[index]
    momentum = next(s for s in view.settings if s.name == "momentum")
    assert sum(place == place for place in momentum.places) == 8


def test_a_search_in_which_nothing_differs_or_nothing_ended_is_told() -> None:
    same = [{**row, "params": {"a": 1}} for row in fx.trials(6)]
    lost = [{**row, "value": None, "state": "failed"} for row in fx.trials(6)]
    for rows in (same, lost):
        report = replace(fx.searched(), sweeps=(fx.sweep("sweep/*", rows),))
        for name in FORMATS:
            assert renderer(name).render(report, Options())
    assert "in all 6 failed" in renderer("rich").render(replace(report, findings=()), Options())


def test_all_trials_are_counted_though_few_are_listed() -> None:
    report = replace(fx.searched(), sweeps=(fx.sweep("sweep/*", fx.trials(400)),))
    text = renderer("rich").render(report, Options())
    assert "and 390 more trials" in text
    assert len(text.splitlines()) < 90
    page = renderer("html").render(report, Options())
    assert len(page.encode()) < 300_000
    assert len(json.loads(renderer("json").render(report, Options()))["sweeps"][0]["trials"]) == 400


def test_many_searches_fit_in_a_page_and_a_terminal() -> None:
    sweeps = tuple(fx.sweep(f"s{i}/*", fx.trials(100)) for i in range(60))
    report = replace(fx.searched(), sweeps=sweeps, findings=())
    page = renderer("html").render(report, Options())
    assert len(page.encode()) <= 700_000
    assert "55 more searches" in renderer("rich").render(report, Options())
    assert len(renderer("agent").render(report, Options()).encode()) <= 2_048


def test_the_best_trial_is_on_top_of_the_others() -> None:
    parallel, *scatters = pictures(fx.searched().sweeps[0], "s0", lean=False)
    assert [line.style for line in parallel.lines].index("best") == len(parallel.lines) - 1  # type: ignore[union-attr]
    assert [a.name for a in parallel.axes][-1] == "val/loss"  # type: ignore[union-attr]
    assert [s.title for s in scatters] == ["learning_rate", "momentum", "dropout", "optimizer"]
    assert all(s.best is not None for s in scatters if s.title != "momentum")  # type: ignore[union-attr]
    table = searched(fx.searched().sweeps[0], lean=False)
    assert len(table.rows) == 24
    assert [row.scale for row in table.settings] == ["log", "linear", "linear", "choices"]


def test_the_headline_counts_runs_and_searches() -> None:
    titles = re.findall("<title>(.*?)</title>", renderer("html").render(fx.searched(), Options()))
    assert titles[0].startswith("! 1 search warns")
    healthy = replace(fx.searched(), findings=(), sweeps=tuple(replace(s, verdict="ok") for s in fx.searched().sweeps))
    assert "1 run and 1 search, nothing to warn of" in renderer("markdown").render(healthy, Options())
    assert "1 run: 1 ok · 1 search: 1 ok" in renderer("rich").render(healthy, Options())
