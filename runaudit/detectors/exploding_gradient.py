"""A gradient norm that starts far too large for the loss it comes from, or runs away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._chance import SQUARED
from runaudit.detectors._kinds import layers_of
from runaudit.detectors._layers import in_depth, total_norm
from runaudit.detectors._loss import chance_level
from runaudit.detectors._rows import first_half, typical
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, IntArray, Series
from runaudit.numerics import finite, level

Facts = dict[str, float | str]


def exploding_gradient(
    norm: Series | None,
    gradients: Mapping[str, Series] | None,
    loss: Series | None,
    ratios: Mapping[str, Series] | None,
    activations: Mapping[str, Series] | None,
    clip: float | None,
    classes: float | None,
    kind: str | None,
    reduction: str | None,
    accuracy: Series | None,
    reward: Series | None,
    *,
    drop: float,
    huge: float,
    runaway: float,
    collapse: float,
    apart: float,
    growth: float,
    update: float,
    above_chance: float,
    nats: float,
    most_classes: float,
    mistake: float,
    lever: float,
    steep: float,
    min_rows: int,
) -> Iterator[Hit]:
    """Report one gradient that explodes: at the start, because of the first weights, or on the way.

    The evidence is one of: the norm grows ``runaway`` times over its first value, or is not finite from the first
    rows on, and the loss blows up with it; it is largest at the very start and falls back by ``drop``, after taking
    off the factor by which the loss itself fell; it is above ``nats`` where the first loss is ``above_chance`` times
    that of guessing (among ``most_classes``, where an accuracy says that there are classes and not how many, and the
    loss is a mean: at the end a mistake costs up to ``mistake``); it falls with a loss that falls ``collapse`` times,
    and activations grow ``growth`` times through the layers, or it is ``lever`` times twice the root of a squared
    error: so far would the outputs go for a step of 1. It is sure with a sign that the first weights are at fault: that
    first loss, that growth or that lever; an overflow
    in the first row, or a norm ``steep`` times the loss; a fall of ``huge``, a fall of ``collapse`` within some rows,
    or in one layer ``apart`` times more than in another; a first update of ``update`` of the weights. Else, and where
    gradients are clipped and stay finite, it is weak. The norm is the logged one, or that over all layers. Raises
    ``NotJudged`` under ``min_rows`` rows, after clipping, and for reinforcement learning. Source: Pascanu et al.,
    On the difficulty of training recurrent neural networks (2013).
    """
    if reward is not None:
        raise NotJudged("the gradients of reinforcement learning follow the rewards", "judge by the reward")
    name, by, steps, values = _norm(norm, gradients, min_rows)
    course = _course(steps, values, loss)
    if course.reaches_zero:
        raise NotJudged("a loss that reaches 0 or less gives no scale for the gradient", "a positive loss")
    signs: Facts = {}
    summed = "sum" in (reduction or "")
    chance = chance_level(classes, kind) if not summed else None
    if chance is None and not summed and _mistakes_cost(loss, accuracy) < mistake:
        chance = chance_level(most_classes, kind)
    if chance is not None and course.first_loss > above_chance * chance:
        signs |= {"first_loss": course.first_loss, "chance": chance}
    grown = _grown(activations)
    if grown > growth:
        signs["grown"] = grown
    far = course.first / (2.0 * np.sqrt(course.first_loss)) if course.first_loss > 0 else 0.0
    squared = accuracy is None if kind is None else bool(SQUARED.search(kind.lower()))
    if far > lever and squared and not summed and course.loss_fell > collapse:
        signs["far"] = far
    large, blown = "chance" in signs, bool({"grown", "far"} & signs.keys())
    how = _how(course, drop=drop, runaway=runaway, nats=nats, collapse=collapse, steep=steep, large=large, grown=blown)
    if not how:
        return
    if how == "runs away":
        signs |= _signs_of_overflow(course, steep)
    else:
        fell = course if how == "falls back" else None
        signs |= _signs_of_first_step(fell, gradients, ratios, huge, collapse, apart, update)
    facts: Facts = {"by": by, "how": how, "first": course.first, "largest": course.largest, **signs}
    if how != "runs away" and np.isfinite(course.late):
        facts |= {"late": course.late, "fell": course.fell, "loss_fell": course.loss_fell}
    last = course.break_step if how == "runs away" else course.calm_step
    clipped = clip is not None and clip > 0 and bool(np.all(np.isfinite(values)))
    yield Hit(int(steps[0]), last, facts, weak=clipped or not signs, series=name)


def _mistakes_cost(loss: Series | None, accuracy: Series | None) -> float:
    """Return what a wrong answer costs at the end: the loss over the share of mistakes; infinity if it is not known."""
    shares = finite(accuracy.values) if accuracy is not None else np.empty(0)
    losses = finite(loss.values) if loss is not None else np.empty(0)
    if not len(shares) or not len(losses):
        return float("inf")
    return level(losses) / max(1.0 - level(shares), 0.02)


@dataclass(frozen=True, slots=True)
class _Course:
    """How the norm and the loss went; what is not known is NaN.

    ``first``, ``top`` (largest of the first fifth), ``next`` (median of ten values after the second), ``late`` (median
    of the second half) and ``largest`` are norms; ``loss_fell`` is the factor by which the loss fell, 1 at least.
    From ``break_step`` on no norm is finite, at ``calm_step`` it is a tenth of the first; else both are the last step.
    """

    first: float
    top: float
    next: float
    late: float
    largest: float
    at_once: bool
    break_step: int
    calm_step: int
    first_loss: float = np.nan
    loss_fell: float = 1.0
    blown_up: bool = False
    overflow: bool = False
    reaches_zero: bool = False

    @property
    def fell(self) -> float:
        """Return the factor by which the norm fell from its early top to its late level."""
        return self.top / self.late

    @property
    def excess(self) -> float:
        """Return how much more the norm fell than the loss did, for a norm that starts at its top; else NaN."""
        return self.fell / self.loss_fell if self.first >= 0.5 * self.top else np.nan


def _norm(
    norm: Series | None, gradients: Mapping[str, Series] | None, min_rows: int
) -> tuple[str, str, IntArray, FloatArray]:
    """Return the name to report, what the norm is, its steps and its values."""
    if norm is not None:
        name, by, steps, values = norm.name, "the global gradient norm", norm.steps, norm.values
    elif gradients:
        steps, values = total_norm(gradients)
        name, by = next(iter(gradients.values())).name, f"the gradient norm over {len(gradients)} layers"
    else:
        raise NotJudged("not in this log: grad_norm or grad_norm/<layer>", "grad_norm, or grad_norm/<layer>")
    if len(values) < min_rows:
        raise NotJudged(f"{len(values)} rows of {by}, {min_rows} needed")
    known = finite(values)
    if len(known) >= 10 and float(np.mean(known > 0.99 * known.max())) > 0.5:
        raise NotJudged("half of the gradient norms equal the largest: they were logged after clipping", "grad_norm")
    return name, by, steps, values


def _course(steps: IntArray, values: FloatArray, loss: Series | None) -> _Course:
    good = np.isfinite(values)
    known = values[good & (values > 0)]
    early = finite(values[: max(1, len(values) // 5)])
    dead = float(np.mean(values[len(values) // 2 :] == 0.0)) > 0.1  # a layer died: its late norm is no level
    bad = np.flatnonzero(~good)
    breaks = len(bad) > 0 and not good[bad[0] :].any()
    calm = np.flatnonzero(values < 0.1 * known[0]) if len(known) else bad
    course = _Course(
        first=float(known[0]) if len(known) else np.nan,
        top=float(early.max()) if len(early) else np.nan,
        next=float(np.median(known[2:12])) if len(known) > 2 else np.nan,
        late=float(np.median(known[len(known) // 2 :])) if len(known) > 3 and not dead else np.nan,
        largest=float(known.max()) if len(known) else np.nan,
        at_once=breaks and int(bad[0]) <= 2,
        break_step=int(steps[bad[0]] if breaks else steps[-1]),
        calm_step=int(steps[calm[0]] if len(calm) else steps[-1]),
    )
    if loss is None or not len(loss):
        return course
    losses = finite(loss.values)
    if not len(losses):
        return replace(course, blown_up=True, overflow=bool(np.isposinf(loss.values[0])))
    begin = float(losses[: max(1, len(losses) // 5)].max())
    late = float(np.median(losses[len(losses) // 2 :]))
    return replace(
        course,
        first_loss=float(losses[0]),
        loss_fell=max(1.0, begin / late) if late > 0 else 1.0,
        blown_up=not np.isfinite(loss.values[-1]) or level(losses) > float(losses[0]),
        overflow=bool(np.isposinf(loss.values[0])),
        reaches_zero=bool(losses.min() <= 0),
    )


def _how(
    course: _Course,
    *,
    drop: float,
    runaway: float,
    nats: float,
    collapse: float,
    steep: float,
    large: bool,
    grown: bool,
) -> str:
    """Return in a word or two how the gradient explodes, "" where it does not."""
    started = bool(np.isfinite(course.first))
    if course.blown_up and started and (course.largest > runaway * course.first or course.at_once):
        return "runs away"
    if course.overflow and course.at_once and not started:
        return "runs away"
    if course.excess > drop and not course.first <= steep * course.first_loss:
        return "falls back"
    collapsed = course.loss_fell > collapse and np.isfinite(course.excess)  # the activations blew up the loss as well
    if (large and course.top > nats) or (grown and collapsed):
        return "is large"
    return ""


def _signs_of_overflow(course: _Course, steep: float) -> Facts:
    signs: Facts = {}
    if course.overflow:
        signs["overflow"] = "inf"
    if course.first_loss > 0 and course.first > steep * course.first_loss:
        signs["steepness"] = course.first / course.first_loss
    return signs


def _signs_of_first_step(
    course: _Course | None,
    gradients: Mapping[str, Series] | None,
    ratios: Mapping[str, Series] | None,
    huge: float,
    collapse: float,
    apart: float,
    update: float,
) -> Facts:
    """Return the signs that the norm was large at the first steps alone; without a course those of single layers."""
    signs: Facts = {}
    if course is not None and course.excess > huge:
        signs["excess"] = course.excess
    if course is not None and course.first > collapse * course.next:
        signs["next"] = course.next
    layer, times = _apart(gradients)
    if times > apart:
        signs |= {"layer": layer, "apart_by": times}
    moved = [float(s.values[0]) for s in layers_of(ratios or {}).values() if len(s) and np.isfinite(s.values[0])]
    if max(moved, default=0.0) > update:
        signs["moved"] = max(moved)
    return signs


def _apart(gradients: Mapping[str, Series] | None) -> tuple[str, float]:
    """Return the layer whose norm fell most from its first value to its late median, and how much more than another."""
    fell: dict[str, float] = {}
    for layer, series in layers_of(gradients or {}, embeddings=True).items():
        good = np.isfinite(series.values) & (series.values > 0)
        steps, values = series.steps[good], series.values[good]
        if len(values) >= 4:
            half = min(len(values) - 2, first_half(steps))
            fell[layer] = float(values[0]) / typical(steps[half:], values[half:])
    if len(fell) < 2:
        return "", 0.0
    worst = max(fell, key=lambda layer: fell[layer])
    return worst, fell[worst] / max(min(fell.values()), 1e-300)


def _grown(activations: Mapping[str, Series] | None) -> float:
    """Return how much larger the first activations of the last numbered layer are than those of the first one."""
    first = {n: float(s.values[0]) for n, s in (activations or {}).items() if len(s) and np.isfinite(s.values[0])}
    blocks, _ = in_depth([n for n, v in first.items() if v > 0])
    if len(blocks) < 2:
        return 0.0
    return max(first[n] for n in blocks[-1]) / max(first[n] for n in blocks[0])


DETECTOR = Detector(
    "exploding-gradient",
    exploding_gradient,
    frozenset({"by", "how", "first", "largest"}),
    frozenset(
        {"late", "fell", "loss_fell", "first_loss", "chance", "grown", "overflow", "steepness", "excess", "next"}
        | {"layer", "apart_by", "moved", "far"}
    ),
)
