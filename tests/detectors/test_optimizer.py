"""The rules of optimizer settings: silent on every published recipe, and on what is not theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from runaudit import engine
from runaudit.errors import NotJudged
from runaudit.examples import example_run
from runaudit.load.config import canonical, flatten
from runaudit.ruleset import load_rules

RULES = {name: rule for name, rule in load_rules(examples=False).items() if rule.family == "optimizer"}
LOSS: Mapping[str, Any] = {"train/loss": [{"line": [2.3, 1.0, 40]}]}
GAN: Mapping[str, Any] = {"train/loss/g": [1, 2, 1], "train/loss/d": [1, 2, 1]}
RL: Mapping[str, Any] = {**LOSS, "reward": [1, 2, 3]}
RECIPES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "torch SGD": (LOSS, {"optimizer": "SGD", "lr": 0.1, "momentum": 0.0}),
    "ResNet": (LOSS, {"optimizer": "sgd", "momentum": 0.9}),
    "YOLO": (LOSS, {"optimizer": "SGD", "momentum": 0.937, "warmup_momentum": 0.8}),
    "large batch": (LOSS, {"optimizer": "sgd_nesterov", "momentum": 0.99}),
    "timm writes a momentum for AdamW": (LOSS, {"opt": "adamw", "momentum": 0.9, "opt_eps": 1e-8}),
    "Adam's paper": (LOSS, {"optimizer": {"name": "Adam", "betas": [0.9, 0.999], "eps": 1e-8}}),
    "Transformer": (LOSS, {"optimizer": "adam", "adam_betas": "(0.9, 0.98)", "adam_eps": 1e-9}),
    "BERT": (LOSS, {"optimizer": "adamw", "adam_beta1": 0.9, "adam_beta2": 0.999, "adam_epsilon": 1e-6}),
    "GPT-3": (LOSS, {"optimizer": "adam", "beta1": 0.9, "beta2": 0.95}),
    "Llama": (LOSS, {"optimizer": "adamw", "betas": [0.9, 0.95], "adam_eps": 1e-5}),
    "LAMB": (LOSS, {"optimizer": "lamb", "betas": [0.9, 0.999], "adam_epsilon": 1e-6}),
    "fast.ai": (LOSS, {"optimizer": "adam", "betas": [0.95, 0.99]}),
    "VQGAN on its own": (LOSS, {"optimizer": "adam", "betas": [0.5, 0.9]}),
    "DCGAN": (GAN, {"optimizer": "adam", "betas": [0.5, 0.999]}),
    "WGAN-GP": (GAN, {"optimizer": "adam", "betas": [0.0, 0.9]}),
    "StyleGAN": (GAN, {"optimizer": "adam", "betas": [0.0, 0.99], "adam_eps": 1e-8}),
    "HiFi-GAN": (GAN, {"optimizer_params": {"betas": [0.8, 0.99], "eps": 1e-9}, "optimizer": "AdamW"}),
    "PPO": (RL, {"optimizer": "adam", "adam_eps": 1e-5}),
    "Rainbow": (RL, {"optimizer": "adam", "adam_eps": 1.5e-4}),
    "C51": (RL, {"optimizer": "adam", "adam_eps": 3.125e-4}),
    "Lion": (LOSS, {"optimizer": "lion", "betas": [0.9, 0.99]}),
    "Sophia": (LOSS, {"optimizer": "sophia", "betas": [0.965, 0.99]}),
    "AdaBelief": (LOSS, {"optimizer": "adabelief", "adam_eps": 1e-16}),
    "DDPM's noise schedule": (LOSS, {"optimizer": "adam", "beta1": 1e-4, "beta2": 0.02}),
    "weights of losses": (LOSS, {"optimizer": "adam", "beta1": 5.0, "beta2": 10.0}),
    "Keras": (LOSS, {"optimizer": {"name": "adam", "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}}),
    "mixed precision": (LOSS, {"optimizer": "adamw", "optimizer_eps": 1e-8, "precision": "16-mixed"}),
    "Inception": (LOSS, {"optimizer": {"name": "rmsprop", "decay_rate": 0.9, "momentum": 0.9, "epsilon": 1.0}}),
    "EfficientNet": (LOSS, {"optimizer": "rmsproptf", "optimizer_params": {"alpha": 0.9, "eps": 1e-3}}),
    "DQN": (RL, {"optimizer": {"name": "RMSprop", "alpha": 0.95, "eps": 0.01}}),
    "SAM": (LOSS, {"optimizer": "sgd", "momentum": 0.9, "rho": 0.05}),
    "scikit-learn": (LOSS, {"optimizer": "lbfgs", "batch_size": "auto", "train_samples": 1000}),
    "whole batch": (LOSS, {"optimizer": "LBFGS", "batch_size": 1000, "train_samples": 1000}),
    "Adagrad": ({**LOSS, "grad_norm": [{"repeat": [[1.0], 40]}]}, {"optimizer": "adagrad", "lr": 0.01}),
}


def outcome(name: str, series: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Return what a rule says of a run: ``silent``, ``weak``, ``sure``, or why it did not judge."""
    run = example_run({"series": series, "config": canonical(flatten(config))})
    try:
        found = engine.hits(RULES[name], run)
    except NotJudged as answer:
        return answer.reason
    return "silent" if not found else "weak" if all(hit.weak for hit in found) else "sure"


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", RULES)
def test_a_published_recipe_is_nothing_to_report(name: str, recipe: str) -> None:
    assert outcome(name, *RECIPES[recipe]) not in {"weak", "sure"}


@pytest.mark.parametrize(
    ("name", "config", "said"),
    [
        ("adam-unusual", {"optimizer": {"name": "Adam", "betas": [0.9, 0.999]}}, "silent"),
        ("adam-unusual", {"optimizer": "adam", "adam_betas": "(0.999, 0.9)"}, "sure"),
        ("adam-unusual", {"optimizer": {"name": "adam", "eps": 0}}, "sure"),
        ("adam-unusual", {"optimizer": "adam", "betas": [0.9, 0.5]}, "sure"),
        ("adam-unusual", {"optimizer": "adam", "betas": [0.9, 0.85]}, "weak"),
        ("adam-unusual", {"optimizer": "sgd", "betas": [0.999, 0.9]}, "sgd is not known as Adam"),
        ("momentum-unusual", {"optimizer": {"name": "sgd", "momentum": 0.9}, "momentum": 0.999}, "silent"),
        ("momentum-unusual", {"optimizer": "rmsprop", "momentum": 1.5}, "sure"),
        ("rmsprop-decay-unusual", {"optimizer": {"name": "RMSprop", "alpha": 0.01}}, "sure"),
        ("rmsprop-decay-unusual", {"optimizer": "rmsprop", "alpha": 0.2}, "the decay of RMSprop is not known"),
        ("second-order-full-batch", {"optimizer": "L-BFGS", "batch_size": 64, "n_train": 1000}, "weak"),
    ],
)
def test_settings_are_found_under_their_spellings(name: str, config: dict[str, Any], said: str) -> None:
    assert outcome(name, LOSS, config) == said


def test_two_faults_of_adam_are_one_finding() -> None:
    run = example_run({"series": LOSS, "config": {"optimizer": "adam", "betas": [0.3, 0.999], "adam_epsilon": 0.0}})
    (finding,) = engine.apply(RULES["adam-unusual"], run)
    assert finding.message.startswith("Adam has epsilon 0")
    assert finding.evidence == ("beta1 0.3: 0 or 0.5 to 0.98 are in use",)


def test_a_rule_for_another_optimizer_asks_for_nothing_to_be_logged() -> None:
    known = engine.judge(example_run({"series": LOSS, "config": {"optimizer": "adam"}}), list(RULES.values()))
    needs = {skip.rule: skip.needs for skip in known.skips}
    assert needs["adagrad-exhausted"] == needs["second-order-full-batch"] == needs["momentum-unusual"] == ()
    assert needs["adam-unusual"]
    unknown = engine.judge(example_run({"series": LOSS}), list(RULES.values()))
    assert all(skip.needs for skip in unknown.skips)
