"""The recorder in the training loop of Hugging Face's Trainer."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from runaudit.load import load  # noqa: E402  after the skips
from runaudit.record import TransformersCallback  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_training_is_recorded(tmp_path: Path, accumulate: int) -> None:
    config = transformers.GPT2Config(vocab_size=64, n_positions=16, n_embd=32, n_layer=2, n_head=2)
    model = transformers.GPT2LMHeadModel(config)
    torch.manual_seed(0)
    rows = [{"input_ids": torch.randint(0, 64, (16,))} for _ in range(64)]
    data = [{**row, "labels": row["input_ids"]} for row in rows]
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path), max_steps=8, per_device_train_batch_size=8, eval_strategy="steps", eval_steps=4,
        logging_steps=1, report_to=[], disable_tqdm=True, save_strategy="no", use_cpu=True,
        gradient_accumulation_steps=accumulate,
    )  # fmt: skip
    callback = TransformersCallback(tmp_path / "log", every=4, dense=2)
    trainer = transformers.Trainer(
        model=model, args=arguments, train_dataset=data, eval_dataset=data[:8], callbacks=[callback]
    )
    trainer.train()
    run = load([tmp_path / "log"]).runs[0]
    loss = run.series["train/loss"]
    assert list(loss.steps) == list(range(8))
    logged = [row["loss"] for row in trainer.state.log_history if "loss" in row]
    assert loss.values == pytest.approx(logged, abs=2e-3)
    assert list(run.series["val/loss"].steps) == [3, 7]
    assert (run.config["vocab_size"], run.config["batch_size"], run.config["max_steps"]) == (64, 8, 8)
    assert any(name.startswith("act_std/transformer.h.0.mlp.act") for name in run.series)
    assert any(name.startswith("update_ratio/transformer.h.0.attn.c_attn") for name in run.series)
