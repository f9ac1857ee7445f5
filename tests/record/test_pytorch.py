"""The watch on PyTorch: what it measures, against the same thing computed by hand, and all the ways to train."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402  after the skip

from runaudit.record import watch  # noqa: E402

Rows = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)


def network() -> Any:  # noqa: ANN401
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 3))


def batches(number: int) -> Iterator[tuple[Any, Any]]:
    target = torch.randn(6, 3)
    for _ in range(number):
        inputs = torch.randn(32, 6)
        yield inputs, (inputs @ target).argmax(1)


def read(folder: Path) -> tuple[dict[str, Any], Rows, list[str]]:
    """Return the configuration, the rows and the notes of the log."""
    config: dict[str, Any] = {}
    rows: Rows = []
    notes = []
    for text in (folder / "runaudit.jsonl").read_text("utf-8").splitlines():
        line = json.loads(text)
        config |= line.get("config", {})
        if "note" in line:
            notes.append(line["note"])
        elif "step" in line and "histograms" not in line:
            rows.append(line)
    return config, rows, notes


def train(folder: Path, steps: int = 25, model: Any = None, **settings: Any) -> tuple[dict[str, Any], Rows, list[str]]:  # noqa: ANN401
    model = network() if model is None else model
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    with watch(model, optimizer, folder, criterion=criterion, **{"every": 10, "dense": 3, **settings}):
        for inputs, labels in batches(steps):
            optimizer.zero_grad()
            criterion(model(inputs), labels).backward()
            optimizer.step()
    return read(folder)


def test_every_step_has_a_loss_and_those_that_are_due_have_all(tmp_path: Path) -> None:
    config, rows, notes = train(tmp_path)
    assert [row["step"] for row in rows] == list(range(25))
    assert all({"train/loss", "lr", "grad_norm", "time/step"} <= row.keys() for row in rows)
    assert [row["step"] for row in rows if "update_ratio/0.weight" in row] == [0, 1, 2, 10, 20]
    assert {"zero_frac/1", "dead_frac/1", "saturated_frac/3", "act_std/3", "grad_norm/4.bias"} <= rows[10].keys()
    assert "zero_frac/3" not in rows[10], "a tanh has no zeros to speak of"
    assert notes == []
    expected = {"batch_size": 32, "classes": 3, "optimizer": "sgd", "momentum": 0.9, "loss": "cross_entropy"}
    assert expected.items() <= config.items()
    assert config["parameters"] == sum(p.numel() for p in network().parameters())


def test_what_is_measured_is_what_happened(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    criterion = nn.CrossEntropyLoss()
    observed = watch(model, optimizer, tmp_path, criterion=criterion, dense=1)
    inputs, labels = next(batches(1))
    hidden = model[1](model[0](inputs)).detach()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    loss = criterion(model(inputs), labels)
    loss.backward()
    optimizer.step()
    observed.close()
    row = read(tmp_path)[1][0]
    assert row["train/loss"] == pytest.approx(loss.item(), rel=1e-5)
    for name, p in model.named_parameters():
        ratio = (p.detach() - before[name]).norm() / before[name].norm()
        assert row[f"update_ratio/{name}"] == pytest.approx(ratio.item(), rel=1e-4)
        assert row[f"grad_norm/{name}"] == pytest.approx(p.grad.norm().item(), rel=1e-4)
    assert row["zero_frac/1"] == pytest.approx((hidden == 0).float().mean().item(), rel=1e-5)
    assert row["dead_frac/1"] == pytest.approx((hidden == 0).all(0).float().mean().item(), abs=1e-6)
    total = torch.cat([p.grad.flatten() for p in model.parameters()]).norm().item()
    assert row["grad_norm"] == pytest.approx(total, rel=1e-4)


def test_dead_channels_of_images_are_counted_over_places_and_samples(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3))
    with torch.no_grad():
        model[0].bias.copy_(torch.tensor([-99.0, 0.0, 0.0, 0.0]))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, optimizer, tmp_path, dense=1) as observed:
        observed.loss(model(torch.randn(8, 1, 8, 8)).square().mean()).backward()
        optimizer.step()
    assert read(tmp_path)[1][0]["dead_frac/1"] == 0.25


def test_gradient_accumulation_gives_one_row_an_update_with_the_mean_loss(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    criterion = nn.CrossEntropyLoss()
    losses = []
    with watch(model, optimizer, tmp_path, criterion=criterion):
        for number, (inputs, labels) in enumerate(batches(12)):
            loss = criterion(model(inputs), labels)
            losses.append(loss.item())
            (loss / 4).backward()
            if number % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
    rows = read(tmp_path)[1]
    assert len(rows) == 3
    assert rows[1]["train/loss"] == pytest.approx(sum(losses[4:8]) / 4, rel=1e-4)


def test_a_step_that_amp_skips_is_no_row(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    criterion = nn.CrossEntropyLoss()
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with watch(model, optimizer, tmp_path, criterion=criterion, dense=99):
        for number, (inputs, labels) in enumerate(batches(6)):
            optimizer.zero_grad()
            scaler.scale(criterion(model(inputs), labels)).backward()
            if number == 2:
                model[0].weight.grad.fill_(float("inf"))
            scaler.step(optimizer)
            scaler.update()
    rows = read(tmp_path)[1]
    assert [row["step"] for row in rows] == list(range(5))
    assert all(row["nonfinite/gradients"] == 0 and row["grad_norm"] < 10 for row in rows), "scaled gradients leak"


def test_frozen_and_shared_parameters(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 3))
    model[2].weight = model[0].weight
    model[4].requires_grad_(False)
    config, rows, _ = train(tmp_path, model=model)
    assert config["frozen"] == ["4.weight", "4.bias"]
    ratios = [name for name in rows[0] if name.startswith("update_ratio/")]
    assert ratios == ["update_ratio/0.weight", "update_ratio/0.bias", "update_ratio/2.bias"]


def test_a_parameter_that_no_gradient_reaches_is_named(tmp_path: Path) -> None:
    model = network()
    model.idle = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path) as observed:
        for inputs, _ in batches(2):
            out = inputs
            for number in range(5):
                out = model[number](out)
            observed.loss(out.square().mean()).backward()
            optimizer.step()
    assert read(tmp_path)[0]["without_gradient"] == ["idle.weight", "idle.bias"]


def test_evaluation_is_validation_loss(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    criterion = nn.CrossEntropyLoss()
    with watch(model, optimizer, tmp_path, criterion=criterion):
        for number, (inputs, labels) in enumerate(batches(9)):
            optimizer.zero_grad()
            criterion(model(inputs), labels).backward()
            optimizer.step()
            if number % 3 == 2:
                model.eval()
                with torch.no_grad():
                    criterion(model(inputs), labels)
                    criterion(model(inputs), labels)
                model.train()
    rows = read(tmp_path)[1]
    assert [row["step"] for row in rows if "val/loss" in row] == [2, 5, 8]
    assert len([row for row in rows if "train/loss" in row]) == 9


def test_the_loss_that_a_model_returns_is_taken(tmp_path: Path) -> None:
    class Model(nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.inner = network()

        def forward(self, inputs: Any, labels: Any) -> dict[str, Any]:  # noqa: ANN401
            return {"loss": nn.functional.cross_entropy(self.inner(inputs), labels)}

    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path):
        for inputs, labels in batches(3):
            model(inputs, labels=labels)["loss"].backward()
            optimizer.step()
    config, rows, _ = read(tmp_path)
    assert len([row for row in rows if "train/loss" in row]) == 3
    assert config["batch_size"] == 32


def test_an_optimizer_with_a_closure(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=4)
    criterion = nn.CrossEntropyLoss()
    inputs, labels = next(batches(1))

    def closure() -> Any:  # noqa: ANN401
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        return loss

    with watch(model, optimizer, tmp_path, criterion=criterion):
        for _ in range(3):
            optimizer.step(closure)
    config, rows, _ = read(tmp_path)
    assert len(rows) == 3
    assert config["optimizer"] == "lbfgs"
    assert rows[0]["update_ratio/0.weight"] > 0


def test_groups_with_rates_of_their_own(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(
        [{"params": model[0].parameters(), "lr": 0.01}, {"params": model[2].parameters()}], lr=0.1
    )
    with watch(model, optimizer, tmp_path) as observed:
        observed.loss(model(torch.randn(4, 6)).square().mean()).backward()
        optimizer.step()
    row = read(tmp_path)[1][0]
    assert (row["lr"], row["lr/1"]) == (0.01, 0.1)


@pytest.mark.filterwarnings("ignore")
def test_a_compiled_model_keeps_its_graph_and_loses_the_activations(tmp_path: Path) -> None:
    config, rows, notes = train(tmp_path, steps=4, model=torch.compile(network(), backend="eager", fullgraph=True))
    assert notes == ["the model is compiled: activations are not recorded, since hooks would break its graph"]
    assert "update_ratio/0.weight" in rows[0]
    assert not [name for name in rows[0] if name.startswith("act_")]
    assert config["architecture"] == "Sequential"


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_is_compiled_after_the_watch_began(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    criterion = nn.CrossEntropyLoss()
    with watch(model, optimizer, tmp_path, criterion=criterion):
        fast = torch.compile(model, backend="eager")
        for inputs, labels in batches(5):
            optimizer.zero_grad()
            criterion(fast(inputs), labels).backward()
            optimizer.step()
    rows = read(tmp_path)[1]
    assert [row["step"] for row in rows] == [0, 1, 2, 3, 4]
    assert all("train/loss" in row for row in rows)


def test_data_parallel_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = torch.distributed
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    try:
        model = nn.parallel.DistributedDataParallel(network())
        _, rows, _ = train(tmp_path / "rank0", steps=3, model=model)
    finally:
        distributed.destroy_process_group()
    assert "update_ratio/0.weight" in rows[0], "names are those of the model inside"
    monkeypatch.setenv("RANK", "1")
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    observed = watch(model, optimizer, tmp_path / "rank1")
    assert not observed.recorder.on
    assert not model._forward_hooks, "other ranks pay nothing"
    assert not (tmp_path / "rank1").exists()


def test_nothing_of_the_recorder_reaches_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runaudit.record import pytorch

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    for name in ("activation", "gradients", "norms"):
        monkeypatch.setattr(pytorch, name, broken)
    _, rows, notes = train(tmp_path, steps=5)
    assert rows == []
    assert notes[-1].endswith("a defect; the recorder is off now")


def test_watching_changes_nothing(tmp_path: Path) -> None:
    results = []
    for watched in (False, True):
        torch.manual_seed(3)
        model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3))
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        criterion = nn.CrossEntropyLoss()
        observed = watch(model, optimizer, tmp_path, criterion=criterion, histograms=8) if watched else None
        for inputs, labels in batches(15):
            optimizer.zero_grad()
            criterion(model(inputs), labels).backward()
            optimizer.step()
        if observed is not None:
            observed.close()
            assert not model._forward_hooks, "close takes the hooks out"
        results.append([p.detach().clone() for p in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
