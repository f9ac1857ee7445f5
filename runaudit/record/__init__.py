"""Record what happens inside a training, in one line: ``record.watch(model, optimizer)``; ``runaudit check`` reads it.

Nothing here is imported before it is asked for, and no framework but the one in use. What is recorded goes to
``runaudit.jsonl`` (``record.log`` says how it looks); a fault of the recorder is written there and to stderr, and never
raised into the training.

- PyTorch: ``watch(model, optimizer, criterion=...)``
- Lightning: ``Trainer(callbacks=[LightningCallback()])``
- Hugging Face: ``Trainer(callbacks=[TransformersCallback()])``
- Keras 3: ``model.fit(callbacks=[KerasCallback()])``
- optax: ``optimizer = record_updates(optimizer, recorder)``
- anything else: ``Recorder``
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from runaudit.record.keras import KerasCallback
    from runaudit.record.lightning import LightningCallback
    from runaudit.record.optax import record_updates
    from runaudit.record.pytorch import Watch, watch
    from runaudit.record.recorder import Recorder
    from runaudit.record.transformers import TransformersCallback

_HOMES = {
    "Recorder": "recorder",
    "Watch": "pytorch",
    "watch": "pytorch",
    "LightningCallback": "lightning",
    "TransformersCallback": "transformers",
    "KerasCallback": "keras",
    "record_updates": "optax",
}
__all__ = [
    "KerasCallback",
    "LightningCallback",
    "Recorder",
    "TransformersCallback",
    "Watch",
    "record_updates",
    "watch",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  the module hook of PEP 562 has this signature
    """Import a recorder on first use: each brings its framework with it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'runaudit.record' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"runaudit.record.{_HOMES[name]}"), name)
