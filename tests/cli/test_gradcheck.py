"""``runaudit gradcheck``."""

from __future__ import annotations

from pathlib import Path

import pytest

from runaudit.__main__ import main

LOG = "step,loss\n" + "".join(f"{i},{2.0 / (i + 1)}\n" for i in range(40))


def test_a_wrong_gradient_fails_and_a_right_one_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "check.csv").write_text("parameter,analytic,numeric\nw,1.0,-1.0\nw,0.5,-0.5\n")
    assert main(["gradcheck", str(tmp_path), "--isolated"]) == 1
    text = capsys.readouterr().out
    assert "error[gradient-wrong]" in text
    assert "the sign is wrong" in text
    (tmp_path / "check.csv").write_text("parameter,analytic,numeric\nw,1.0,1.0\nw,0.5,0.5\n")
    assert main(["gradcheck", str(tmp_path), "--isolated"]) == 0


def test_a_log_without_a_check_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    assert main(["gradcheck", str(tmp_path), "--isolated"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum("log a gradient check" in line for line in lines) == 1
    assert "skipped 7 rules" in "\n".join(lines)


def test_only_the_rules_of_the_family_judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text(LOG.replace("0.05", "nan"))
    main(["gradcheck", str(tmp_path), "--isolated", "--format", "concise"])
    assert "non-finite" not in capsys.readouterr().out
