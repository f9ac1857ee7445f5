"""Tables of trials: one row a run with its settings and results, and no curve. They are refused as what they are.

What W&B's table of runs, Optuna's ``trials_dataframe``, Ray Tune's ``get_dataframe``, scikit-learn's ``cv_results_``
and home-made lists of experiments look like.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.errors import LogError
from runaudit.model import RawLog
from runaudit.readers import Reader
from runaudit.readers._layout import Layout, find_layout, records
from runaudit.readers._text import head_lines, is_number, read_text, split_lines
from runaudit.readers._words import is_axis, is_metric, listed

WANDB = ({"Name", "State", "Created"}, {"Name", "Runtime", "Sweep"}, {"name", "config", "summary"})
PREFIXED = re.compile(r"(?:config|params?|hparams|hyper_?parameters|hp|user_attrs)[/_.].+", re.IGNORECASE)
SETTING = re.compile(
    r"batch_?size|bs|drop_?out(?:_rate)?|weight_?decay|wd|optimi[sz]er|activation|arch(?:itecture)?|hidden(?:_?\w+)?|units"
    r"|n(?:um)?_?(?:layers?|units|heads|estimators|samples|epochs|embd|hidden)|max_?(?:depth|epochs|iters|steps)|layers"
    r"|(?:best_|experiment_)?(?:hyper_?)?param(?:eter)?s|config|model_?type|alpha|gamma|warmup\w*|grad_?clip|scheduler"
)
WEAK = re.compile(r"lr|learning_?rate|momentum|seed|epochs|fold|dataset|model|name|id|run|trial|experiment|number")
RESULT = re.compile(r"values?(?:_\d+)?|objective|mean_test_\w+|result|\w*(?:score|metric)")
NO_RESULT = re.compile(r"(?:^|_)(?:runtime|interval|iters|steps|size|set|min|max|decay)(?:_|$)")


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether it is a table without an axis in which settings stand beside results, or one that W&B gives."""
    if path.suffix.lower() not in {".csv", ".tsv"}:
        return False
    layout = find_layout(head_lines(head))
    if layout is None or layout.header < 0:
        return False
    if any(own <= {*layout.names} for own in WANDB):
        return True
    settings, results = _kinds(layout.names)
    results = [name for name in results if _is_measured(layout, name)]
    strong = [name for name in settings if _is_strong(name)]
    return bool(results) and len(settings) > 1 and _varies(layout, strong) and not _has_axis(layout)


def read(path: Path) -> tuple[RawLog, ...]:
    """Raise ``LogError``, which says how many trials there are, with which settings and results."""
    lines = split_lines(read_text(path)[0])
    layout = find_layout(lines)
    if layout is None:
        raise LogError("the file holds no table, only blank lines or comments", kind="not-a-log")
    settings, results = _kinds(layout.names)
    rows = sum(1 for _ in records(lines, layout.delimiter, skip=layout.header + 1))
    count = f"{rows} trials" if rows != 1 else "1 trial"
    shown = f"settings ({listed(settings, 6)})" if settings else f"columns ({listed(layout.names, 6)})"
    ended = f" and results ({listed(results, 4)})" if results else ""
    raise LogError(f"a table of trials and no curve: {count}, one a row, with {shown}{ended}", kind="not-a-log")


def _kinds(names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the names of settings, and those of results."""
    settings = [name for name in names if _is_strong(name) or WEAK.fullmatch(_plain(name))]
    rest = [name for name in names if name not in settings and not is_axis(name)]
    rest = [name for name in rest if not NO_RESULT.search(_plain(name))]
    return settings, [name for name in rest if is_metric(name) or RESULT.fullmatch(_plain(name))]


def _is_measured(layout: Layout, name: str) -> bool:
    """Say whether the column holds a number that is no count or flag, or nothing is known of it yet."""
    at = layout.names.index(name)
    cells = [row[at] for row in layout.body if at < len(row)]
    return not cells or any(is_number(cell) and not cell.strip().lstrip("-").isdigit() for cell in cells)


def _is_strong(name: str) -> bool:
    return PREFIXED.fullmatch(name) is not None or SETTING.fullmatch(_plain(name)) is not None


def _plain(name: str) -> str:
    return re.sub(r"[\s./-]+", "_", name.strip()).lower()


def _varies(layout: Layout, names: list[str]) -> bool:
    """Say whether one of the columns changes, or the rows are too few to tell: a log repeats its settings."""
    if len(layout.body) < 3:
        return bool(names)
    at = [layout.names.index(name) for name in names]
    return any(len({row[i] for row in layout.body if i < len(row)}) > 1 for i in at)


def _has_axis(layout: Layout) -> bool:
    """Say whether a column of steps or epochs goes up, or the first rows are too few to tell."""
    for at, name in enumerate(layout.names):
        if not is_axis(name) or _is_strong(name):
            continue
        values = [float(row[at]) for row in layout.body if at < len(row) and is_number(row[at])]
        steps = np.diff(values)
        rising = np.all(steps > 0) if WEAK.fullmatch(_plain(name)) else np.all(steps >= 0) and np.any(steps > 0)
        if len(values) < 3 or rising:
            return True
    return False


READER = Reader("trials_csv", "Table of trials (refused)", claims, read, priority=25)
