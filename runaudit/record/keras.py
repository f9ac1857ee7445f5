"""A recorder for Keras 3, any backend: ``model.fit(..., callbacks=[KerasCallback()])``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import keras
import numpy as np

from runaudit.record.measures import BOUNDS, activation, histogram, updates
from runaudit.record.recorder import Recorder, guarded

SETTINGS = ("momentum", "beta_1", "beta_2", "epsilon", "rho", "weight_decay", "clipnorm", "global_clipnorm")


class KerasCallback(keras.callbacks.Callback):  # type: ignore[misc, unused-ignore]  # without Keras its base is unknown
    """Records a ``fit``; what it validates goes to the same file.

    Keras shows callbacks neither the batch nor its gradients: activations are those of ``probe``, inputs to look at
    the network with, and gradients are recorded only where the backend keeps them (PyTorch). The loss of a batch is
    worked out of the running mean that Keras gives. The other settings are those of ``record.Recorder``.
    """

    def __init__(self, path: str | Path = ".", *, probe: Any = None, **settings: Any) -> None:  # noqa: ANN401
        super().__init__()
        self._path, self._probe, self._settings = path, probe, settings
        self._recorder: Recorder | None = None
        self._before: dict[str, Any] = {}
        self._mean, self._last = 0.0, perf_counter()

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Open the log; a further ``fit`` goes on in it."""
        del logs
        if self._recorder is None:
            said = {**(self._described() or {}), **self._settings.get("config", {})}
            self._recorder = Recorder(self._path, **{**self._settings, "config": said})
        self._last = perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Begin a new running mean."""
        del epoch, logs
        self._mean = 0.0

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keep the weights as they are before an update that is due."""
        del batch, logs
        if self._recorder is not None and self._recorder.due:
            self._before = self._weights() or {}

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Write the row of the update."""
        self._row(batch, logs or {})

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Write what a validation gave."""
        if self._recorder is not None and logs:
            self._recorder.evaluated(**{name: float(value) for name, value in logs.items()})

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Hand what was written to the operating system."""
        del logs
        if self._recorder is not None:
            self._recorder.flush()

    def fault(self, where: str, error: Exception) -> None:
        """Report a fault as the recorder does."""
        if self._recorder is not None:
            self._recorder.fault(where, error)

    @guarded
    def _row(self, batch: int, logs: Mapping[str, Any]) -> None:
        recorder = self._recorder
        if recorder is None or not recorder.on:
            return
        now = perf_counter()
        row: dict[str, Any] = {"step": recorder.next_step, "time/step": now - self._last}
        self._last = now
        if "loss" in logs:
            mean = float(logs["loss"])
            row["train/loss"] = mean if batch == 0 else mean * (batch + 1) - self._mean * batch
            self._mean = mean
        if recorder.due or keras.backend.backend() != "jax":  # JAX has to bring its state into the model for it
            row["lr"] = float(np.asarray(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))
        if self._before:
            row |= updates(self._before, self._weights() or {}, self._gradients())
            self._before = {}
        if recorder.due and self._probe is not None:
            row |= self._activations(recorder)
        recorder.next_step += 1
        recorder.write(row)
        if recorder.next_step <= recorder.dense or recorder.next_step % recorder.flush_every == 0:
            recorder.flush()

    @guarded
    def _weights(self) -> dict[str, Any]:
        # self.model, and not self._model: with JAX it brings the weights of the moment into the model
        return {v.path: np.array(keras.ops.convert_to_numpy(v), np.float64) for v in self.model.trainable_variables}

    def _gradients(self) -> dict[str, Any]:
        if keras.backend.backend() != "torch":
            return {}
        found = {v.path: getattr(v.value, "grad", None) for v in self.model.trainable_variables}
        return {name: grad.detach().cpu().numpy() for name, grad in found.items() if grad is not None}

    def _activations(self, recorder: Recorder) -> dict[str, float]:
        row: dict[str, float] = {}
        layers = [(layer, kind) for layer in self.model.layers if (kind := _kind(layer))]
        inner = keras.Model(self.model.inputs, [layer.output for layer, _ in layers])
        outputs = inner(self._probe, training=False)
        for (layer, kind), output in zip(
            layers, outputs if isinstance(outputs, list | tuple) else [outputs], strict=True
        ):
            values = np.asarray(keras.ops.convert_to_numpy(output), np.float64)
            values = np.moveaxis(values, -1, 1) if keras.config.image_data_format() == "channels_last" else values
            row |= activation(layer.name, values, kind)
            if recorder.histograms:
                bins = histogram(values, recorder.histograms)
                recorder.write({"step": recorder.next_step, "histograms": {f"activations/{layer.name}": bins}})
        return row

    @guarded
    def _described(self) -> dict[str, Any]:
        model, optimizer = self.model, self.model.optimizer
        loss = model.loss if isinstance(model.loss, str) else getattr(model.loss, "name", None)
        asked = {name: getattr(optimizer, name, None) for name in SETTINGS}
        said = {
            "framework": f"keras {keras.__version__} on {keras.backend.backend()}",
            "architecture": type(model).__name__,
            "parameters": int(model.count_params()),
            "optimizer": type(optimizer).__name__.lower(),
            "learning_rate": float(np.asarray(keras.ops.convert_to_numpy(optimizer.learning_rate))),
            "loss": loss,
            "epochs": (self.params or {}).get("epochs"),
            "frozen": [v.path for v in model.variables if not v.trainable and "seed" not in v.path] or None,
            **{name: value for name, value in asked.items() if isinstance(value, int | float)},
        }
        if "categorical_crossentropy" in str(loss) and model.outputs:
            said["classes"] = int(model.outputs[0].shape[-1])
        return {name: value for name, value in said.items() if value is not None}


def _kind(layer: Any) -> str:  # noqa: ANN401
    """Return the kind of an activation, a name in ``BOUNDS`` or ``open``; "" for a layer without one."""
    function = getattr(layer, "activation", None)
    name = getattr(function, "__name__", "") if function is not None else type(layer).__name__.lower()
    if name in BOUNDS:
        return name
    return "open" if name in {"relu", "gelu", "silu", "elu", "selu", "swish", "mish", "leakyrelu", "relu6"} else ""
