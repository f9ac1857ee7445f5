"""One run written twice, in files of two kinds or by two loggers: it counts once, and what each says is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from runaudit.load.homes import CAPTURED
from runaudit.model import FloatArray, Note, Run

COMPARED = {"train/loss": 1e-3, "val/loss": 1e-3, "reward": 6e-3}
"""What tells that two files hold one run, and how far their values may be rounded apart (``%.3g`` for rewards)."""

CURVE = 3  # points of a curve that can be judged
MOST_NAMES = 6


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A run before it has its id: where it lies below its home (a file, or "" for several), and its label.

    ``guest``: it lies in the folder of another run, which it may be once more.
    """

    run: Run
    name: str
    label: str
    guest: bool = False


def distinct(found: Sequence[Named]) -> list[Named]:
    """Return the runs of a folder with those written twice taken together.

    The run whose folder it is counts, before what a program printed; else the richer one. A guest, and what the
    program printed, give what that one lacks, if both count alike.
    """
    out: list[Named] = []
    for one in found:
        twin = next((i for i, other in enumerate(out) if _printed(one, other) or _same(one, other)), None)
        if twin is None:
            out.append(one)
        else:
            out[twin] = _together(out[twin], one)
    return out


def _together(one: Named, other: Named) -> Named:
    printed = _printed(one, other)
    first, second = sorted((one, other), key=lambda n: _richness(n.run), reverse=True)
    if printed:
        first, second = (one, other) if one.run.format in CAPTURED else (other, one)
        if not _has_curve(first.run) and _has_curve(second.run):
            first, second = second, first
    elif one.guest != other.guest:
        first, second = (one, other) if other.guest else (other, one)
    rich, poor = first.run, second.run
    lacking: dict[str, str] = {}
    if printed or one.guest != other.guest:
        known = {u.canonical for u in poor.names if u.canonical}
        lacking = {name: s.source_name for name, s in poor.series.items() if name not in rich.series and name in known}
    alike = any(_same_steps(rich, poor, name, printed=printed) for name in COMPARED)
    joined = {name: poor.series[name] for name in lacking} if alike else {}
    shown = ", ".join(list(lacking)[:MOST_NAMES]) + (" and more" if len(lacking) > MOST_NAMES else "")
    if not printed and not lacking:
        text = f"the same run as in {rich.paths[0]}, which holds more: read once"
    elif not lacking:
        text = f"what the program of {rich.paths[0]} printed: the same run, read once"
    elif joined:
        text = f"the same run as in {rich.paths[0]}: read once, {shown} taken from here"
    else:
        text = f"the same run as in {rich.paths[0]}, but no curve of both agrees by its steps: {shown} left out"
    run = replace(
        rich,
        paths=(*rich.paths, *(path for path in poor.paths if path not in rich.paths)),
        series={**rich.series, **joined},
        config={**poor.config, **rich.config},
        notes=(*rich.notes, Note(text, poor.paths[0])),
        names=(*rich.names, *(u for u in poor.names if u.canonical in joined)),
    )
    return replace(first, run=run, guest=one.guest and other.guest)


def _printed(one: Named, other: Named) -> bool:
    """Say whether one of the two is what the program of the other printed, as a tracker keeps it."""
    return any(
        all(PurePosixPath(path).name.startswith(CAPTURED.get(a.format, "/")) for path in b.paths)
        for a, b in ((one.run, other.run), (other.run, one.run))
    )


def _has_curve(run: Run) -> bool:
    return any(name in run.series and len(run.series[name]) >= CURVE for name in COMPARED)


def _richness(run: Run) -> tuple[int, int]:
    return len(run.series), sum(len(s) for s in run.series.values())


def _same(one: Named, other: Named) -> bool:
    """Say whether two runs log the same loss at the same steps; two of one file are two, however much alike."""
    a, b = one.run, other.run
    if one.label and other.label and set(a.paths) & set(b.paths):
        return False
    shared = [name for name in COMPARED if name in a.series and name in b.series]
    return bool(shared) and all(_same_curve(a, b, name) for name in shared)


def _same_curve(a: Run, b: Run, name: str) -> bool:
    """Say whether two curves are equal at their common steps, or value by value (one counts from 0, one from 1)."""
    first, second = a.series[name], b.series[name]
    if _same_steps(a, b, name):
        return True
    return len(first) == len(second) > 2 and _equal(first.values, second.values, COMPARED[name])


def _same_steps(a: Run, b: Run, name: str, *, printed: bool = False) -> bool:
    """Say whether both have the curve, with the same values at their common steps, which are most of the shorter.

    ``printed``: the values of the one are those of the other in fewer digits.
    """
    first, second = a.series.get(name), b.series.get(name)
    if first is None or second is None:
        return False
    _, i, j = np.intersect1d(first.steps, second.steps, assume_unique=True, return_indices=True)
    enough = len(i) >= max(CURVE, 0.8 * min(len(first), len(second)))
    room = max(_last_digit(first.values), _last_digit(second.values)) if printed else 0.0
    return enough and _equal(first.values[i], second.values[j], COMPARED[name], room)


def _last_digit(values: FloatArray) -> float:
    """Return the unit of the last digit after the point that the values have in decimal; 0 where they have many."""
    seen = values[np.isfinite(values)]
    fits = (digits for digits in range(1, 7) if np.allclose(np.round(seen, digits), seen, rtol=0, atol=1e-9))
    digits = next(fits, 0)
    return 10.0**-digits if digits else 0.0


def _equal(x: FloatArray, y: FloatArray, rounded: float, room: float = 0.0) -> bool:
    """Say whether two curves agree but for rounding: relative, and a ten-thousandth of the range for printed digits."""
    with np.errstate(over="ignore", invalid="ignore"):  # the difference of two huge values of other sign
        seen = x[np.isfinite(x)]
        room = max(room, 1e-4 * float(np.ptp(seen)) if len(seen) else 0.0)
        equal = np.isclose(x, y, rtol=rounded, atol=room if np.isfinite(room) else 0.0, equal_nan=True)
    return bool(equal.mean() >= 0.9 and len(np.unique(x)) > 1)
