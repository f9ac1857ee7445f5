"""Shared by the rules on searches: a range as it is written for the searchers that people use."""

from __future__ import annotations

import math

from runaudit.detectors._search import Parameter
from runaudit.detectors._search_scale import is_share


def written(parameter: Parameter, low: float, high: float, *, log: bool | None = None) -> dict[str, str]:
    """Return the range of a parameter as Optuna, Ray Tune and W&B want it, on its own axis if ``log`` is None.

    A range of whole numbers is rounded to such.
    """
    log = parameter.log if log is None else log
    name = parameter.name
    if parameter.whole:
        first, last = f"{max(math.floor(low), 1 if low > 0 else low):.0f}", f"{math.ceil(high):.0f}"
        kinds = ("int", "lograndint" if log else "randint", "q_log_uniform_values" if log else "int_uniform")
    else:
        first, last = number(low), number(high)
        kinds = ("float", "loguniform" if log else "uniform", "log_uniform_values" if log else "uniform")
    return {
        "optuna": f'trial.suggest_{kinds[0]}("{name}", {first}, {last}{", log=True" if log else ""})',
        "ray": f'"{name}": tune.{kinds[1]}({first}, {last})',
        "wandb": f"{name}: [distribution: {kinds[2]}, min: {first}, max: {last}]".replace("[", "{").replace("]", "}"),
    }


def is_open(parameter: Parameter, end: int) -> bool:
    """Say whether anything lies beyond the lower (0) or upper (1) end: nothing does beyond 0, one layer, or all."""
    low, high = parameter.ends()
    if end == 0:
        return low > 0 and not (parameter.whole and low <= 1)
    return not (is_share(parameter.name) and high >= 0.99)


def number(value: float) -> str:
    """Return a number with two digits, as a program reads it.

    >>> number(0.000123), number(0.5), number(1234.0)
    ('0.00012', '0.5', '1.2e+03')
    """
    return f"{value:.2g}"
