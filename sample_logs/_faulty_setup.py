"""The faulty sample runs whose data, loss or metric are not what they should be."""

from __future__ import annotations

from _case import Case
from _spec import Spec

FAULTY_SETUP = (
    Case(
        "csv/activation-scale",
        Spec(
            hidden=(48,) * 4,
            activation="tanh",
            optimizer="adam",
            lr=0.002,
            schedule="cosine",
            input_scale=1 / 255,
            diagnostics=12,
            every=2,
        ),
        "the inputs were divided by 255 once too often: the activations of the last hidden layer deviate "
        "{r.growth:.0f} times as much as those of the first ({c.growth:.1f} times without that); ends at {r.final:.2g} "
        "against {c.final:.1g}",
        config="config.json",
        cure={"input_scale": 1.0},
        findings={"activation-scale": "note"},
    ),
    Case(
        "csv/regularization-dominates",
        Spec(hidden=(128, 64), lr=0.003, steps=400, penalty=0.05),
        "0.05 times all squared weights is added to the loss and is {r.penalty:.0%} of it: the rest ends at "
        "{r.final:.2g}, without the penalty at {c.final:.2g}",
        config="config.json",
        cure={"penalty": 0.0},
        findings={"regularization-dominates": "warning", "val-better-than-train": "note"},
        consequences={"val-better-than-train": "regularization-dominates"},
    ),
    Case(
        "tensorboard_csv/val-better-than-train",
        Spec(hidden=(32,), optimizer="adam", lr=0.002, schedule="cosine", steps=400, label_noise=0.2),
        "a fifth of the training labels are drawn at random, those of validation are right: training ends at "
        "{r.final:.2g} above validation at {r.val:.2g}; with the right labels at {c.final:.2g} and {c.val:.2g}",
        config="config.json",
        cure={"label_noise": 0.0},
        findings={"val-better-than-train": "note"},
    ),
    Case(
        "tensorboard_json/loss-metric-disagree",
        Spec(
            data="chars",
            hidden=(64,),
            activation="tanh",
            optimizer="adam",
            lr=0.004,
            schedule="cosine",
            batch=64,
            steps=400,
            mistakes_counted=True,
        ),
        "the mistakes are counted where the hits are meant: the validation loss falls to {r.val:.2g} and the accuracy "
        "with it, to {r.val_accuracy:.2f}; counted rightly that is {c.val_accuracy:.2f}",
        config="config.json",
        cure={"mistakes_counted": False},
        better="wrong",
        findings={"loss-metric-disagree": "warning"},
    ),
)
