"""Shared by the generic formats: which names speak of training at all. What they mean is decided by the loader."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

AXIS = re.compile(
    r"(?:^|[/_. -])(?:steps?|iters?|iterations?|epochs?|episodes?|timesteps?|frames?|updates?|batch(?:es)?|it)$"
)
SETTING = re.compile(r"(?:max|num|n|warmup|log|logging|save|eval|total|per)_(?!timesteps)")
TIMING = re.compile(
    r"(?:^|[/_. -])(?:(?:wall |elapsed |remaining |data )?time|timestamp|date|datetime|runtime|index|id|eta|eta_seconds"
    r"|seconds?|percentage|total_steps|fps|memory|flos|unnamed: 0|column 1)$|(?:^|_)time_|_per_second$"
)
METRIC = re.compile(
    r"loss|perplexity|accuracy|update_ratio|(?<![a-z])(?:acc|ppl|err|error|errors|lr|learning[_ ]?rate|grad|gradient"
    r"|norm|rewards?|rew|returns?|scores?|f1|auc|auroc|precision|recall|m?ap\d*|mse|mae|rmse|nll|kl|elbo|bleu|rouge|wer"
    r"|cer|dice|m?iou|psnr|ssim|fid|bpb|bpc|entropy|train|training|val|valid|validation|eval|test)(?![a-z])"
)
LOG_NAME = re.compile(r"loss|acc|metric|histor|progress|reward|(?<![a-z])(?:logs?|train|training|val)(?![a-z])")
COMPANIONS = re.compile(
    r"config|args|params|hparams|hyperparameters|run|package|package-lock|options|opt|settings|wandb-summary|manifest"
    r"|wandb-metadata|tokenizer|tokenizer_config|generation_config|special_tokens_map|vocab|added_tokens|adapter_config"
    r"|all_results|train_results|eval_results|model.safetensors.index|requirements|readme|license|labels"
)


def is_axis(name: str) -> bool:
    """Say whether a name counts steps, epochs or the like.

    >>> [is_axis(n) for n in ("step", "Epochs", "time/total_timesteps", "max_steps", "train_loss_step")]
    [True, True, True, False, False]
    """
    spaced = _spaced(name)
    return bool(AXIS.search(spaced)) and not METRIC.search(spaced) and not SETTING.match(spaced)


def is_index(name: str) -> bool:
    """Say whether a name is an axis or a timing, so that it is no metric of the training."""
    return is_axis(name) or bool(TIMING.search(_spaced(name)))


def is_metric(name: str) -> bool:
    """Say whether a name sounds like a measure of training.

    >>> [is_metric(n) for n in ("trainLoss", "val_acc", "lr-Adam", "grad_norm/fc1", "colour", "values")]
    [True, True, True, True, False, False]
    """
    return bool(METRIC.search(_spaced(name)))


def is_companion(path: PurePosixPath) -> bool:
    """Say whether the file is known by its name to lie beside logs without being one."""
    return COMPANIONS.fullmatch(path.stem.lower()) is not None


def sounds_like_log(path: PurePosixPath) -> bool:
    """Say whether the name of the file speaks of training."""
    return bool(LOG_NAME.search(_spaced(path.stem)))


def listed(names: Iterable[str], most: int = 12) -> str:
    """Return the names for a sentence: the first ``most`` of them, on one line, none of them endless.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    known = [" ".join(name.split())[:60] for name in names]
    shown = ", ".join(known[:most])
    return shown if len(known) <= most else f"{shown} and {len(known) - most} more"


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip()).lower()
