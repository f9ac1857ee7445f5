"""The formats that a framework writes itself: Lightning, transformers and Keras train the run and log it."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from _data import Data, load
from _loop import batch_loss, batches, evaluate, global_norm, initial, optimizer_of
from _nets import EMBEDDING, Probe
from _spec import Evaluation, Layers, Outcome, Spec
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, IterableDataset

os.environ.setdefault("KERAS_BACKEND", "torch")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

Trainer = Callable[[Spec, Path], Outcome]


class Batches(IterableDataset[tuple[Tensor, Tensor]]):
    """The batches of one epoch at a time, in the order in which the plain loop would draw them."""

    def __init__(self, spec: Spec, data: Data) -> None:
        self.source = batches(spec, data)
        self.length = -(-len(data.train[0]) // spec.batch)

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Any:  # noqa: ANN401  the base class declares no more
        return itertools.islice(self.source, self.length)


def by_lightning(spec: Spec, folder: Path) -> Outcome:
    """Train with Lightning's Trainer; its CSVLogger writes ``metrics.csv``."""
    import lightning
    from lightning.pytorch.callbacks import LearningRateMonitor
    from lightning.pytorch.loggers import CSVLogger

    data = load(spec)
    probed = set(spec.diagnostic_steps())

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = initial(spec, data)
            self.probe = Probe(self.net, spec.activation)
            self.found: dict[tuple[str, str], float] = {}
            self.outcome = Outcome([evaluate(self.net, data)])

        def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
            if self.global_step in probed:
                self.found = self.probe.activations(batch[0])
            loss = batch_loss(spec, data, self.net(batch[0]), batch[1])
            self.log("train_loss", loss, on_step=True, on_epoch=True, batch_size=len(batch[1]))
            self.outcome.losses.append(float(loss.detach()))
            return loss

        def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
            self.before = self.probe.weights()
            self.outcome.norms.append(global_norm(self.net))
            if self.found:
                self.found |= self.probe.gradients()

        def on_train_batch_end(self, outputs: object, batch: object, index: int) -> None:
            self.log("grad_norm", self.outcome.norms[-1], on_step=True, on_epoch=False)
            if self.found:
                self.outcome.layers.append(self.found | self.probe.updates(self.before))
                logger.log_metrics(underscored(self.outcome.layers[-1]), self.global_step - 1)
                self.found = {}

        def validation_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
            found = evaluate(self.net, data)
            self.net.eval()
            self.outcome.evaluations.append(found)
            values = {"val_loss": found.val}
            if data.classes:
                values["val_acc"] = found.val_accuracy
            self.log_dict(values, batch_size=len(batch[1]))

        def configure_optimizers(self) -> Any:  # noqa: ANN401  Lightning's own type is a union of twenty
            optimizer = optimizer_of(spec, self.net)
            schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: spec.rate(step) / spec.lr)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    logger = CSVLogger(str(folder), name="", version="")
    module = Module()
    trainer = lightning.Trainer(
        max_steps=spec.steps,
        accelerator="cpu",
        logger=logger,
        callbacks=[LearningRateMonitor("step")],
        log_every_n_steps=spec.every,
        val_check_interval=spec.steps // spec.evals,
        gradient_clip_val=spec.clip,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    validation = DataLoader(torch.utils.data.TensorDataset(*data.val), batch_size=len(data.val[0]))
    trainer.fit(module, DataLoader(Batches(spec, data), batch_size=None), validation)
    return module.outcome


def underscored(layers: Layers) -> dict[str, Tensor | float]:
    """Return the diagnostics of the layers under names such as ``update_ratio_fc1``."""
    names = {"mean": "act_mean", "std": "act_std", "zero": "act_zero_frac", "saturated": "act_sat_frac"}
    kept = {"update_ratio", "grad_norm", *names}
    return {f"{names.get(key, key)}_{layer}": value for (layer, key), value in layers.items() if key in kept}


class Supervised(nn.Module):
    """A network that computes its own loss, as the transformers Trainer expects."""

    def __init__(self, net: nn.Sequential, spec: Spec, data: Data) -> None:
        super().__init__()
        self.net, self.spec, self.data = net, spec, data

    def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Return loss and logits."""
        logits = self.net(x)
        return {"loss": batch_loss(self.spec, self.data, logits, labels), "logits": logits}


class Rows(Dataset[dict[str, Tensor]]):
    """A split as rows of inputs and labels; ``redraw`` gives every row another's label, anew each time."""

    def __init__(self, split: tuple[Tensor, Tensor], redraw: bool) -> None:
        self.x, self.y = split
        self.random = torch.Generator().manual_seed(1) if redraw else None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if self.random is not None:
            return {"x": self.x[index], "labels": self.y[torch.randint(len(self.y), (), generator=self.random)]}
        return {"x": self.x[index], "labels": self.y[index]}


def by_transformers(spec: Spec, folder: Path) -> Outcome:
    """Train with the transformers Trainer, which writes ``trainer_state.json``; it clips gradients at 1."""
    from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

    data = load(spec)
    net = initial(spec, data)
    outcome = Outcome([])

    class Watch(TrainerCallback):
        def on_evaluate(self, *_: object, **__: object) -> None:
            outcome.evaluations.append(evaluate(net, data))

    def accuracy(prediction: Any) -> dict[str, float]:  # noqa: ANN401  the library names no usable type
        return {"accuracy": float((prediction.predictions.argmax(axis=1) == prediction.label_ids).mean())}

    optimizer = optimizer_of(spec, net)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: spec.rate(step) / spec.lr)
    ticks = itertools.count(1_700_000_000.0, 0.01)
    with tempfile.TemporaryDirectory() as scratch, patch("time.time", lambda: next(ticks)):
        arguments = TrainingArguments(
            output_dir=scratch,
            max_steps=spec.steps,
            per_device_train_batch_size=spec.batch,
            per_device_eval_batch_size=1000,
            logging_steps=spec.every,
            eval_strategy="steps",
            eval_steps=spec.steps // spec.evals,
            eval_on_start=True,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
            seed=spec.seed,
        )
        trainer = Trainer(
            Supervised(net, spec, data),
            arguments,
            train_dataset=Rows(data.train, spec.random_labels),
            eval_dataset=Rows(data.val, redraw=False),
            compute_metrics=accuracy if data.classes else None,
            callbacks=[Watch()],
            optimizers=(optimizer, schedule),
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        trainer.save_state()
        shutil.copy(Path(scratch) / "trainer_state.json", folder)
    return outcome


def by_keras(spec: Spec, folder: Path) -> Outcome:
    """Train a dense network with Keras; its CSVLogger writes ``training.csv``, a row an epoch."""
    import keras

    keras.utils.set_random_seed(spec.seed)
    data = load(spec)
    (x, y), (val_x, val_y) = ((a.numpy(), b.numpy()) for a, b in (data.train, data.val))
    layers: list[Any] = [keras.Input((x.shape[1],))]
    if data.vocabulary:
        layers += [keras.layers.Embedding(data.vocabulary, EMBEDDING), keras.layers.Flatten()]
    for units in spec.hidden:
        layers += [keras.layers.Dense(units, activation=spec.activation), keras.layers.Dropout(spec.dropout)]
    model = keras.Sequential([*layers, keras.layers.Dense(data.outputs)])
    optimizers = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}
    model.compile(
        optimizers[spec.optimizer](spec.lr),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    outcome = Outcome([])

    class Watch(keras.callbacks.Callback):  # type: ignore[misc]  # keras has no types
        def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
            train, val = (self.model.evaluate(*split, batch_size=1000, verbose=0) for split in ((x, y), (val_x, val_y)))
            outcome.evaluations.append(Evaluation(train[0], val[0], train[1], val[1]))

    epochs = round(spec.steps * spec.batch / len(x))
    watch = Watch()
    watch.set_model(model)
    watch.on_epoch_end(-1)
    callbacks = [watch, keras.callbacks.CSVLogger(str(folder / "training.csv"))]
    if spec.schedule != "constant":
        callbacks.insert(
            0, keras.callbacks.LearningRateScheduler(lambda epoch: spec.rate(epoch * spec.steps // epochs))
        )
    model.fit(
        x, y, batch_size=spec.batch, epochs=epochs, validation_data=(val_x, val_y), callbacks=callbacks, verbose=0
    )
    return outcome


TRAINERS: Mapping[str, Trainer] = {
    "lightning_csv": by_lightning,
    "hf_trainer_state": by_transformers,
    "keras_csv": by_keras,
}
