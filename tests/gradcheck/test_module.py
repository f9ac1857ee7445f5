"""Gradient checks of torch modules; skipped where torch is not installed."""

from __future__ import annotations

from typing import Any

import pytest

from runaudit.errors import UsageError
from runaudit.gradcheck import module

torch: Any = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional


class Wrong(torch.autograd.Function):  # type: ignore[misc]
    """A tanh with a backward pass that forgets the square."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:  # noqa: ANN401
        out = x.tanh()
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:  # noqa: ANN401
        return grad * (1 - ctx.saved_tensors[0])


class Activation(nn.Module):  # type: ignore[misc, name-defined]
    def forward(self, x: Any) -> Any:  # noqa: ANN401
        return Wrong.apply(x)


def loss(model: Any, x: Any, y: Any) -> Any:  # noqa: ANN401
    return functional.cross_entropy(model(x), y)


def network(activation: Any) -> Any:  # noqa: ANN401
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), activation, nn.Dropout(0.3), nn.Linear(8, 4))


def batch() -> tuple[Any, Any]:
    torch.manual_seed(1)
    return torch.randn(6, 6), torch.randint(0, 4, (6,))


@pytest.mark.parametrize("activation", [nn.Tanh(), nn.ReLU(), nn.GELU()])
@pytest.mark.parametrize("dropout", ["fixed", "off"])
def test_right_modules_pass_and_stay_as_they_were(activation: Any, dropout: str) -> None:  # noqa: ANN401
    model = network(activation)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    given = batch()
    drawn = torch.random.get_rng_state()
    result = module(model, loss, *given, dropout=dropout, samples=30)
    assert result.ok, str(result)
    assert {row.parameter for row in result.rows} == {name for name, _ in model.named_parameters()}
    assert {row.dtype for row in result.rows} == {"float64"}
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model[0].weight.dtype == torch.float32
    assert all(p.grad is None for p in model.parameters())
    assert torch.equal(torch.random.get_rng_state(), drawn)


def test_a_wrong_backward_pass_is_found_below_it() -> None:
    result = module(network(Activation()), loss, *batch(), samples=30)
    assert not result.ok
    wrong = {row.parameter for row in result.rows if row.status == "wrong"}
    assert "0.weight" in wrong
    assert not {"4.weight", "4.bias"} & wrong


def test_frozen_parameters_are_left_out_and_shared_ones_checked_once() -> None:
    model = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6), nn.Linear(6, 4))
    model[2].weight = model[0].weight
    model[3].bias.requires_grad_(False)
    result = module(model, loss, *batch(), samples=30)
    assert result.ok
    assert {row.parameter for row in result.rows} == {"0.weight", "0.bias", "2.bias", "3.weight"}


def test_convolution_pool_and_lstm_pass() -> None:
    torch.manual_seed(0)
    conv = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3 * 3 * 3, 4)
    )
    images, labels = torch.randn(3, 1, 6, 6), torch.randint(0, 4, (3,))
    assert module(conv, loss, images, labels, samples=30).ok
    lstm = nn.LSTM(3, 5, batch_first=True)
    assert module(lstm, lambda m, x: m(x)[0].pow(2).mean(), torch.randn(2, 4, 3), samples=30).ok


def test_what_cannot_be_checked_is_said() -> None:
    with pytest.raises(UsageError, match="no parameter that takes a gradient"):
        module(nn.Tanh(), loss, *batch())
    with pytest.raises(UsageError, match="neither 'fixed' nor 'off'"):
        module(network(nn.Tanh()), loss, *batch(), dropout="none")
