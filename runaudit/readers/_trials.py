"""Shared by the readers of searches: rows of trials as ``runaudit.sweep`` describes them, and the log they make."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from runaudit.model import Note, RawLog
from runaudit.readers._json import as_number

Row = dict[str, Any]

LONGEST = 200  # letters in a name that is looked at
LEAST = 5  # trials with a result from which on it is a search
SEED = re.compile(r"(?:.*[._/])?(?:\w*_)?(?:seed|random_state)", re.IGNORECASE)
SMALL = re.compile(
    r"loss|error|err|perplexity|ppl|nll|entropy|regret|cost|deviance"
    r"|(?<![a-z])(?:r?mse|mae|mape|wer|cer|fid|bpb|bpc|kl)(?![a-z])"
)
LARGE = re.compile(
    r"accura|precision|recall|reward|return|score|correlation"
    r"|(?<![a-z])(?:acc|f1|auc|auroc|roc_auc|m?ap\d*|r2|bleu|rouge|psnr|ssim|m?iou|dice|mcc|kappa|elbo)(?![a-z])"
)
ALWAYS_LARGE = re.compile(r"mean_test_\w+|(?:.*[._/])?neg_\w+")  # scikit-learn turns errors round


def direction_of(name: str) -> str | None:
    """Return ``min`` or ``max`` by what the name of a result says, None where it says nothing.

    >>> [direction_of(n) for n in ("val_loss", "Test Accuracy", "mean_test_score", "rmse score", "value")]
    ['min', 'max', 'max', 'min', None]
    """
    lower = re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip()[:LONGEST])).lower()
    if ALWAYS_LARGE.fullmatch(lower):
        return "max"
    spaced = lower.replace("_", " ")
    if SMALL.search(spaced):
        return "min"
    return "max" if LARGE.search(spaced) or LARGE.search(lower) else None


def trial_row(
    name: str, params: Mapping[str, Any], value: float | None, state: str = "complete", *,
    steps: int | None = None, path: str = "", line: int | None = None, folds: Sequence[float] = (),
) -> Row:  # fmt: skip
    """Return the row of a trial; its seed is no setting that is tried, and a complete one without a number diverged."""
    seeds = {k for k in params if len(k) <= LONGEST and SEED.fullmatch(k)}
    seed = next((v for k, v in params.items() if k in seeds), None)
    if state == "complete" and value is None:
        state = "failed"
    if value is not None and not math.isfinite(value) and state in {"complete", "failed"}:
        state = "diverged"
    row: Row = {
        "name": name,
        "params": {k: v for k, v in params.items() if v is not None and k not in seeds},
        "value": value if value is None or math.isfinite(value) else None,
        "state": state,
        "steps": steps,
        "seed": seed,
        "path": path,
        "line": line,
    }
    return row | ({"folds": list(folds)} if folds else {})


def is_search(rows: Sequence[Row]) -> bool:
    """Say whether enough trials have a result, and some setting differs between them."""
    ended = sum(row["value"] is not None or row["state"] == "diverged" for row in rows)
    names = {name for row in rows for name in row["params"]}
    return ended >= LEAST and any(len({str(row["params"].get(n)) for row in rows}) > 1 for n in names)


def search_log(
    form: str, rows: Sequence[Row], objective: str, direction: str | None, *,
    ranges: Sequence[Row] = (), label: str = "", notes: Sequence[Note] = (),
) -> RawLog:  # fmt: skip
    """Return the log of a search: tables and no curve."""
    about = {"objective": objective, "direction": direction, "source": form, "declared": bool(ranges)}
    tables = {"trials": list(rows), "ranges": list(ranges), "search": [about]}
    return RawLog(form, (), tables=tables, notes=tuple(notes), label=label)


def range_row(
    param: str,
    low: object = None,
    high: object = None,
    *,
    log: bool | None = None,
    choices: Sequence[Any] | None = None,
) -> Row:
    """Return the row of a declared range; ends that are no finite numbers are None."""
    numbers = [as_number(end) for end in (low, high)]
    ends = [n if n is not None and math.isfinite(n) else None for n in numbers]
    kept = list(choices) if choices is not None else None
    return {"param": param, "low": ends[0], "high": ends[1], "log": log, "choices": kept}
