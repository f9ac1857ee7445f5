"""Which settings differ between runs and references."""

from __future__ import annotations

import json
from collections.abc import Sequence

from runaudit.compare.result import Difference
from runaudit.model import ConfigValue, Run
from runaudit.sweep import BOOKKEEPING, SEED

PLANS = ("max_steps", "epochs")  # how long to train: bookkeeping in a search, and no small matter here


def differences(runs: Sequence[Run], references: Sequence[Run]) -> tuple[Difference, ...]:
    """Return the settings whose values on the two sides are not the same, incidental ones last.

    A setting that a side does not log at all has no values there; runs without any settings take no part.
    """
    sides = [[run.config for run in side if run.config] for side in (runs, references)]
    if not all(sides):
        return ()
    keys = dict.fromkeys(key for side in sides for config in side for key in config)
    found = []
    for key in keys:
        new, old = (_values([config[key] for config in side if key in config]) for side in sides)
        if {_same(v) for v in new} != {_same(v) for v in old}:
            found.append(Difference(key, new, old, incidental(key)))
    return tuple(sorted(found, key=lambda d: d.incidental))


def incidental(key: str) -> bool:
    """Return whether a setting tells runs apart without being tried: a seed, a name, a path.

    >>> [incidental(key) for key in ("seed", "output_dir", "learning_rate", "epochs")]
    [True, True, False, False]
    """
    lower = key.lower()
    return key not in PLANS and bool(SEED.fullmatch(lower) or BOOKKEEPING.fullmatch(lower))


def seeds(runs: Sequence[Run]) -> list[str | None]:
    """Return the seed of each run as text, None where it is not logged."""
    return [next((_same(v) for k, v in run.config.items() if SEED.fullmatch(k.lower())), None) for run in runs]


def varied(runs: Sequence[Run]) -> list[str]:
    """Return the settings, incidental ones apart, that differ among the runs of one side."""
    keys = dict.fromkeys(key for run in runs for key in run.config)
    values = {key: {_same(run.config.get(key)) for run in runs if run.config} for key in keys}
    return [key for key in keys if len(values[key]) > 1 and not incidental(key)]


def _values(values: Sequence[ConfigValue]) -> tuple[ConfigValue, ...]:
    return tuple({_same(value): value for value in values}.values())


def _same(value: ConfigValue) -> str:
    """Return a text that is the same for equal values: 1 and 1.0 are, "1" is not."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(float(value))
    return json.dumps(value, default=str)
