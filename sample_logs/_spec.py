"""What a sample run is made of, and what is measured of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean, median

Layers = Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Machine:
    """The simulated machine of a run: the columns that it logs, by their names, and what is wrong with it.

    Times are seconds: of the computation of a step, of the wait for its batch, of an evaluation. A step at the end
    takes ``slower`` times as long as at the start, and after half of the run nothing happens for ``pause``. ``gpu`` is
    the usual utilisation in percent, ``memory`` that of the process in MB, at the start and at the end. ``crash`` ends
    what the training printed with the message of a GPU that ran out of memory.
    """

    logs: tuple[str, ...] = ()
    compute: float = 0.1
    wait: float = 0.002
    evaluation: float = 0.2
    slower: float = 1.0
    pause: float = 0.0
    gpu: float = 92.0
    memory: tuple[float, float] = (1000.0, 1000.0)
    crash: bool = False


@dataclass(frozen=True)
class Readings:
    """What a simulated machine showed.

    ``took`` is the time of the run and ``evaluating`` that of its evaluations in seconds, ``early`` and ``late`` the
    median seconds of a step in the first and the last fifth, ``waiting`` the median share of the wait for data in a
    step, ``idle`` one less the median utilisation of the GPU, ``memory`` that of the last step in MB, ``missing`` the
    share of the planned steps that were not trained.
    """

    took: float
    evaluating: float
    early: float
    late: float
    waiting: float
    idle: float
    memory: float
    missing: float


@dataclass(frozen=True)
class Spec:
    """One training run: what its configuration names, its faults (which no configuration names), its log.

    ``warmup`` and ``milestones`` are shares of the run. ``planned`` is the length in steps that the schedule was
    given, if not that of the run, and ``cut`` what each milestone leaves of the rate. ``penalty`` times all squared
    weights is added to the loss, ``label_noise`` is the share of training labels that are drawn at random,
    ``input_scale`` multiplies all inputs, and ``mistakes_counted`` takes the mistakes for the accuracy.
    """

    data: str = "digits"
    net: str = "mlp"
    hidden: tuple[int, ...] = (64, 64)
    activation: str = "relu"
    dropout: float = 0.0
    optimizer: str = "sgd"
    lr: float = 0.05
    schedule: str = "constant"
    warmup: float = 0.1
    milestones: tuple[float, ...] = (0.5, 0.8)
    clip: float | None = None
    weight_decay: float = 0.0
    batch: int = 32
    steps: int = 600
    samples: int | None = None
    seed: int = 0
    pretrained: bool = False

    head_scale: float = 1.0
    weight_scale: float = 1.0
    hidden_bias: float = 0.0
    bad_batches: tuple[int, ...] = ()
    sorted_data: bool = False
    random_labels: bool = False
    copied_parameters: bool = False
    half_probabilities: bool = False
    planned: int | None = None
    cut: float = 0.1
    penalty: float = 0.0
    label_noise: float = 0.0
    input_scale: float = 1.0
    mistakes_counted: bool = False
    machine: Machine | None = None

    every: int = 1
    evals: int = 30
    diagnostics: int = 0
    histograms: int = 0
    train_accuracy: bool = False

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, the first being 0."""
        done = min(1.0, step / (self.planned or self.steps))
        warm = min(1.0, (step + 1) / (self.warmup * self.steps))
        cosine = 0.5 * (1 + math.cos(math.pi * done))
        factor = {
            "constant": 1.0,
            "cosine": cosine,
            "linear": 1 - done,
            "step": self.cut ** sum(done >= milestone for milestone in self.milestones),
            "warmup_cosine": warm * cosine,
            "warmup_linear": warm * (1 - done),
            "warmup_constant": warm,
            "late_cut": 1.0 if done < 0.8 else 0.1,
        }[self.schedule]
        return self.lr * factor

    def evaluation_steps(self) -> list[int]:
        """Return the steps before which both splits are measured; the last is the end of the run."""
        return spread(self.steps, self.evals + 1)

    def diagnostic_steps(self) -> list[int]:
        """Return the steps at which the layers are measured."""
        return spread(self.steps - 1, self.diagnostics)


def spread(last: int, count: int) -> list[int]:
    """Return ``count`` steps from 0 to ``last`` at equal distances."""
    return sorted({round(last * i / max(count - 1, 1)) for i in range(count)})


@dataclass(frozen=True)
class Evaluation:
    """Both splits, measured in evaluation mode. Accuracies are NaN in a regression."""

    train: float
    val: float
    train_accuracy: float
    val_accuracy: float


@dataclass(frozen=True)
class Outcome:
    """What a run gave: its evaluations, and where a plain loop recorded them its losses and layers."""

    evaluations: list[Evaluation]
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    penalties: list[float] = field(default_factory=list)
    layers: list[Layers] = field(default_factory=list)
    machine: Readings | None = None


@dataclass(frozen=True)
class Measured:
    """What a run came to: means over the last tenth of its evaluations, four at least.

    ``halfway`` is the training loss after half of the run, ``rise`` the validation loss over its minimum, ``gap``
    training over validation accuracy, ``wrong`` the validation accuracy's distance from 1, ``spike`` the largest jump
    of a step's loss over the median of 31, ``climb`` that of medians of 5 over the first loss in the first tenth,
    ``norm`` the largest gradient norm of the first fifth, ``usual_norm`` the median of the second half, ``penalty``
    the median share of the penalty in the loss. Of the layers: ``update`` is the median update-to-weight ratio,
    ``zero``, ``dead`` (second half) and ``saturated`` (first half) the shares of the worst layer, ``fade`` the first
    layer's gradient norm over the head's, ``growth`` the last hidden layer's deviation over that of the first.
    """

    first: float
    halfway: float
    final: float
    val: float
    val_best: float
    accuracy: float
    val_accuracy: float
    rise: float
    gap: float
    wrong: float
    spike: float
    climb: float
    norm: float
    usual_norm: float
    penalty: float
    nan_from: int
    update: float
    zero: float
    dead: float
    saturated: float
    fade: float
    growth: float
    machine: Readings | None

    @classmethod
    def of(cls, outcome: Outcome) -> Measured:
        """Return the summary of a run."""
        late = outcome.evaluations[-max(4, len(outcome.evaluations) // 10) :]
        val, best = fmean(e.val for e in late), min(e.val for e in outcome.evaluations)
        accuracy, val_accuracy = fmean(e.train_accuracy for e in late), fmean(e.val_accuracy for e in late)
        half = len(outcome.layers) // 2
        early_layers, late_layers = outcome.layers[:half], outcome.layers[half:]
        early_norms = outcome.norms[: len(outcome.norms) // 5]
        return cls(
            first=outcome.evaluations[0].train,
            halfway=outcome.evaluations[len(outcome.evaluations) // 2].train,
            final=fmean(e.train for e in late),
            val=val,
            val_best=best,
            accuracy=accuracy,
            val_accuracy=val_accuracy,
            rise=val - best,
            gap=accuracy - val_accuracy,
            wrong=1 - val_accuracy,
            spike=_spike(outcome.losses),
            climb=_climb(outcome.losses),
            norm=max(early_norms, default=math.nan),
            usual_norm=_middle(outcome.norms[len(outcome.norms) // 2 :]),
            penalty=_middle(p / loss for p, loss in zip(outcome.penalties, outcome.losses, strict=False)),
            nan_from=next((i for i, loss in enumerate(outcome.losses) if not math.isfinite(loss)), -1),
            update=_middle(median(_of(row, "update_ratio")) for row in outcome.layers),
            zero=_worst(late_layers, "zero"),
            dead=_worst(late_layers, "dead"),
            saturated=_worst(early_layers, "saturated"),
            fade=_middle(_fade(row) for row in early_layers),
            growth=_middle(_growth(row) for row in early_layers),
            machine=outcome.machine,
        )


def _of(row: Layers, quantity: str) -> list[float]:
    return [value for (_, name), value in row.items() if name == quantity]


def _middle(values: Iterable[float]) -> float:
    found = list(values)
    return median(found) if found else math.nan


def _worst(rows: list[Layers], quantity: str) -> float:
    """Return the largest of the layers' medians over the rows."""
    layers = {layer for row in rows for layer, name in row if name == quantity}
    return max((median(row[layer, quantity] for row in rows) for layer in layers), default=math.nan)


def _fade(row: Layers) -> float:
    norms = _of(row, "grad_norm")
    return norms[0] / norms[-1] if norms[-1] else math.nan


def _growth(row: Layers) -> float:
    spreads = _of(row, "std")
    return spreads[-1] / spreads[0] if spreads[0] else math.nan


def _climb(losses: list[float]) -> float:
    early = losses[: len(losses) // 10]
    return max((median(early[i : i + 5]) - losses[0] for i in range(len(early) - 4)), default=math.nan)


def _spike(losses: list[float]) -> float:
    windows = (losses[i - 15 : i + 16] for i in range(15, len(losses) - 15))
    return max((window[15] - median(window) for window in windows), default=math.nan)
