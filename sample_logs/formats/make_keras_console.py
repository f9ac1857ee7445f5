"""Keep what Keras prints with and without bars: ``KERAS_BACKEND=torch python make_keras_console.py`` (3.15.1)."""

from __future__ import annotations

import tempfile

import keras
from _console import recorded
from sklearn.datasets import load_digits

BARS = {"healthy-keras-bars": 1, "healthy-keras-lines": 2}


def main() -> None:
    """Train the same small network twice, once with a bar for each epoch and once with a line."""
    digits = load_digits()
    x, y = digits.data / 16, digits.target
    for case, verbose in BARS.items():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([
            keras.layers.Input((64,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(10, activation="softmax"),
        ])  # fmt: skip
        model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
        with tempfile.TemporaryDirectory() as folder, recorded(case):
            best = keras.callbacks.ModelCheckpoint(f"{folder}/best.keras", save_best_only=True, verbose=verbose - 1)
            model.fit(x[:1400], y[:1400], batch_size=200, epochs=15, verbose=verbose, callbacks=[best],
                      validation_data=(x[1400:], y[1400:]))  # fmt: skip
            model.evaluate(x[1400:], y[1400:], batch_size=200, verbose=verbose)


if __name__ == "__main__":
    main()
