"""The faulty sample runs whose learning rate or gradient clipping was planned wrongly."""

from __future__ import annotations

from _case import Case
from _spec import Spec

FAULTY_PLAN = (
    Case(
        "tensorboard/decay-too-early",
        Spec(lr=0.01, schedule="step", milestones=(0.05,), cut=0.01, steps=360, evals=20),
        "the rate is cut to a hundredth after a twentieth of the run: ends at {r.final:.2g}, with two cuts to a tenth, "
        "at half and at four fifths of the run, at {c.final:.1g}",
        config="config.yaml",
        cure={"milestones": (0.5, 0.8), "cut": 0.1},
        findings={"decay-too-early": "warning"},
    ),
    Case(
        "csv/decay-too-late",
        Spec(
            data="friedman",
            hidden=(),
            lr=0.2,
            schedule="step",
            milestones=(0.75,),
            cut=0.05,
            batch=16,
            steps=1600,
            every=20,
            evals=80,
        ),
        "the rate is cut after three quarters of the run, though the loss stalls within its first tenth: after half of "
        "it the loss is {r.halfway:.2g}, with the cut at a quarter {c.halfway:.2g}",
        config="config.yaml",
        cure={"milestones": (0.25,)},
        better="halfway",
        findings={"decay-too-late": "warning", "noisy-batch": "note"},
        consequences={"noisy-batch": "decay-too-late"},
    ),
    Case(
        "keras_csv/lr-zero",
        Spec(hidden=(64,), optimizer="adam", lr=0.001, schedule="cosine", planned=167, steps=500, batch=48),
        "the cosine schedule was given a third of the steps, and the rate is zero from then on: ends at {r.final:.2g}, "
        "with a schedule over the whole run at {c.final:.2g}",
        cure={"planned": None},
        findings={"lr-zero": "error"},
    ),
    Case(
        "nanogpt_text/warmup-missing",
        Spec(data="chars", hidden=(1024,) * 3, optimizer="adam", lr=0.005, schedule="cosine", batch=64, steps=400),
        "Adam at its full rate from the first step in a wide network: the loss first climbs by {r.climb:.2g}, with a "
        "warm-up over a tenth of the run it does not; the rate itself is right, it ends at {r.final:.3g} and "
        "{c.final:.3g}",
        config="config.json",
        cure={"schedule": "warmup_cosine"},
        better="climb",
        findings={"warmup-missing": "note"},
    ),
    Case(
        "hf_trainer_state/warmup-too-long",
        Spec(
            optimizer="adam", lr=0.001, schedule="warmup_constant", warmup=0.6, batch=64, steps=300, every=5, evals=20
        ),
        "the rate warms up over three fifths of the run: after half of it the loss is {r.halfway:.2g}, with a tenth as "
        "warm-up {c.halfway:.2g}",
        config="config.json",
        cure={"warmup": 0.1},
        better="halfway",
        findings={"warmup-too-long": "note"},
    ),
    Case(
        "lightning_csv/over-clipping",
        Spec(schedule="cosine", clip=0.05, every=2),
        "gradients are clipped at 0.05, where a norm of {r.usual_norm:.2g} is usual: ends at {r.final:.2g}, without "
        "clipping at {c.final:.1g}",
        cure={"clip": None},
        findings={"over-clipping": "warning"},
    ),
)
