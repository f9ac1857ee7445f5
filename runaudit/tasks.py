"""What kind of training a run is, and why rules made for supervised learning make no sense for some kinds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from runaudit.model import ConfigValue

SUPERVISED = "supervised"


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of training that is not supervised learning of a network, and the signs of it.

    One of ``series`` (patterns of canonical names), of ``sources`` (patterns of logged names), of ``keys`` (of the
    configuration) or of ``formats`` is enough, and so is one name for each pattern of ``pair``; ``named`` finds it in
    the name of the model, and ``marks`` are keys that count where they are set to more than 0 or false.
    """

    title: str
    why: str
    instead: str
    series: str = ""
    pair: tuple[str, ...] = ()
    sources: str = ""
    keys: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    named: str = ""
    marks: frozenset[str] = frozenset()


MODEL_KEYS = ("architecture", "model.name", "model_name", "name", "algo", "algorithm", "gan_mode")
_XGBOOST = r"m?logloss|m?error|rmse|rmsle|mae|auc|aucpr|ndcg|map|poisson-nloglik"

TINY_SUBSET = "tiny-subset"

TASKS: Mapping[str, Task] = {
    "boosting": Task(
        title="boosting of trees",
        why="its learning rate is shrinkage, and it has no batches, no gradient norms and no layers",
        instead="judge by the loss on the evaluation set",
        sources=rf"(?:train|eval|test|validation_\d+)-(?:{_XGBOOST})(?:-mean|-std)?|(?:training|valid_\d+)'s .+",
        keys=frozenset(
            {"num_leaves", "boosting_type", "min_data_in_leaf", "booster", "tree_method", "l2_leaf_reg"}
            | {"colsample_bytree", "min_child_weight", "n_estimators", "num_boost_round"}
        ),
        formats=frozenset({"xgboost", "lightgbm", "catboost"}),
    ),
    "rl": Task(
        title="reinforcement learning",
        why="its loss follows the data that the agent gathers and says little of the agent",
        instead="judge by the reward",
        series=r"(?:val/)?reward|reward/.+|episode_length|(?:train|val|test)/success_rate",
        pair=(
            r"train/loss/(?:policy|policy_gradient|pg|actor|pi)",
            r"train/loss/(?:value|value_function|vf|critic|q|v)",
        ),
        keys=frozenset(
            {"gym_id", "env_id", "env_name", "gae_lambda", "clip_range", "learning_starts"}
            | {"exploration_fraction", "target_update_interval"}
        ),
        named=r"(?<![a-z0-9])(?:ppo|dqn|ddpg|td3|sac|a2c|a3c|trpo|grpo|reinforce|impala)(?![a-z])",
    ),
    "gan": Task(
        title="a GAN",
        why="the losses of two players say little of the quality of what is generated",
        instead="judge by samples or by a score such as FID",
        series=r"train/loss/gan",
        pair=(
            r"train/loss/(?:.+_)?(?:g|gen|generator|errg)(?:_.+)?",
            r"train/loss/(?:.+_)?(?:d|dis|disc|discriminator|errd)(?:_.+)?",
        ),
        keys=frozenset({"gan_mode", "n_layers_D", "netD", "n_critic", "disc_lr", "lr_d"}),
        named=r"(?<![a-z])(?!organ|slogan|morgan)(?:[a-z]{0,7}gan\d?|pix2pix(?:hd)?)(?![a-z])",
    ),
    TINY_SUBSET: Task(
        title="a check on a tiny subset",
        why="it shall learn a few samples by heart, so it must overfit",
        instead="judge by the training loss, which must reach zero",
        marks=frozenset({"tiny_subset", "overfit_batches", "overfit_one_batch", "overfit_single_batch"}),
    ),
}


def task_of(
    series: Collection[str],
    config: Mapping[str, ConfigValue],
    sources: Collection[str] = (),
    form: str = "",
) -> tuple[str, str]:
    """Return the task of a run and the sign that gave it away; ``supervised`` and "" where there is none.

    ``series`` are canonical names, ``sources`` those of the log, ``form`` is the format of the log.

    >>> task_of(["train/loss/g", "train/loss/d"], {})
    ('gan', 'train/loss/g and train/loss/d')
    >>> task_of(["train/loss"], {"dataset": "cifar10"})
    ('supervised', '')
    """
    for name, task in TASKS.items():
        sign = _sign(task, series, config, sources, form)
        if sign:
            return name, sign
    return SUPERVISED, ""


def _sign(
    task: Task, series: Collection[str], config: Mapping[str, ConfigValue], sources: Collection[str], form: str
) -> str:
    if form in task.formats:
        return f"the format {form}"
    for pattern, names in ((task.series, series), (task.sources, sources)):
        found = _first(pattern, names)
        if found:
            return found
    both = [_first(pattern, series) for pattern in task.pair]
    if both and all(both):
        return " and ".join(both)
    key = next((key for key in config if key.rpartition(".")[2] in task.keys), "")
    if key:
        return f"{key} in the configuration"
    mark = next((key for key in task.marks if _is_set(config.get(key))), "")
    if mark:
        return f"{mark} in the configuration"
    model = next(
        (key for key in MODEL_KEYS if task.named and re.search(task.named, str(config.get(key, "")).lower())), ""
    )
    return f"{model} {config[model]} in the configuration" if model else ""


def _is_set(value: ConfigValue) -> bool:
    return str(value).strip().lower() not in {"none", "false", "0", "0.0", "no", "", "[]"}


def _first(pattern: str, names: Iterable[str]) -> str:
    return next((n for n in names if re.fullmatch(pattern, n)), "") if pattern else ""


def reason(task: str) -> tuple[str, str]:
    """Return why a rule is not for a task, in one clause, and what to judge by instead."""
    known = TASKS[task]
    return f"this is {known.title}: {known.why}", known.instead


def problems(given: Sequence[object]) -> list[str]:
    """Return what is wrong with the tasks that a rule names in ``not_for``."""
    return [f"not_for: {task!r} is none of {list(TASKS)}" for task in given if task not in TASKS]
