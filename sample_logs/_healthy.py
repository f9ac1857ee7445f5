"""The healthy sample runs: at least one of each format."""

from __future__ import annotations

from _case import Case
from _spec import Spec

HEALTHY = (
    Case(
        "csv/healthy-cosine",
        Spec(schedule="cosine", diagnostics=30, train_accuracy=True),
        "SGD with momentum at the tuned rate, cosine schedule",
        config="config.json",
    ),
    Case(
        "jsonl/healthy-pretrained",
        Spec(schedule="step", lr=0.04, batch=64, pretrained=True, steps=500, seed=3),
        "starts from a network trained on a quarter of the data, so low from the first step; two step decays",
        config="config.yaml",
    ),
    Case(
        "jsonl/healthy-small-batch",
        Spec(optimizer="adam", lr=0.004, schedule="cosine", batch=8, steps=1200, every=2, seed=5),
        "batch 8: the loss of single steps is noisy and the validation loss is not",
        config="config.json",
    ),
    Case(
        "keras_csv/healthy-dropout",
        Spec(hidden=(128, 64), dropout=0.5, optimizer="adam", lr=0.002, steps=1000, batch=48, seed=1),
        "constant rate; dropout keeps the training loss above the validation loss",
        config="config.json",
    ),
    Case(
        "lightning_csv/healthy-warmup",
        Spec(
            activation="tanh",
            optimizer="adam",
            lr=0.01,
            schedule="warmup_cosine",
            weight_decay=0.01,
            seed=2,
            diagnostics=20,
            every=2,
        ),
        "AdamW with a tenth of the steps as warm-up, then cosine",
    ),
    Case(
        "hf_trainer_state/healthy-linear",
        Spec(
            optimizer="adam",
            lr=0.005,
            schedule="warmup_linear",
            weight_decay=0.01,
            batch=64,
            steps=800,
            every=10,
            evals=20,
            seed=4,
        ),
        "AdamW, warm-up and linear decay, gradients clipped at 1 by the Trainer",
    ),
    Case(
        "tensorboard/healthy-step-decay",
        Spec(net="cnn", hidden=(8, 16), lr=0.04, schedule="step", batch=64, steps=500, diagnostics=20, histograms=4),
        "a small convolutional network with two step decays; histograms of activations and gradients",
        config="config.yaml",
    ),
    Case(
        "tensorboard_csv/healthy-regression",
        Spec(data="friedman", hidden=(48,), activation="tanh", lr=0.1, schedule="linear", batch=64, seed=1),
        "squared error of a regression, which ends at the noise of its targets",
    ),
    Case(
        "tensorboard_json/healthy-likelihood",
        Spec(
            data="sine",
            hidden=(48, 48),
            activation="tanh",
            optimizer="adam",
            lr=0.01,
            schedule="cosine",
            diagnostics=20,
            seed=1,
        ),
        "negative log-likelihood of a Gaussian, far below zero at the end as it should be",
        config="config.yaml",
    ),
    Case(
        "nanogpt_text/healthy-char-lm",
        Spec(
            data="chars",
            hidden=(96,),
            activation="tanh",
            optimizer="adam",
            lr=0.006,
            schedule="cosine",
            batch=64,
            every=2,
            diagnostics=15,
        ),
        "a character model on the text of a small grammar",
    ),
)
