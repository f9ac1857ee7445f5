"""The faulty sample runs, but for those of ``_faulty_plan`` and ``_faulty_setup``."""

from __future__ import annotations

from _case import Case
from _spec import Spec

FAULTY = (
    Case(
        "csv/loss-spikes",
        Spec(optimizer="adam", lr=0.002, schedule="cosine", bad_batches=(231, 402, 517)),
        "three batches had inputs five times too large and permuted labels (steps 231, 402, 517): the loss jumps by up "
        "to {r.spike:.0f} (without them by {c.spike:.2f}) and comes back to {r.final:.2g} ({c.final:.2g})",
        cure={"bad_batches": ()},
        better="spike",
        findings={"loss-spikes": "warning", "grad-norm-spikes": "note"},
        consequences={"grad-norm-spikes": "loss-spikes"},
    ),
    Case(
        "csv/bad-initial-loss",
        Spec(lr=0.01, schedule="cosine", head_scale=15.0, seed=1),
        "the initial weights of the last layer are 15 times too large: the first loss is {r.first:.3g}, without that "
        "{c.first:.3g}, a uniform guess over ten classes 2.30",
        config="config.yaml",
        cure={"head_scale": 1.0},
        better="first",
        findings={"bad-initial-loss": "warning"},
    ),
    Case(
        "jsonl/noisy-batch",
        Spec(lr=0.002, batch=1, steps=1200, evals=40),
        "batch 1: after 1200 steps the training loss is {r.final:.3g}, with batch 32 at its own tuned rate and as many "
        "steps {c.final:.2g}",
        config="config.json",
        cure={"batch": 32, "lr": 0.05},
        findings={"noisy-batch": "warning", "missing-decay": "warning"},
        consequences={"missing-decay": "noisy-batch"},
    ),
    Case(
        "jsonl/non-finite",
        Spec(optimizer="adam", lr=0.01, steps=700, seed=4, half_probabilities=True),
        "takes the logarithm of half-precision probabilities: a tiny one overflows the gradient, and from step "
        "{r.nan_from} on the loss is NaN; in full precision it ends at {c.final:.2g}",
        cure={"half_probabilities": False},
        findings={"non-finite": "error"},
    ),
    Case(
        "tensorboard_json/dead-relu",
        Spec(hidden=(64,), lr=0.02, hidden_bias=-3.5, diagnostics=30),
        "hidden biases start at -3.5: {r.zero:.0%} of the activations are zero and {r.dead:.0%} of the units never "
        "active; ends at {r.final:.2g}, with biases at zero at {c.final:.2g}",
        cure={"hidden_bias": 0.0},
        findings={"dead-relu": "warning", "lr-too-low": "note", "still-improving": "note"},
        consequences={"lr-too-low": "dead-relu", "still-improving": "dead-relu"},
    ),
    Case(
        "keras_csv/overfitting",
        Spec(
            data="chars",
            samples=300,
            hidden=(256,),
            activation="tanh",
            optimizer="adam",
            lr=0.003,
            batch=50,
            steps=240,
            seed=1,
        ),
        "300 training samples for a wide network without regularisation: the validation loss rises by {r.rise:.2g} "
        "over its best, {r.val_best:.3g}; with 3,000 samples it ends at {c.val:.2g}",
        config="config.json",
        cure={"samples": 3000, "steps": 600},
        better="val",
        findings={"overfitting": "warning", "accuracy-gap": "note"},
        consequences={"accuracy-gap": "overfitting"},
    ),
    Case(
        "keras_csv/underfitting",
        Spec(hidden=(2,), optimizer="adam", lr=0.01, schedule="cosine", steps=1500, batch=48),
        "two hidden units for ten classes: flat at {r.final:.2g} (validation {r.val:.2g}); with 64 units at the same "
        "budget {c.final:.2g} (validation {c.val:.2g})",
        config="args.yaml",
        cure={"hidden": (64,)},
        findings={"underfitting": "warning"},
    ),
    Case(
        "lightning_csv/lr-too-high",
        Spec(hidden=(32,), activation="tanh", optimizer="adam", lr=0.2, diagnostics=20, seed=1, every=2),
        "the rate is 40 times the tuned 0.005: the loss blows up at first and ends at {r.final:.2g} against "
        "{c.final:.2g}; median update-to-weight ratio {r.update:.1e} against {c.update:.1e}",
        cure={"lr": 0.005},
        findings={
            "lr-too-high": "warning",
            "update-ratio-high": "warning",
            "missing-decay": "note",
            "saturated-activation": "note",
        },
        consequences={
            "update-ratio-high": "lr-too-high",
            "missing-decay": "lr-too-high",
            "saturated-activation": "lr-too-high",
        },
    ),
    Case(
        "lightning_csv/unshuffled-data",
        Spec(lr=0.0125, sorted_data=True),
        "the training set is sorted by class and read in that order every epoch (38 steps): ends at {r.final:.2g}, "
        "shuffled at {c.final:.2g}",
        cure={"sorted_data": False},
        findings={
            "unshuffled-data": "warning",
            "lr-too-high": "note",
            "noisy-batch": "note",
            "average-weights": "note",
        },
        consequences={
            "lr-too-high": "unshuffled-data",
            "noisy-batch": "unshuffled-data",
            "average-weights": "unshuffled-data",
        },
    ),
    Case(
        "hf_trainer_state/not-learning",
        Spec(optimizer="adam", lr=0.003, batch=64, steps=500, every=5, evals=20, random_labels=True),
        "every sample gets another's label, drawn anew each time: the loss stays at {r.final:.3g}, a uniform guess is "
        "2.30; with the right labels {c.final:.1g}",
        config="config.json",
        cure={"random_labels": False},
        findings={"stuck-at-chance": "error", "not-learning": "error"},
        consequences={"not-learning": "stuck-at-chance"},
    ),
    Case(
        "hf_trainer_state/non-finite",
        Spec(optimizer="adam", lr=0.02, batch=32, steps=600, every=10, evals=20, half_probabilities=True),
        "takes the logarithm of half-precision probabilities: first one eval_loss is infinite, then a gradient "
        "overflows, and the Trainer's NaN filter logs a loss of 0 beside NaN in grad_norm and eval_loss; in full "
        "precision it ends at {c.final:.2g}",
        cure={"half_probabilities": False},
        findings={"non-finite": "error", "nan-filter-on": "warning", "loss-spikes": "note"},
        consequences={"nan-filter-on": "non-finite", "loss-spikes": "non-finite"},
    ),
    Case(
        "tensorboard/lr-too-low",
        Spec(optimizer="adam", lr=1e-5, diagnostics=20),
        "the rate is 1/1000 of the tuned 0.01: the loss falls in a straight line to {r.final:.3g} only, against "
        "{c.final:.1g}; median update-to-weight ratio {r.update:.1e} against {c.update:.1e}",
        config="config.yaml",
        cure={"lr": 0.01},
        findings={"lr-too-low": "warning", "update-ratio-low": "warning", "still-improving": "note"},
        consequences={"update-ratio-low": "lr-too-low", "still-improving": "lr-too-low"},
    ),
    Case(
        "tensorboard/not-learning",
        Spec(lr=0.05, steps=400, copied_parameters=True, train_accuracy=True),
        "the optimizer holds a copy of the parameters, so nothing moves: training loss {r.first:.4g} at the start and "
        "{r.final:.4g} at the end, with the parameters themselves {c.final:.1g}",
        cure={"copied_parameters": False},
        findings={"not-learning": "error", "noisy-batch": "note"},
        consequences={"noisy-batch": "not-learning"},
    ),
    Case(
        "tensorboard/saturated-activation",
        Spec(hidden=(64, 64, 64), activation="tanh", lr=0.02, weight_scale=20.0, diagnostics=20),
        "the initial hidden weights of a tanh network are 20 times too large: {r.saturated:.0%} of the worst layer's "
        "activations are saturated; ends at {r.final:.2g} against {c.final:.1g}",
        config="config.json",
        cure={"weight_scale": 1.0},
        findings={"saturated-activation": "warning"},
    ),
    Case(
        "tensorboard_csv/accuracy-gap",
        Spec(
            samples=40,
            batch=20,
            hidden=(64,),
            optimizer="adam",
            lr=0.002,
            weight_decay=1.0,
            steps=400,
            train_accuracy=True,
        ),
        "40 training samples: training accuracy {r.accuracy:.2f} against validation accuracy {r.val_accuracy:.2f}; "
        "with all 1,200 samples {c.accuracy:.2f} against {c.val_accuracy:.2f}",
        cure={"samples": None},
        better="gap",
        findings={"accuracy-gap": "warning"},
    ),
    Case(
        "tensorboard_csv/missing-decay",
        Spec(
            data="sine",
            hidden=(48, 48),
            activation="tanh",
            optimizer="adam",
            lr=0.007,
            batch=16,
            steps=1200,
            seed=1,
            every=2,
            evals=60,
        ),
        "constant rate to the end: ends at {r.final:.3g}; cutting the rate tenfold for the last fifth gives "
        "{c.final:.3g}",
        config="config.json",
        cure={"schedule": "late_cut"},
        findings={"missing-decay": "warning"},
    ),
    Case(
        "tensorboard_json/update-ratio-high",
        Spec(
            data="friedman", hidden=(48,), activation="tanh", optimizer="adam", lr=0.2, diagnostics=20, seed=1, every=2
        ),
        "the rate is 20 times the tuned 0.01: median update-to-weight ratio {r.update:.1e} against {c.update:.1e}, "
        "ends at {r.final:.3g} against {c.final:.3g}",
        config="config.json",
        cure={"lr": 0.01},
        findings={
            "lr-too-high": "warning",
            "not-learning": "error",
            "update-ratio-high": "warning",
            "missing-decay": "warning",
            "noisy-batch": "note",
            "saturated-activation": "note",
        },
        consequences={
            "not-learning": "lr-too-high",
            "update-ratio-high": "lr-too-high",
            "missing-decay": "lr-too-high",
            "noisy-batch": "lr-too-high",
            "saturated-activation": "lr-too-high",
        },
    ),
    Case(
        "jsonl/vanishing-gradient",
        Spec(hidden=(48,) * 6, activation="sigmoid", optimizer="adam", lr=0.001, diagnostics=12, every=2),
        "six sigmoid layers: the first layer's gradient is {r.fade:.1e} of the head's ({c.fade:.1e} with tanh); ends "
        "at {r.final:.2g} against {c.final:.1g}",
        cure={"activation": "tanh"},
        findings={
            "vanishing-gradient": "warning",
            "lr-too-low": "note",
            "underfitting": "note",
            "missing-decay": "note",
        },
        consequences={
            "lr-too-low": "vanishing-gradient",
            "underfitting": "vanishing-gradient",
            "missing-decay": "vanishing-gradient",
        },
    ),
    Case(
        "nanogpt_text/diverged",
        Spec(data="chars", hidden=(96,), activation="tanh", lr=1.2, batch=64, every=2),
        "SGD at six times the tuned 0.2: the training loss goes from {r.first:.3g} to {r.final:.3g}, against "
        "{c.final:.2g}",
        config="config.json",
        cure={"lr": 0.2},
        findings={
            "diverged": "error",
            "not-learning": "error",
            "lr-too-high": "warning",
            "best-too-early": "note",
            "grad-norm-spikes": "note",
        },
        consequences={
            "not-learning": "diverged",
            "lr-too-high": "diverged",
            "best-too-early": "diverged",
            "grad-norm-spikes": "diverged",
        },
    ),
    Case(
        "nanogpt_text/exploding-gradient",
        Spec(data="chars", net="rnn", hidden=(48,), lr=0.01, weight_scale=3.0, batch=64, every=2, diagnostics=15),
        "recurrent weights three times too large, no clipping: the gradient norm starts at up to {r.norm:.0f} "
        "({c.norm:.1f} without that), ends at {r.final:.2g} against {c.final:.2g}",
        config="config.json",
        cure={"weight_scale": 1.0},
        findings={"bad-initial-loss": "warning", "exploding-gradient": "warning"},
    ),
)
