"""Calibration: counted by hand, every reason named, and rule files that keep every other byte."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.cells import cell_len

from runaudit import api
from runaudit.calibrate import Calibration, Tally
from runaudit.detectors import detectors
from runaudit.errors import UsageError
from runaudit.labels import assign, read_labels
from runaudit.limits import nearest
from runaudit.load import iter_runs
from runaudit.measured import edited, table, write_measured
from runaudit.model import Hit
from runaudit.pen import Options
from runaudit.render._calibration import calibration, document
from runaudit.ruleset import Rule, load_rules, read_rule
from tests import calibration as small


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    small.use_rules(small.write_rules(tmp_path), monkeypatch)
    return small.write_runs(tmp_path)


@pytest.fixture
def found(folders: tuple[Path, Path]) -> Calibration:
    return api.calibrate(*folders, by="site", explain_missed=True)


def test_every_count(found: Calibration) -> None:
    tallies = {tally.label: tally for tally in found.score.tallies}
    assert tallies == {
        "norm-high": Tally("norm-high", found=1, missed=2, wrong=2, refuted=1, alarms=1, healthy=3),
        "diverged": Tally("diverged", found=2, missed=0, wrong=0, refuted=0, alarms=0, healthy=3),
    }
    assert found.score.runs == 8
    assert found.score.overall == Tally("", found=3, missed=2, wrong=2, refuted=1, alarms=1, healthy=3)
    assert found.score.macro_f1 == pytest.approx((1 / 3 + 1) / 2)


def test_measured_numbers(found: Calibration) -> None:
    third = pytest.approx(1 / 3)
    assert dict(found.measured) == {
        "norm-high": {"precision": third, "recall": third, "false_alarm_rate": third, "runs": 8, "labelled": 3},
        "diverged": {"precision": 1.0, "recall": 1.0, "false_alarm_rate": 0.0, "runs": 8, "labelled": 2},
        "non-finite": {"precision": 1.0, "false_alarm_rate": 0.0, "runs": 8, "labelled": 2},  # no recall of its own
    }


def test_a_ratio_of_nothing_is_left_out(folders: tuple[Path, Path]) -> None:
    runs, labels = folders
    labels.write_text("run,labels,forbidden\nskipped,norm-high,diverged\n")
    found = api.calibrate(runs, labels)
    assert found.measured["diverged"] == {"runs": 1, "labelled": 0}
    assert found.measured["norm-high"] == {"recall": 0.0, "runs": 1, "labelled": 1}


def test_a_rule_that_speaks_for_another_has_a_precision_of_its_own(folders: tuple[Path, Path]) -> None:
    runs, labels = folders
    labels.write_text("run,labels\nby-other,diverged\nrefuted,\nquiet,non_finite\n")
    found = api.calibrate(runs, labels)
    assert found.measured["diverged"]["precision"] == 0.5
    assert found.measured["non-finite"]["precision"] == 1.0
    assert [(case.rule, case.row) for case in found.missed] == [("diverged", "quiet")]  # told once
    assert [(case.rule, case.row) for case in found.alarms] == [("diverged", "refuted")]


def test_each_value_of_a_column_and_the_rest(found: Calibration) -> None:
    (x, without_x), (y, without_y) = found.groups
    assert (x.name, x.runs, x.overall.found, x.overall.wrong, x.overall.healthy) == ("x", 2, 1, 1, 1)
    assert x.macro_f1 == pytest.approx(2 / 3)
    assert without_x.macro_f1 == y.macro_f1 == pytest.approx(0.5)
    assert without_y.macro_f1 == x.macro_f1
    assert y.overall.found == 2


def test_what_was_left_out_is_said(found: Calibration) -> None:
    gone, broken = found.unread
    assert (gone.row, gone.reason, gone.corrupt) == ("gone", "no log was found there", False)
    assert (broken.row, broken.corrupt) == ("broken", True)
    assert broken.reason.startswith("broken/log.csv: the file is empty")
    assert found.incomplete
    assert found.unlabelled == ("extra",)
    assert [(u.label, u.rows) for u in found.unknown] == [("no-such-fault", 1)]
    assert dict(found.unjudged) == {"unasked": 1}


def test_a_missed_run_has_its_reason_and_the_limit_that_hid_it(found: Calibration) -> None:
    silent, skipped = found.missed
    assert (silent.row, silent.kind) == ("silent", "silent")
    (near,) = silent.near
    assert (near.param, near.limit) == ("limit", 10.0)
    assert 7.9 < near.value < 8.0  # eight is not above eight
    assert near.facts["peak"] == 8.0
    assert (skipped.row, skipped.kind) == ("skipped", "skipped")
    assert "grad_norm" in skipped.why
    assert skipped.near == ()


def test_every_log_is_read_once(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def counting(paths: Any, *rest: Any) -> Any:  # noqa: ANN401  as the function it stands for
        read.append(paths)
        return iter_runs(paths, *rest)

    monkeypatch.setattr(api, "iter_runs", counting)
    assert api.calibrate(*folders, explain_missed=True).missed[0].near
    assert read == [folders[0]]


def test_the_limits_of_a_row_of_two_logs_are_those_of_the_first_that_has_any(folders: tuple[Path, Path]) -> None:
    runs, labels = folders
    (runs / "silent" / "a").mkdir()
    (runs / "silent" / "a" / "log.csv").write_text((runs / "skipped" / "log.csv").read_text())
    (runs / "silent" / "log.csv").rename(runs / "silent" / "b.csv")
    labels.write_text("run,labels\nsilent,norm-high\n")
    (case,) = api.calibrate(runs, labels, explain_missed=True).missed
    assert (case.runs, len(case.near)) == (("silent", "silent/a"), 1)


def test_a_wrong_finding_has_its_facts(found: Calibration) -> None:
    assert [(case.row, case.kind, case.facts["peak"]) for case in found.alarms] == [
        ("wrong-healthy", "alarm", 20.0),
        ("refuted", "alarm", 20.0),
    ]
    assert found.alarms[0].limit == {"limit": 10.0, "min_points": 3}


def test_a_note_is_no_prediction(folders: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "rules" / "mine" / "norm-high.yaml"
    file.write_text(file.read_text().replace("severity: warning", "severity: note"))
    found = api.calibrate(*folders, explain_missed=True)
    tally = found.score.tallies[1]
    assert (tally.label, tally.found, tally.wrong) == ("norm-high", 0, 0)
    assert [(c.row, c.kind) for c in found.missed] == [
        ("right", "note"), ("silent", "silent"), ("skipped", "skipped"),
    ]  # fmt: skip
    assert [near.note for near in found.missed[1].near] == [True]


def test_rules_that_were_not_selected_are_no_unknown_labels(folders: tuple[Path, Path]) -> None:
    found = api.calibrate(*folders, select=["diverged"])
    assert [u.label for u in found.unknown] == ["no-such-fault"]
    assert list(found.measured) == ["diverged"]
    assert [c.row for c in found.missed] == ["by-other"]  # only non-finite speaks of it


def test_an_unknown_column_suggests_the_nearest(folders: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match="no column 'sites'; did you mean 'site'"):
        api.calibrate(*folders, by="sites")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the column 'run' is missing"),
        ("run,label\na,b\n", "the column 'labels' is missing"),
        ("run,labels,run\na,b,c\n", "the column 'run' is there twice"),
        ("run,labels\n", "it labels no run"),
        ("run,labels\na,b,c\n", "csv:2: 3 cells under 2 columns"),
        ("run,labels\na,b\n\na/,c\n", "'a' is labelled twice"),
        ("run,labels\na,b;healthy\n", "csv:2: a cannot be healthy and b"),
        ("run,labels,forbidden\na,b_c,b-c\n", "csv:2: a: b-c is both labelled and forbidden"),
        ("run,labels\n,b\n", "csv:2: no run is named"),
        ('run,labels\n"a,b\n', "cannot be read as CSV"),
        ("run,labels\n\xe9,b\n", "cannot be read as CSV"),
        (None, "No such file or directory"),
    ],
)
def test_a_bad_table_is_one_sentence_each(tmp_path: Path, text: str | None, problem: str) -> None:
    file = tmp_path / "labels.csv"
    if text is not None:
        file.write_text(text, "latin-1")
    with pytest.raises(UsageError) as caught:
        read_labels(file)
    assert problem in str(caught.value)


def test_a_row_names_a_run_a_file_or_a_folder_and_the_closest_wins(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("run,path,labels\n1,a,x\n2,a/b/log.csv,x\n./c#one,,x\nc,,x\nd/e,,x\n.,,x\n", "utf-8-sig")
    runs = {
        "a/b": ("a/b/log.csv",),
        "a/z": ("a/z/log.csv",),
        "a/y": ("a/y/log.csv",),
        "c#one": ("c/log.csv",),
        "c#two": ("c/log.csv",),
        "d/ee": ("d/ee/log.csv",),
        ".": ("log.csv",),
    }
    assert assign(runs, read_labels(file).rows) == {
        "a/b/log.csv": ("a/b",), "a": ("a/z", "a/y"), "c#one": ("c#one",), "c": ("c#two",), ".": (".",),
    }  # fmt: skip


NUMBERS = {"precision": 0.96154, "runs": 279}
LINE = "measured: {precision: 0.9615, runs: 279}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("id: a # é\r\nwhy: x\r\n", f"id: a # é\r\nwhy: x\r\n{LINE}\r\n"),
        ("id: a", f"id: a\n{LINE}\n"),
        ("id: a\nmeasured:   {runs: 1,\n  recall: 2}   # by us\n\n# end\n", f"id: a\n{LINE}   # by us\n\n# end\n"),
        ("id: a\nmeasured:\n  runs: 1  # one\n# end\nwhy: x", f"id: a\n{LINE}  # one\n# end\nwhy: x"),
        ("id: a\nwhy: |\n  measured: x\n", f"id: a\nwhy: |\n  measured: x\n{LINE}\n"),
        ("id: a\nmeasured:\nwhy: .nan", f"id: a\n{LINE}\nwhy: .nan"),
        (f"id: a\n{LINE}\n", f"id: a\n{LINE}\n"),
    ],
)  # fmt: skip
def test_only_the_field_is_edited(before: str, after: str) -> None:
    assert edited(before, NUMBERS) == after


@pytest.mark.parametrize("text", ["{id: a}", "- a\n", "id: [a\n", "id: a\n...\n", ""])
def test_a_file_that_cannot_be_edited_so_is_left_alone(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        edited(text, NUMBERS)


@pytest.mark.parametrize("rule", load_rules().values(), ids=load_rules())
def test_every_shipped_rule_can_be_edited(rule: Rule) -> None:
    text = Path(rule.path).read_bytes().decode("utf-8")
    new = edited(edited(text, {"runs": 1, "recall": 0.5}), NUMBERS)
    assert yaml.safe_load(new)["measured"] == {"precision": 0.9615, "runs": 279}
    if not rule.measured:
        assert new == f"{text}{LINE}\n"


def test_the_files_of_the_rules_are_written_once(found: Calibration, tmp_path: Path) -> None:
    home = tmp_path / "rules" / "mine"
    before = {file.stem: file.read_bytes() for file in home.iterdir()}
    (home / "norm-high.yaml").chmod(0o640)
    done = write_measured(list(load_rules().values()), found.measured)
    assert sorted(Path(path).stem for path in done.written) == ["diverged", "non-finite", "norm-high"]
    shares = "precision: 0.3333, recall: 0.3333, false_alarm_rate: 0.3333, runs: 8, labelled: 3"
    assert (home / "norm-high.yaml").read_bytes() == before["norm-high"] + f"measured: {{{shares}}}\n".encode()
    assert (home / "norm-high.yaml").stat().st_mode & 0o777 == 0o640
    assert (home / "unasked.yaml").read_bytes() == before["unasked"]
    assert sorted(file.stem for file in home.iterdir()) == sorted(before)  # no scratch file is left
    assert write_measured(list(load_rules().values()), found.measured).unchanged == 3


def test_nothing_is_written_if_one_file_cannot_be(found: Calibration, tmp_path: Path) -> None:
    home = tmp_path / "rules" / "mine"
    rules = list(load_rules().values())
    (home / "norm-high.yaml").write_text("{id: norm-high}")
    with pytest.raises(UsageError, match="no YAML mapping with one field a line"):
        write_measured(rules, found.measured)
    assert "\nmeasured:" not in (home / "diverged.yaml").read_text()


def test_the_rules_of_an_installed_package_are_left_alone(
    found: Calibration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = (tmp_path / "rules").rename(tmp_path / "_rules")
    small.use_rules(installed, monkeypatch)
    done = write_measured(list(load_rules().values()), found.measured)
    assert (done.written, done.packaged) == ((), 3)
    assert "\nmeasured:" not in (installed / "mine" / "diverged.yaml").read_text()


def test_a_table_of_all_rules_is_yaml(found: Calibration) -> None:
    text = table(found.measured, "measured on 8 runs")
    assert text.startswith("# measured on 8 runs\ndiverged: {precision: 1.0, ")
    assert yaml.safe_load(text)["non-finite"] == {"precision": 1.0, "false_alarm_rate": 0.0, "runs": 8, "labelled": 2}


def test_a_finding_and_a_page_show_what_was_measured(found: Calibration, folders: tuple[Path, Path]) -> None:
    from runaudit.docs import terminal
    from runaudit.render import renderer

    write_measured(list(load_rules().values()), found.measured)
    report = api.audit(folders[0] / "right")
    assert "medium (0.33 precise on 8 labelled runs)" in renderer("rich").render(report, Options(120))
    page = " ".join(terminal(load_rules()["norm-high"], Options(120)).split())
    assert "Measured on 8 labelled runs, 3 of them with this fault: precision 0.3333, recall 0.3333," in page


@pytest.mark.parametrize("needed", [0.0734, 0.1501, 3.3, 12.0])
def test_the_nearest_limit_lets_the_rule_speak(tmp_path: Path, needed: float) -> None:
    small.write_rules(tmp_path)
    rule = read_rule(tmp_path / "rules" / "mine" / "norm-high.yaml", detectors())
    assert isinstance(rule, Rule)
    limit = 10.0 if needed < 10 else 11.0
    rule = replace(rule, values={**rule.values, "limit": limit})

    def speaks(changed: Rule) -> Hit | None:
        value = changed.values["limit"]
        return Hit(0, 1, {"at": value}) if (value <= needed if needed < limit else value >= needed) else None

    (near,) = nearest(rule, speaks)
    assert speaks(replace(rule, values={"limit": near.value})) is not None
    assert abs(near.value - needed) < 0.05 * limit
    assert near.facts == {"at": near.value}
    assert near.value == float(f"{near.value:.3g}")


def test_whole_numbers_stay_whole_and_three_are_enough(tmp_path: Path) -> None:
    small.write_rules(tmp_path)
    rule = read_rule(tmp_path / "rules" / "mine" / "norm-high.yaml", detectors())
    assert isinstance(rule, Rule)
    near = nearest(rule, lambda changed: Hit(0, 1, {}) if changed.values["min_points"] >= 7 else None)
    assert [(n.param, n.value, type(n.value)) for n in near] == [("min_points", 7, int)]
    assert nearest(rule, lambda _: None) == ()
    assert [n.param for n in nearest(rule, lambda _: Hit(0, 1, {}))] == ["limit", "min_points"]


@pytest.mark.parametrize("options", [Options(60), Options(80, ascii=True), Options(120, color=True)])
def test_the_tables_fit(found: Calibration, options: Options) -> None:
    text = calibration(found, options, missed=True, alarms=True)
    plain = text.replace("\x1b", "")
    assert options.color or all(cell_len(line) <= options.width for line in text.splitlines())
    assert plain.replace("\n", "").isprintable()
    assert not options.ascii or text.isascii()


def test_the_tables_say_it(found: Calibration) -> None:
    text = calibration(found, Options(80), missed=True, alarms=True)
    for part in (
        "label       found  wrong  precision  recall    F1  false alarms\n",
        "norm-high  1 of 3      2       0.33    0.33  0.33        1 of 3\n",
        "diverged   2 of 2      0       1.00    1.00  1.00        0 of 3\n",
        "site  runs  precision  recall    F1  macro F1  without it  false alarms\n",
        "x        2       0.50    1.00  0.67      0.67        0.50        1 of 1\n",
        "norm-high: 2 runs missed\n  silent  silent\n    but     would warn with limit 7.9",
        "(limit 10): peak 8",
        "norm-high: 2 wrong findings\n  wrong-healthy  grad_norm is above 10\n    facts   ",
        "note  2 labelled runs not read: gone (no log was found there); broken\n",
        "note  1 run without a label, not counted: extra\n",
        "not counted: no-such-fault (1 run)\n",
        "not counted: unasked (1 run)\n",
        "8 labelled runs, 3 healthy, 1 of these with a false alarm\n"
        "precision 0.60 · recall 0.60 · F1 0.60 · macro F1 0.67\n",
    ):
        assert part in text, part
    short = calibration(found, Options(80))
    assert short.endswith("2 missed: --missed says why · 2 wrong: --alarms lists them\n")
    assert "runs missed" not in short


def test_json_holds_everything(found: Calibration) -> None:
    data = json.loads(document(found))
    assert list(data)[:2] == ["schema_version", "tool"]
    assert data["score"]["labels"][0].items() >= {"labelled": 2, "found": 2, "label": "diverged"}.items()
    assert [case["run"] for case in data["missed"]] == ["silent", "skipped"]
    assert data["missed"][0]["near"][0]["param"] == "limit"
    assert data["by"]["groups"][0]["macro_f1_of_the_rest"] == 0.5
    assert data["measured"]["norm-high"]["runs"] == 8
