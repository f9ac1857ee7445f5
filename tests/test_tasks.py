"""Task kinds: how a run gives its task away, and the rules that leave it alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from runaudit import docs, engine
from runaudit.api import audit, load
from runaudit.detectors import detectors
from runaudit.examples import example_run
from runaudit.model import ConfigValue
from runaudit.pen import Options
from runaudit.ruleset import load_rules, read_rule
from runaudit.tasks import TASKS, TINY_SUBSET, reason, task_of

RULES = load_rules(examples=False)


@pytest.mark.parametrize(
    ("series", "config", "task"),
    [
        (["train/loss", "val/loss"], {}, "supervised"),
        (["train/loss", "train/rewards_chosen"], {}, "supervised"),
        (["reward"], {}, "rl"),
        (["train/loss", "episode_length"], {}, "rl"),
        (["train/loss/policy", "train/loss/value"], {}, "rl"),
        (["train/loss/policy"], {}, "supervised"),
        (["train/loss"], {"env_id": "CartPole-v1"}, "rl"),
        (["train/loss"], {"algo": "ppo"}, "rl"),
        (["train/loss/g", "train/loss/d"], {}, "gan"),
        (["train/loss/g_gan", "train/loss/d_real"], {}, "gan"),
        (["train/loss/gen", "train/loss/disc_real_0"], {}, "gan"),
        (["train/loss/g"], {}, "supervised"),
        (["train/loss/gan"], {}, "gan"),
        (["train/loss/gate", "train/loss/dfl"], {}, "supervised"),
        (["train/loss"], {"architecture": "CycleGAN"}, "gan"),
        (["train/loss"], {"architecture": "dcgan-64"}, "gan"),
        (["train/loss"], {"architecture": "organ-unet"}, "supervised"),
        (["train/loss"], {"dataset": "gan"}, "supervised"),
        (["train/loss"], {"tiny_subset": 20}, "tiny-subset"),
        (["train/loss"], {"overfit_batches": 1}, "tiny-subset"),
        (["train/loss"], {"overfit_batches": 0.0, "tiny_subset": False}, "supervised"),
        (["train/loss"], {"params.num_leaves": 31}, "boosting"),
        (["train/loss"], {"depth": 3, "architecture": None}, "supervised"),
    ],
)
def test_the_task_is_known_by_names_and_configuration(
    series: list[str], config: dict[str, ConfigValue], task: str
) -> None:
    found, sign = task_of(series, config)
    assert found == task
    assert bool(sign) == (task != "supervised")


def test_boosting_is_known_by_its_logs() -> None:
    assert task_of(["train/loss"], {}, ["train-logloss", "eval-logloss"])[0] == "boosting"
    assert task_of(["train/loss"], {}, ["valid_0's l2"])[0] == "boosting"
    assert task_of(["train/loss"], {}, ["train-loss"])[0] == "supervised"
    assert task_of(["train/loss"], {}, [], "catboost") == ("boosting", "the format catboost")


def write(folder: Path, header: str) -> Path:
    """Write a log of which the losses climb for ever: as wrong as a supervised run can be."""
    width = header.count(",")
    rows = [f"{i}," + ",".join([str(1 + i * i / 100)] * width) for i in range(60)]
    path = folder / "log.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_losses_of_a_gan_are_not_judged_and_the_reason_is_said(tmp_path: Path) -> None:
    assert audit(write(tmp_path, "step,loss,val_loss")).findings
    path = write(tmp_path, "step,loss,val_loss,G_loss,D_loss")
    (run,) = load(path)
    assert run.task == "gan"
    assert [n.message for n in run.notes] == [
        "taken for a GAN because of train/loss/g and train/loss/d: rules that make no sense there are skipped"
    ]
    report = audit(path)
    assert not report.findings
    skips = {skip.rule: skip for skip in report.skips}
    for rule in RULES.values():
        if "gan" in rule.not_for:
            assert skips[rule.id].reason.startswith(
                "this is a GAN: the losses of two players say little of the quality"
            )
            assert skips[rule.id].needs == ()


def test_numbers_that_are_none_are_found_in_every_task() -> None:
    assert RULES["non-finite"].not_for == ()
    losses = {"train/loss/g": [1, 2, 3], "train/loss/d": [1, 2, 3], "train/loss": [1, float("nan"), 2]}
    run = example_run({"series": losses})
    assert run.task == "gan"
    assert [f.rule for f in engine.judge(run, list(RULES.values())).findings] == ["non-finite"]


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_rules_that_leave_it_alone(task: str) -> None:
    spared = [rule.id for rule in RULES.values() if task in rule.not_for]
    apart = {"overfitting", "accuracy-gap"} if task == TINY_SUBSET else {"lr-too-high", "lr-too-low", "not-learning"}
    assert {"noisy-batch", *apart} <= set(spared)
    assert len(spared) < len(RULES)
    assert all(reason(task))


def test_boosting_may_overfit_but_has_no_learning_rate_to_judge() -> None:
    assert "boosting" not in RULES["overfitting"].not_for
    assert "boosting" in RULES["lr-zero"].not_for


def test_a_rule_may_not_name_a_task_that_is_none(tmp_path: Path) -> None:
    source = Path(RULES["overfitting"].path).read_text(encoding="utf-8")
    path = tmp_path / "overfitting.yaml"
    path.write_text(source.replace("not_for: [rl, gan, tiny-subset]", "not_for: [rl, vae, 3]"), encoding="utf-8")
    found = read_rule(path, detectors())
    assert isinstance(found, list)
    assert [line.partition(": ")[2] for line in found] == [
        f"not_for[{i}]: {task} is none of {', '.join(TASKS)}" for i, task in ((1, "'vae'"), (2, "3"))
    ]


def test_the_page_of_a_rule_says_for_what_it_is_not() -> None:
    text = docs.terminal(RULES["overfitting"], Options(100))
    assert "not for\n  reinforcement learning\n" in text
    assert "judge by the reward" in text
    assert "not for" not in docs.terminal(RULES["non-finite"], Options(100))
    assert "## Not for\n" in docs.markdown(RULES["overfitting"])
