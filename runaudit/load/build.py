"""Raw logs -> one run: canonical series on one step axis, with the configuration and the notes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from runaudit.load.axis import Timed, timed
from runaudit.load.clock import Column, timings
from runaudit.load.companions import Companions
from runaudit.load.config import config_key
from runaudit.load.derived import losses, reward
from runaudit.load.order import ordered
from runaudit.load.parts import Part, settings_of, tables_of
from runaudit.model import (
    ConfigValue,
    FloatArray,
    IntArray,
    Note,
    RawSeries,
    Reduction,
    Run,
    Series,
    Understood,
    Unreadable,
)
from runaudit.names import Meaning, understand_all
from runaudit.tasks import TASKS, task_of

ACCURACY = re.compile(r"(?:^|[/_])accuracy(?:_|$)")
FRACTION = re.compile(r"(?:zero|dead|saturated)_frac/")
MOST_NAMES = 12
MOST_SETTINGS = 3
TOLD = "what the configuration says"

HISTOGRAMS = "histograms"


def build(
    run_id: str,
    parts: Sequence[Part],
    companions: Companions,
    maps: Mapping[str, str] | None = None,
    task: str = "",
) -> Run | Unreadable:
    """Return the run that the parts make together, or why they make none (no metric, no value).

    ``maps`` is what the user says of columns (``runaudit.maps``), ``task`` what they say of the training, if anything.
    """
    rel = str(parts[0].file.rel)
    points = Counter[str]()
    for part in parts:
        for raw in part.log.series:
            points[raw.name] += len(raw.values)
    meanings = understand_all(points, points, maps)
    tables = tables_of(parts)
    if not tables and not any(meanings[n].role == "metric" and count for n, count in points.items()):
        return Unreadable(rel, _no_metric(points, meanings), "not-a-log")
    series, unit, notes = _series(parts, meanings)
    if not tables and not any(meanings[s.name].role == "metric" for s in series):
        return Unreadable(rel, "no value of a metric has a usable step", "corrupt")
    settings = [n for n, m in meanings.items() if m.role == "unknown" and config_key(n)[1] >= 0]
    if unit == "row" and len(settings) >= MOST_SETTINGS:
        shown = ", ".join(settings[:MOST_NAMES])
        return Unreadable(rel, f"a table of runs and no curve: each row has settings ({shown})", "not-a-log")
    config, remarks = settings_of(parts, companions)
    notes.extend(remarks)
    curves: dict[str, Series] = {}
    beside = [s for s in series if meanings[s.name].role not in {"metric", "unknown"}]
    for one in series:
        if one in beside:
            continue
        meanings[one.name] = _no_fraction(one, meanings[one.name])
        made, remarks = _judged(one, meanings[one.name], unit, config)
        curves[made.name] = made
        notes.extend(remarks)
    times = timings([Column(s.name, s.path, s.steps, s.values, s.lines) for s in beside], _counted(curves, unit))
    curves |= {made.name: made for made in times.values() if made.name not in curves}
    totals, remarks = losses(curves)
    curves |= totals
    notes.extend(remarks)
    derived_names: tuple[Understood, ...] = ()
    if HISTOGRAMS in tables:
        from runaudit.load.histograms import derived  # takes long to import, and few logs hold any

        homes = {tag: str(part.file.rel) for part in parts for tag in part.log.tables.get(HISTOGRAMS, ())}
        layers = derived(tables, homes, curves)
        curves |= layers.series
        notes.extend(layers.notes)
        derived_names = layers.names
    found, sign = task_of(curves, config, points, parts[0].log.format) if not task else (task, TOLD)
    if found == "rl":
        earned, remarks = reward(curves)
        curves |= earned
        notes.extend(remarks)
    if found in TASKS:
        text = f"taken for {TASKS[found].title} because of {sign}: rules that make no sense there are skipped"
        notes.append(Note(text, str(parts[0].file.rel)))
    return Run(
        id=run_id,
        paths=tuple(dict.fromkeys(str(part.file.rel) for part in parts)),
        format=parts[0].log.format,
        series=dict(sorted(curves.items(), key=_reading_order)),
        config=config,
        tables=tables,
        notes=(*(note for part in parts for note in _relative(part)), *companions.notes, *notes),
        step_unit=_counted(curves, unit),
        names=(
            *(_understood(name, meanings[name], times.get(name), count) for name, count in points.items()),
            *derived_names,
        ),
        task=found,
    )


def _counted(curves: Mapping[str, Series], unit: str) -> str:
    """Return what a step counts: epochs, where the loss is a mean of an epoch and logged at 0, 1, 2, ..."""
    loss = curves.get("train/loss", curves.get("val/loss"))
    if unit == "step" and loss is not None and loss.reduction is Reduction.EPOCH_MEAN and loss.width == 1:
        return "epoch" if len(loss) > 2 and int(loss.steps[-1]) <= len(loss) else unit
    return unit


def _no_metric(points: Mapping[str, int], meanings: Mapping[str, Meaning]) -> str:
    if not points:
        return "no curve: nothing but settings or a header"
    shown = ", ".join(list(points)[:MOST_NAMES])
    shown += f" and {len(points) - MOST_NAMES} more" if len(points) > MOST_NAMES else ""
    if not any(points.values()):
        return f"the log has a header and no rows (columns: {shown})"
    blank = [name for name in points if meanings[name].role == "metric"]
    if blank:
        return f"every cell under {', '.join(blank[:MOST_NAMES])} is blank (columns: {shown})"
    return f"no training metric among the columns: {shown}"


def _understood(name: str, meaning: Meaning, time: Series | None, points: int) -> Understood:
    if time is not None:
        return Understood(name, time.name, f"{meaning.why}; the throughput rules read {time.source_name}", points)
    known = meaning.role in {"axis", "metric"}
    return Understood(name, meaning.canonical if known else "", meaning.why, points)


def _relative(part: Part) -> list[Note]:
    """Return the notes of a reader with the path as the report shows it."""
    return [replace(note, path=str(part.file.rel)) for note in part.log.notes]


def _reading_order(item: tuple[str, Series]) -> tuple[int, str]:
    """Sort the losses first, then the other curves, per-layer diagnostics last."""
    name = item[0]
    first = ["train/loss", "val/loss", "test/loss", "train/accuracy", "val/accuracy", "lr", "grad_norm"]
    return first.index(name) if name in first else len(first), name


# --- series ------------------------------------------------------------------------------------------------


def _series(parts: Sequence[Part], meanings: Mapping[str, Meaning]) -> tuple[list[Timed], str, list[Note]]:
    """Return every metric with strictly increasing steps, joined over the parts, the unit, and the notes."""
    notes: list[Note] = []
    groups: list[list[Timed]] = []
    units = Counter[str]()
    offset = 0
    for part in parts:
        found, unit, remarks = timed(part.log, str(part.file.rel), meanings)
        notes.extend(remarks)
        if found:
            units[unit] += sum(len(s.values) for s in found)
            groups.append([replace(s, order=s.order + offset) for s in found])
            offset += (
                1 + max(int(s.order[-1]) for s in found if len(s.order)) if any(len(s.order) for s in found) else 0
            )
    if not groups:
        return [], "step", notes
    unit = units.most_common(1)[0][0]
    if len(units) > 1:
        others = ", ".join(sorted(u for u in units if u != unit))
        notes.append(Note(f"the files count in {unit} and in {others}: read as {unit}", groups[0][0].path))
    minor = {name for name, meaning in meanings.items() if meaning.role != "metric"}
    judged = {name for name, meaning in meanings.items() if meaning.role in {"metric", "unknown"}}
    names = Counter(s.name for group in groups for s in group if s.name in judged)
    if max(names.values()) > 1:  # a later file goes on where an earlier one stopped, or restarts it
        groups = [_joined(groups)]
    out: list[Timed] = []
    for group in groups:
        kept, remarks = ordered(group, minor)
        out.extend(kept)
        notes.extend(remarks)
    return [s for s in out if len(s.steps)], unit, notes


def _joined(groups: Sequence[Sequence[Timed]]) -> list[Timed]:
    """Join the series of one name, in the order of the files; lines are kept for the last file alone."""
    by_name: dict[str, list[Timed]] = {}
    for group in groups:
        for one in group:
            by_name.setdefault(one.name, []).append(one)
    out = []
    for many in by_name.values():
        last = many[-1]
        lines = [s.lines if s is last else np.zeros_like(s.lines) for s in many]
        out.append(
            replace(
                last,
                steps=np.concatenate([s.steps for s in many]),
                values=np.concatenate([s.values for s in many]),
                lines=np.concatenate(lines),
                order=np.concatenate([s.order for s in many]),
            )
        )
    return out


def _judged(one: Timed, meaning: Meaning, unit: str, config: Mapping[str, ConfigValue]) -> tuple[Series, list[Note]]:
    """Return the series under its canonical name and in its canonical unit."""
    name = meaning.canonical
    values, note = _as_fraction(one.values * meaning.scale if meaning.scale != 1.0 else one.values, name)
    notes = [Note(f"{one.name}: {note}", one.path)] if note else []
    if meaning.scale != 1.0:
        notes.append(Note(f"{one.name}: its name says percent, read as a fraction", one.path))
    reduction = _reduction(one.raw, meaning, unit)
    width = _width(one.steps, reduction, unit, config)
    return Series(name, one.steps, values, one.lines, one.name, one.path, reduction, width), notes


def _no_fraction(one: Timed, meaning: Meaning) -> Meaning:
    """Return the meaning, or that there is none where the share of units that it names is above 1: they are counted."""
    if not FRACTION.match(meaning.canonical) or not np.any(one.values[np.isfinite(one.values)] * meaning.scale > 1.001):
        return meaning
    return replace(meaning, canonical=one.name, role="unknown", why="values above 1 are no shares of units", scale=1.0)


def _as_fraction(values: FloatArray, name: str) -> tuple[FloatArray, str]:
    """Return accuracies as fractions where they can only be percents, and a note about it."""
    if not ACCURACY.search(name):
        return values, ""
    finite = values[np.isfinite(values)]
    if not len(finite) or not 1.5 < finite.max() <= 100.0 or finite.min() < 0:
        return values, ""
    return values / 100.0, "values above 1 are percents, divided by 100"


def _reduction(raw: RawSeries, meaning: Meaning, unit: str) -> Reduction:
    if raw.reduction is not None:
        return raw.reduction
    if meaning.reduction is not None:
        return meaning.reduction
    return Reduction.EPOCH_MEAN if unit == "epoch" else Reduction.STEP


def _width(steps: IntArray, reduction: Reduction, unit: str, config: Mapping[str, ConfigValue]) -> float:
    """Return the number of steps that one value averages over, 1 where it is not known."""
    if reduction not in {Reduction.WINDOW_MEAN, Reduction.EPOCH_MEAN} or unit == "epoch":
        return 1.0
    logged = config.get("logging_steps")
    if reduction is Reduction.WINDOW_MEAN and isinstance(logged, int | float) and logged >= 1:
        return float(logged)
    return float(np.median(np.diff(steps))) if len(steps) > 1 else 1.0
