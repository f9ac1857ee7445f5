"""The recorder in Keras' own training loop, on the backend that ``KERAS_BACKEND`` names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from runaudit.load import load  # noqa: E402  after the skip
from runaudit.record import KerasCallback  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_fit_is_recorded(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(96, 6)).astype("float32")
    labels = (inputs @ rng.normal(size=(6, 3))).argmax(1)
    layers = [
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(8, activation="tanh"),
        keras.layers.Dense(3),
    ]
    model = keras.Sequential([keras.Input((6,)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss=loss)
    weights = keras.ops.convert_to_numpy(model.layers[0].kernel).copy()
    callback = KerasCallback(tmp_path, probe=inputs[:32], every=5, dense=2)

    class Losses(keras.callbacks.Callback):  # type: ignore[misc, name-defined, unused-ignore]
        means: list[float] = []  # noqa: RUF012

        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            del batch
            self.means.append(float((logs or {})["loss"]))

    seen = Losses()
    model.fit(
        inputs, labels, batch_size=32, epochs=4, validation_data=(inputs, labels), verbose=0, callbacks=[callback, seen]
    )
    run = load([tmp_path]).runs[0]
    series = run.series
    assert list(series["train/loss"].steps) == list(range(12))
    of_epochs = series["train/loss"].values.reshape(4, 3).mean(1)
    assert of_epochs == pytest.approx(seen.means[2::3], rel=1e-4), "batches of an epoch average to what Keras says"
    assert list(series["val/loss"].steps) == [2, 5, 8, 11]
    ratios = [name for name in series if name.startswith("update_ratio/") and "bias" not in name]
    assert len(ratios) == 3
    assert list(series[ratios[0]].steps) == [0, 1, 5, 10]
    assert all(0 < series[name].values[0] < 1 for name in ratios)
    assert sum(name.startswith("zero_frac/") for name in series) == 1
    assert sum(name.startswith("saturated_frac/") for name in series) == 1
    assert (run.config["optimizer"], run.config["classes"], run.config["epochs"]) == ("sgd", 3, 4)
    assert (keras.backend.backend() == "torch") == any(name.startswith("grad_norm/") for name in series)
    norm = float(np.linalg.norm(weights))
    firsts = [float(one.values[0]) for name, one in series.items() if name.startswith("weight_norm/")]
    assert any(first == pytest.approx(norm, rel=1e-4) for first in firsts)
