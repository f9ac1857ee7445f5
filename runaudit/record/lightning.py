"""A recorder for Lightning: ``Trainer(callbacks=[LightningCallback()])``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

try:
    from lightning.pytorch import Callback
except ImportError:  # the package that Lightning was before version 2
    from pytorch_lightning import Callback

from torch import Tensor

from runaudit.record.pytorch import Watch, watch

ASKED = ("max_epochs", "max_steps", "accumulate_grad_batches", "gradient_clip_val", "precision")


class LightningCallback(Callback):  # type: ignore[misc, unused-ignore]  # without Lightning its base is unknown
    """Records the training of the first optimizer; what is logged as validation goes to the same file.

    ``path`` is the folder of the log, that of Lightning's own logger by default; the other settings are those of
    ``record.watch``.
    """

    def __init__(self, path: str | Path | None = None, **settings: Any) -> None:  # noqa: ANN401  those of watch
        super().__init__()
        self.path = path
        self._settings = settings
        self._watch: Watch | None = None

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ANN401
        """Hang the hooks in, once Lightning has made the optimizers."""
        if not trainer.optimizers:
            return
        asked = {name: value for name in ASKED if (value := getattr(trainer, name, None)) not in (None, -1)}
        settings = {**self._settings, "config": {**asked, **self._settings.get("config", {})}}
        folder = self.path or trainer.log_dir or trainer.default_root_dir
        self._watch = watch(
            pl_module, trainer.optimizers[0], folder, evaluation=False, rank=trainer.global_rank, **settings
        )
        if len(trainer.optimizers) > 1:
            self._watch.recorder.write({"note": "of several optimizers the first is recorded"})

    def on_before_backward(self, trainer: Any, pl_module: Any, loss: Tensor) -> None:  # noqa: ANN401
        """Take the loss of a batch; Lightning has divided it by the number of batches it accumulates."""
        del pl_module
        if self._watch is not None:
            self._watch.loss(loss.detach() * trainer.accumulate_grad_batches)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ANN401
        """Write what the validation logged."""
        del pl_module
        if self._watch is not None and not trainer.sanity_checking:
            self._watch.log(**_validation(trainer.callback_metrics))

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ANN401
        """Write what is pending."""
        del trainer, pl_module
        self._close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:  # noqa: ANN401
        """Write what is pending: the rows before a crash are those that tell of it."""
        del trainer, pl_module, exception
        self._close()

    def _close(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None


def _validation(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items() if name.startswith(("val", "valid", "eval", "test"))}
