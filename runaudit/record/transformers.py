"""A recorder for Hugging Face's Trainer: ``Trainer(callbacks=[TransformersCallback()])``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from runaudit.record.pytorch import Watch, watch

ASKED = (
    "per_device_train_batch_size", "gradient_accumulation_steps", "num_train_epochs", "max_grad_norm", "warmup_steps",
    "lr_scheduler_type", "seed", "fp16", "bf16",
)  # fmt: skip


class TransformersCallback(TrainerCallback):  # type: ignore[misc, unused-ignore]  # without transformers unknown
    """Records a training of ``Trainer``; its evaluations go to the same file.

    ``path`` is the folder of the log, the Trainer's ``output_dir`` by default; the other settings are those of
    ``record.watch``.
    """

    def __init__(self, path: str | Path | None = None, **settings: Any) -> None:  # noqa: ANN401  those of watch
        self.path = path
        self._settings = settings
        self._watch: Watch | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Hang the hooks in, once the Trainer has made the optimizer."""
        del control
        model, optimizer = kwargs.get("model"), kwargs.get("optimizer")
        if model is None or optimizer is None:
            return
        inner = getattr(optimizer, "optimizer", optimizer)  # accelerate wraps it
        asked = {name: _plain(value) for name in ASKED if (value := getattr(args, name, None)) is not None}
        vocabulary = getattr(getattr(model, "config", None), "vocab_size", None)
        said = {"max_steps": state.max_steps, "vocab_size": vocabulary, **asked, **self._settings.get("config", {})}
        settings = {**self._settings, "config": {name: value for name, value in said.items() if value is not None}}
        rank = getattr(args, "process_index", 0)
        self._watch = watch(model, inner, self.path or args.output_dir, evaluation=False, rank=rank, **settings)

    def on_evaluate(
        self,
        args: Any,  # noqa: ANN401
        state: Any,  # noqa: ANN401
        control: Any,  # noqa: ANN401
        metrics: Mapping[str, Any] | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Write what the evaluation gave."""
        del args, state, control, kwargs
        if self._watch is not None and metrics:
            self._watch.log(**{name: float(v) for name, v in metrics.items() if isinstance(v, int | float)})

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Write what is pending."""
        del args, state, control, kwargs
        if self._watch is not None:
            self._watch.close()
            self._watch = None


def _plain(value: object) -> object:
    """Return a value of an enumeration as its text."""
    return getattr(value, "value", value)
