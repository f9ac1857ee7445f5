"""A recorder for any training loop: numbers and numpy arrays in, ``runaudit.jsonl`` out."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import update_wrapper
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from runaudit.record.log import Log
from runaudit.record.measures import activation, histogram, updates

Arrays = Mapping[str, npt.ArrayLike]

P = ParamSpec("P")
R = TypeVar("R")
MOST_FAULTS = 3
RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")


class Guarded(Protocol):
    """What has somewhere to put its faults."""

    def fault(self, where: str, error: Exception) -> None:
        """Keep a fault of the recorder from the training."""


G = TypeVar("G", bound=Guarded)


def guarded(method: Callable[Concatenate[G, P], R]) -> Callable[Concatenate[G, P], R | None]:
    """Return the method, made to report a fault and give None where it would raise: no recorder stops a training."""

    def safe(self: G, /, *args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            return method(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  whatever is wrong with the recorder, the training goes on
            self.fault(method.__name__, error)
            return None

    update_wrapper(safe, method)
    return safe


def rank_of_process() -> int:
    """Return the rank of this process among those that train together, 0 if it is alone.

    >>> rank_of_process() >= 0
    True
    """
    for name in RANKS:
        if os.environ.get(name, "").isdigit():
            return int(os.environ[name])
    return 0


class Recorder:
    """Writes ``runaudit.jsonl``. Of several processes only that of rank 0 writes.

    ``due`` says whether the next step is one of those that are looked at closely: each of the first ``dense`` ones, and
    then every ``every``-th. ``histograms`` is the number of bins of histograms of activations, 0 for none.
    """

    def __init__(
        self,
        path: str | Path = ".",
        *,
        config: Mapping[str, Any] | None = None,
        every: int = 100,
        dense: int = 10,
        flush_every: int = 50,
        histograms: int = 0,
        tiny_subset: int | None = None,
        rank: int | None = None,
        resume: bool = False,
    ) -> None:
        """Open the log; ``tiny_subset`` marks a run that shall learn that many samples by heart, as a sanity check.

        A log that cannot be written is reported on stderr, and the recorder is off.
        """
        self.every, self.dense, self.flush_every = max(1, every), dense, max(1, flush_every)
        self.histograms = histograms
        self.next_step = 0
        self._faults = 0
        self._log: Log | None = None
        self._measured: dict[str, float] = {}
        said = dict(config or {}) | ({} if tiny_subset is None else {"tiny_subset": tiny_subset})
        if (rank_of_process() if rank is None else rank) == 0:
            self._open(path, said, resume=resume)

    @guarded
    def _open(self, path: str | Path, config: Mapping[str, Any], *, resume: bool) -> None:
        self._log = Log(path, config, resume=resume)
        atexit.register(self.close)

    @property
    def on(self) -> bool:
        """Say whether anything is recorded: not on other ranks, not after ``close`` or too many faults."""
        return self._log is not None

    @property
    def path(self) -> Path | None:
        """Return the file that is written, None if there is none."""
        return None if self._log is None else self._log.path

    @property
    def due(self) -> bool:
        """Say whether the next step is looked at closely."""
        return self.on and self.is_due(self.next_step)

    def is_due(self, step: int) -> bool:
        """Say whether that step is looked at closely."""
        return step < self.dense or step % self.every == 0

    @contextmanager
    def update(self, parameters: Arrays, gradients: Arrays | None = None) -> Iterator[None]:
        """Measure, if it is due, what the block does to the parameters: in place, or new arrays in the same mapping."""
        before = self._copies(parameters) if self.due else None
        yield
        if before is not None:
            self._updated(before, parameters, gradients or {})

    @guarded
    def _copies(self, parameters: Arrays) -> dict[str, Any]:
        return {name: np.array(value, dtype=np.float64) for name, value in parameters.items()}

    @guarded
    def _updated(self, before: Arrays, after: Arrays, gradients: Arrays) -> None:
        self._measured |= updates(before, after, gradients)

    @guarded
    def step(
        self,
        /,
        *,
        loss: float | None = None,
        lr: float | None = None,
        activations: Mapping[str, npt.ArrayLike] | None = None,
        kinds: Mapping[str, str] | None = None,
        **more: float,
    ) -> None:
        """Write the row of the next step: the loss before its update, the rate, and what ``update`` measured.

        ``activations`` (samples x units, or samples x channels x places) are measured if the step is due; ``kinds``
        says which are ``tanh`` or ``sigmoid``, the others count as unbounded. ``more`` are further values by name.
        """
        if not self.on:
            return
        row: dict[str, Any] = {"step": self.next_step}
        row |= {} if loss is None else {"train/loss": float(loss)}
        row |= {} if lr is None else {"lr": float(lr)}
        row |= more | self._measured
        bins: dict[str, Any] = {}
        if self.due and activations:
            for name, values in activations.items():
                array = np.asarray(values, dtype=np.float64)
                row |= activation(name, array, (kinds or {}).get(name, ""))
                if self.histograms:
                    bins[f"activations/{name}"] = histogram(array, self.histograms)
        self._measured = {}
        step = self.next_step
        self.next_step += 1
        self.write(row)
        if bins:
            self.write({"step": step, "histograms": bins})
        if step < self.dense or step % self.flush_every == 0:
            self.flush()

    @guarded
    def evaluated(self, /, **values: float) -> None:
        """Write what an evaluation gave after the last step: ``evaluated(loss=0.4, accuracy=0.9)``, as ``val/...``."""
        self.write({"step": max(0, self.next_step - 1), **{f"val/{name}": float(v) for name, v in values.items()}})
        self.flush()

    @guarded
    def write(self, row: Mapping[str, Any]) -> None:
        """Write any row (``record.log`` says which there are)."""
        if self._log is not None:
            self._log.write(row)

    @guarded
    def flush(self) -> None:
        """Hand what was written to the operating system."""
        if self._log is not None:
            self._log.flush()

    @guarded
    def close(self) -> None:
        """Close the log; further calls do nothing."""
        log, self._log = self._log, None
        atexit.unregister(self.close)
        if log is not None:
            log.close()

    def fault(self, where: str, error: Exception) -> None:
        """Say on stderr and in the log what went wrong; after three times the recorder is off."""
        self._faults += 1
        off = self._faults >= MOST_FAULTS
        text = f"{where} failed: {type(error).__name__}: {error}" + ("; the recorder is off now" if off else "")
        try:
            sys.stderr.write(f"runaudit.record: {text}\n")
            if self._log is not None and not self._log.closed:
                self._log.write({"note": text})
                self._log.flush()
        except (OSError, ValueError):
            off = True  # neither stderr nor the log takes a word
        if off:
            self._off()

    def _off(self) -> None:
        log, self._log = self._log, None
        if log is not None:
            with suppress(OSError):
                log.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
