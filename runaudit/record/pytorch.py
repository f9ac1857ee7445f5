"""A recorder for PyTorch: ``watch(model, optimizer, criterion=loss)``, one line before the loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from runaudit.record import _torch_setup as setup
from runaudit.record._torch_measures import activation, gradients, norms
from runaudit.record.recorder import Recorder, guarded

Row = dict[str, Any]


def watch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    path: str | Path = ".",
    *,
    criterion: nn.Module | None = None,
    config: Mapping[str, Any] | None = None,
    every: int = 100,
    dense: int = 10,
    histograms: int = 0,
    tiny_subset: int | None = None,
    evaluation: bool = True,
    rank: int | None = None,
    resume: bool = False,
) -> Watch:
    """Return a watch that writes a row for each update of ``optimizer`` to ``runaudit.jsonl`` in ``path``.

    The loss is what ``criterion`` returns, or the ``loss`` in what the model returns, or what is given to
    ``Watch.loss``; with gradient accumulation, the mean of the losses since the last update. What is computed while
    the model is in evaluation mode is validation loss, unless ``evaluation`` is False. Each of the first ``dense``
    updates and every ``every``-th is measured closely: weights, updates and gradients of each parameter, activations
    of each layer. Values stay on the device until they are written, some fifty steps at a time. Never raises into the
    training.
    """
    recorder = Recorder(
        path,
        config={**setup.described(model, optimizer, criterion), **(config or {})},
        every=every,
        dense=dense,
        histograms=histograms,
        tiny_subset=tiny_subset,
        rank=rank,
        resume=resume,
    )
    return Watch(recorder, model, optimizer, criterion, evaluation=evaluation)


class Watch:
    """Hooks on a model and its optimizer that feed a recorder."""

    def __init__(
        self,
        recorder: Recorder,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        criterion: nn.Module | None = None,
        *,
        evaluation: bool = True,
    ) -> None:
        """Hang the hooks in, if the recorder writes at all (not on ranks other than 0)."""
        self.recorder = recorder
        self._model = setup.unwrapped(model)
        self._optimizer = optimizer
        self._criterion = criterion
        self._evaluation = evaluation
        self._summed = False
        self._pending: list[Row] = []
        self._losses: list[Tensor] = []
        self._validation: list[Tensor] = []
        self._activations: Row = {}
        self._before: list[Tensor] = []
        self._hooks: list[Any] = []
        self._said: set[str] = set()
        self._measuring = False
        self._last = perf_counter()
        if recorder.on:
            self._begin(model)

    # --- what a script may call ----------------------------------------------------------------------------

    def loss(self, value: Tensor) -> Tensor:
        """Take the loss of a batch, where no criterion was given, and return it: ``watch.loss(loss).backward()``."""
        if self.recorder.on:
            self._take(value)
        return value

    @guarded
    def log(self, /, **values: float) -> None:
        """Write further values of the last step, under the names given: ``log(val_accuracy=0.9)``."""
        self.flush()
        self.recorder.write({"step": max(0, self.recorder.next_step - 1), **values})

    @guarded
    def flush(self) -> None:
        """Write what is pending: the one place where values come from the device."""
        rows, self._pending = self._pending, []
        waiting = [(row, name) for row in rows for name, value in row.items() if isinstance(value, Tensor)]
        if waiting:
            device = waiting[0][0][waiting[0][1]].device
            stacked = torch.stack([row[name].detach().to(device, torch.float32) for row, name in waiting])
            for (row, name), value in zip(waiting, stacked.tolist(), strict=True):
                row[name] = value
        for row in rows:
            self.recorder.write({name: value for name, value in row.items() if value is not None})
        self.recorder.flush()

    @guarded
    def close(self) -> None:
        """Write what is pending and take the hooks out."""
        self._end_validation()
        self.flush()
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        self.recorder.close()

    def fault(self, where: str, error: Exception) -> None:
        """Report a fault as the recorder does, and take the hooks out once it is off."""
        self._pending.clear()
        self.recorder.fault(where, error)
        if not self.recorder.on:
            for hook in self._hooks:
                hook.remove()
            self._hooks = []

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- hooks ---------------------------------------------------------------------------------------------

    @guarded
    def _begin(self, model: nn.Module) -> None:
        import atexit

        atexit.register(self.close)
        self._parameters, sharded = setup.trained(self._model, self._optimizer)
        if sharded:
            self._note("the parameters are sharded over processes: weights, updates and gradients are not recorded")
        if setup.compiled(model):
            self._note("the model is compiled: activations are not recorded, since hooks would break its graph")
        else:
            for name, module, kind in setup.layers(self._model):
                hook = self._layer_hook(name, kind)
                self._hooks.append(module.register_forward_hook(hook))
        self._hooks.append(self._model.register_forward_hook(self._after_model, with_kwargs=True))
        if self._criterion is not None:
            self._hooks.append(self._criterion.register_forward_hook(self._after_criterion))
        self._hooks.append(self._optimizer.register_step_pre_hook(self._before_update))
        self._hooks.append(self._optimizer.register_step_post_hook(self._after_update))
        self._measuring = self.recorder.due

    def _layer_hook(self, name: str, kind: str) -> Any:  # noqa: ANN401  torch's type of hooks is a union
        def hook(module: nn.Module, _: object, output: object) -> None:
            if torch.compiler.is_compiling() or not self._measuring or not module.training:
                return
            if isinstance(output, Tensor) and f"act_mean/{name}" not in self._activations:
                self._layer(name, kind, output)

        return hook

    @guarded
    def _layer(self, name: str, kind: str, output: Tensor) -> None:
        with torch.no_grad():
            self._activations |= activation(name, kind, output.detach())
            if self.recorder.histograms:
                self._write_histogram(f"activations/{name}", output.detach())

    def _after_model(
        self, module: nn.Module, args: Sequence[object], kwargs: Mapping[str, object], out: object
    ) -> None:
        if not torch.compiler.is_compiling():
            self._model_ran(module, args, kwargs, out)

    @guarded
    def _model_ran(self, module: nn.Module, args: Sequence[object], kwargs: Mapping[str, object], out: object) -> None:
        if module.training and "batch_size" not in self._said:
            size = next((x.shape[0] for x in (*args, *kwargs.values()) if isinstance(x, Tensor) and x.ndim), None)
            self._said.add("batch_size")
            self.recorder.write({"config": {} if size is None else {"batch_size": int(size)}})
        if self._criterion is None:
            # the loss of a part of a batch is then divided by the size of the whole: the parts add up to the mean
            self._summed = kwargs.get("num_items_in_batch") is not None
            value = out.get("loss") if isinstance(out, Mapping) else getattr(out, "loss", None)
            if isinstance(value, Tensor):
                self._take(value, training=module.training)

    def _after_criterion(self, _: nn.Module, args: Sequence[object], output: object) -> None:
        if isinstance(output, Tensor) and not torch.compiler.is_compiling():
            self._criterion_ran(args, output)

    @guarded
    def _criterion_ran(self, args: Sequence[object], output: Tensor) -> None:
        if "classes" not in self._said and self._criterion is not None:
            self._said.add("classes")
            self.recorder.write({"config": setup.of_criterion(self._criterion, args)})
        self._take(output, training=self._model.training)

    @guarded
    def _take(self, value: Tensor, *, training: bool = True) -> None:
        value = value.detach()
        mean = value if value.ndim == 0 else value.mean()
        if training:
            self._losses.append(mean)
        elif self._evaluation:
            self._validation.append(mean)

    def _before_update(self, optimizer: torch.optim.Optimizer, _: object, __: object) -> None:
        del optimizer
        if self._measuring and self._parameters:
            self._copy()

    @guarded
    def _copy(self) -> None:
        with torch.no_grad():
            self._before = [p.detach().clone() for p in self._parameters.values()]

    def _after_update(self, optimizer: torch.optim.Optimizer, _: object, __: object) -> None:
        self._updated(optimizer)

    @guarded
    def _updated(self, optimizer: torch.optim.Optimizer) -> None:
        recorder = self.recorder
        self._end_validation()
        now = perf_counter()
        row: Row = {"step": recorder.next_step, "time/step": now - self._last}
        self._last = now
        if self._losses:
            losses = torch.stack(self._losses)
            row["train/loss"] = losses.sum() if self._summed else losses.mean()
        row |= setup.rates(optimizer)
        with torch.no_grad():
            scale = getattr(optimizer, "grad_scale", None)  # set where a fused optimizer does the work of AMP itself
            row |= gradients(self._parameters, scale=scale, closely=bool(self._before))
            if self._before:
                row |= norms(self._parameters, self._before)
                self._mention_idle()
        row |= self._activations
        self._losses, self._activations, self._before = [], {}, []
        self._pending.append(row)
        recorder.next_step += 1
        self._measuring = recorder.due
        if recorder.next_step <= recorder.dense or recorder.next_step % recorder.flush_every == 0:
            self.flush()

    def _end_validation(self) -> None:
        if self._validation:
            mean = torch.stack(self._validation).mean()
            self._validation = []
            self._pending.append({"step": max(0, self.recorder.next_step - 1), "val/loss": mean})

    def _mention_idle(self) -> None:
        """Say once which parameters the optimizer holds, and no gradient reaches."""
        idle = [name for name, p in self._parameters.items() if p.grad is None]
        if idle and "idle" not in self._said:
            self._said.add("idle")
            self.recorder.write({"config": {"without_gradient": idle}})

    def _write_histogram(self, name: str, values: Tensor) -> None:
        from runaudit.record.measures import histogram

        bins = histogram(values.float().cpu().numpy(), self.recorder.histograms)
        self.recorder.write({"step": self.recorder.next_step, "histograms": {name: bins}})

    def _note(self, text: str) -> None:
        self.recorder.write({"note": text})
