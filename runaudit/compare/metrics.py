"""Which metrics say how good a run is, and which way each of them is better."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runaudit.model import Run
from runaudit.sweep import OBJECTIVES

LOWER = (
    "loss", "perplexity", "bits_per", "error", "wer", "cer", "mae", "mse", "rmse", "mape", "msle", "fid", "nll",
)  # fmt: skip
HIGHER = (
    "accuracy", "balanced_accuracy", "f1", "auc", "auprc", "precision", "recall", "map", "iou", "dice", "bleu", "rouge",
    "r2", "correlation", "pearson", "spearman", "exact_match", "mcc", "kappa", "success_rate", "psnr", "ssim", "reward",
    "log_likelihood", "elbo", "hellaswag",
)  # fmt: skip
SPLITS = ("val", "test", "train")


def is_up_good(name: str) -> bool | None:
    """Return whether more of a metric is better, None where that is not known.

    >>> is_up_good("val/accuracy"), is_up_good("val/loss/box"), is_up_good("val/map50"), is_up_good("lr")
    (True, False, True, None)
    """
    known = dict(OBJECTIVES).get(name)
    if known is not None:
        return known == "max"
    split, _, rest = name.partition("/")
    word = rest if split in SPLITS else name
    if word.startswith("loss/") or word.endswith("/loss"):
        return False
    leaf = word.rpartition("/")[2]
    if leaf.startswith(LOWER):
        return False
    return True if leaf.startswith(HIGHER) else None


def shared(runs: Sequence[Run]) -> list[str]:
    """Return the metrics of known direction that every run has values of, the one to judge by first."""
    names = [name for name in runs[0].series if all(name in r.series and len(r.series[name]) for r in runs)]
    return ranked(name for name in names if is_up_good(name) is not None)


def ranked(names: Iterable[str]) -> list[str]:
    """Return metrics in the order in which they are to be judged by: as in a search, then validation before training.

    >>> ranked(["train/loss", "val/f1", "val/loss", "test/loss/a"])
    ['val/loss', 'train/loss', 'val/f1', 'test/loss/a']
    """
    order = {name: i for i, (name, _) in enumerate(OBJECTIVES)}
    return sorted(names, key=lambda n: (order.get(n, len(order)), _split(n), n.count("/"), n))


def _split(name: str) -> int:
    split = name.partition("/")[0]
    return SPLITS.index(split) if split in SPLITS else len(SPLITS)
