"""Spellings, patterns and word lists: every line of ``names.yaml`` means what it says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runaudit.model import Reduction
from runaudit.names import understand, understand_all
from runaudit.wordbook import book, config_words, patterns, spelling, summed_parts

METRICS = {
    "train/loss": "loss train_loss Train_Loss TRAIN_LOSS train/loss loss/train Loss_train tr_loss trn_loss "
    "training_loss total_loss "
    "avg_train_loss mean_loss batch_loss train_loss_step train/step_loss running_loss "
    "plots/metrics/train/loss trainLoss",
    "train/loss_epoch": "epoch_loss train_loss_epoch train/epoch_loss",
    "val/loss": "val_loss eval_loss valid_loss dev_loss DEV_LOSS validation_loss loss_validation Loss/val "
    "validation/epoch_loss "
    "metrics/val_loss val_loss_epoch train/Loss_val train/loss/val",
    "test/rouge_1": "predict_rouge-1",
    "val/dataloader_0/accuracy": "val_acc/dataloader_idx_0",
    "train/accuracy_pose": "acc_pose pose_accuracy",
    "train/accuracy_decode_seg": "decode.acc_seg",
    "val/iou_sky": "IoU.sky",
    "val/bbox_map50": "bbox/AP50 bbox_mAP_50",
    "val/coco_map_m": "coco/AP_(M)",
    "val/dice": "val_mDice val_dsc val_dice_score",
    "test/loss": "predict_loss test_loss TEST_LOSS loss/test",
    "train/accuracy": "acc accuracy train_acc Accuracy_train top1 top-1 train/acc1 categorical_accuracy TRAIN_ACCURACY",
    "val/accuracy": "val_acc val_accuracy acc_validation Accuracy_val eval_accuracy valid_acc dev_accuracy val/top1",
    "val/rmse": "val_root_mean_squared_error val_rmse",
    "train/mse": "mse train/mse",
    "train/mae": "mae train_mae",
    "train/perplexity": "ppl perplexity train_ppl",
    "train/bits_per_character": "bpc",
    "train/elbo": "elbo train_elbo",
    "train/log_likelihood": "log_likelihood train/log_likelihood",
    "train/loss/nll": "nll train_nll nll_loss train/nll_loss train_nll_loss",
    "train/loss/box": "train/box_loss box_loss train_loss_box",
    "train/loss/value": "losses/value_loss train/value_loss",
    "train/loss/g": "G_loss loss_G",
    "train/loss/d_real": "D_real",
    "train/loss/decode_ce": "decode.loss_ce",
    "val/loss/stage1": "stage1_val_loss val/loss/stage1",
    "val/loss/logloss": "eval-logloss validation_0-logloss val_loss_logloss",
    "train/loss/binary_logloss": "train_binary_logloss",
    "val/loss/box": "val/box_loss eval_box_loss val_loss_box",
    "train/loss/rpn_cls": "loss_rpn_cls",
    "test/loss/bbox": "test_loss_bbox",
    "train/loss/policy_gradient": "train/policy_gradient_loss",
    "val/g0/loss": "eval_g0_loss val/g0/loss",
    "val/dataloader_1/loss": "val_loss/dataloader_idx_1",
    "val/map50": "metrics/mAP50(B) metrics/mAP_0.5",
    "val/map50_95": "metrics/mAP50-95(B) metrics/mAP_0.5:0.95",
    "val/map50_m": "metrics/mAP50(M)",
    "val/f1": "DEV_F-SCORE val_f1",
    "lr": "lr LR learning_rate train_lr train/lr optim/lr train/learning_rate LEARNING_RATE epoch_learning_rate",
    "lr/pg1": "lr/pg1",
    "lr/Adam": "lr-Adam",
    "lr/1": "x/lr1 lr_1",
    "grad_norm": "grad_norm GradNorm gradient_norm train/grad_norm train_grad_norm norm total_norm grad_2.0_norm_total",
    "reward": "reward episode_reward rollout/ep_rew_mean train/reward rollout/return return_mean mean_episode_return "
    "total_reward exploration/Average_Returns rollout/average_reward train/episode_return",
    "reward/format": "rewards/format/mean rewards/format",
    "reward/env_1": "env_1_reward rewards/env_1/mean",
    "train/rewards_chosen": "rewards/chosen",
    "exploration_rate": "rollout/exploration_rate",
    "val/reward": "eval/mean_reward val/reward evaluation/Average_Returns test_return_mean Evaluation/AverageReturn",
    "episode_length": "rollout/ep_len_mean episode_length rollout/episode_steps",
    "grad_norm/fc1": "grad_norm/fc1 grad_norm_fc1 fc1.weight/grad_norm fc1_weight_grad_norm train/grad_norm/fc1 "
    "grad_2.0_norm/fc1.weight",
    "grad_norm/model.layers.0.attn": "grad_norm/model.layers.0.attn gradients/norm/model.layers.0.attn "
    "debug/grad_norm/model.layers.0.attn l2_norm/grad/model.layers.0.attn",
    "update_norm/fc1": "update/fc1 updates/fc1 update_norm/fc1",
    "grad_norm/h.0.qkv": "grad_norm/h.0.qkv h.0.qkv.weight/grad_norm",
    "grad_norm/fc1.bias": "fc1.bias/grad_norm",
    "update_ratio/fc1": "update_ratio/fc1 update_ratio_fc1 fc1.weight/update_to_weight fc1_weight_update_to_weight "
    "fc1/update_ratio",
    "weight_norm/fc1": "fc1.weight/norm weight_norm/fc1",
    "act_mean/fc1": "act/fc1/mean activations/fc1/mean act_mean_fc1 act_fc1_mean activations_fc1_mean act_mean/fc1",
    "act_std/conv2": "act/conv2/std act_std_conv2 train/act_std_conv2",
    "zero_frac/fc1": "act/fc1/frac_zero activations/fc1/zero_frac act_zero_frac_fc1 act_fc1_frac_zero "
    "act_zero_frac/fc1 zero_frac/fc1",
    "dead_frac/fc1": "act/fc1/dead_frac act_fc1_dead_frac dead_neurons/fc1 train/dead_units/fc1 "
    "fc1/dead_neurons dead/fc1",
    "saturated_frac/rnn": "act/rnn/frac_saturated activations/rnn/sat_frac act_sat_frac_rnn activations_rnn_sat_frac",
}
ROLES = {
    "axis": "step _step global_step Step iter Epoch epoch train/epoch time/total_timesteps current_steps "
    "tokens_seen samples _runtime TotalEnvInteracts t_env Progress/kimg/mean",
    "ignore": "training_time_s val_tokens eval_interval charts/SPS passed_time "
    "train_runtime eval_samples_per_second total_flos percentage eta_seconds data_time mfu time/fps "
    "test_size system/gpu.0 batch_cost reader_cost avg_batch_cost ips total_steps total/steps",
    "unknown": "out_tensor([0.]) obs_rms_mean std_dev value n_parameters "
    "grad_norm_square grad_norm/max grad_norm_clipped reward_std acc_steps best_val_loss update/step total_return",
}


@pytest.mark.parametrize(("name", "canonical"), [(n, c) for c, names in METRICS.items() for n in names.split()])
def test_a_metric_is_understood(name: str, canonical: str) -> None:
    meaning = understand(name)
    assert (meaning.role, meaning.canonical) == ("metric", canonical)
    assert meaning.why


@pytest.mark.parametrize(("name", "role"), [(n, r) for r, names in ROLES.items() for n in names.split()])
def test_what_is_no_metric(name: str, role: str) -> None:
    assert understand(name).role == role


@pytest.mark.parametrize("canonical", METRICS)
def test_a_canonical_name_means_itself(canonical: str) -> None:
    assert understand(canonical).canonical == canonical


@pytest.mark.parametrize("name", ["val_acc (%)", "val_acc_percent", "acc%", "Val Acc [%]"])
def test_percent_in_the_name_is_a_scale(name: str) -> None:
    assert understand(name).scale == 0.01


@pytest.mark.parametrize(
    ("name", "reduction"),
    [
        ("train_loss_epoch", Reduction.EPOCH_MEAN),
        ("train_loss_step", Reduction.STEP),
        ("running_loss", Reduction.RUNNING_MEAN),
        ("train_loss", None),
    ],
)
def test_the_name_may_say_what_a_value_is(name: str, reduction: Reduction | None) -> None:
    assert understand(name).reduction is reduction


def test_a_sentence_is_no_name() -> None:
    assert understand("val_" + "x" * 296).role == "metric"
    assert understand("val_" + "x" * 297).role == "unknown"


TOGETHER = {
    "step and epoch": ("train_loss_step train_loss_epoch", "train/loss train/loss_epoch"),
    "epoch alone": ("train_loss_epoch val_loss", "train/loss val/loss"),
    "two spellings": ("loss train_loss", "loss train/loss"),
    "two accuracies": ("acc accuracy", "acc train/accuracy"),
    "nanoGPT": ("loss|train loss (eval)", "train/loss train/loss_eval"),
    "nanoGPT without steps": ("train loss (eval)|val loss", "train/loss val/loss"),
    "W&B nanoGPT": ("train/step_loss train/loss val/loss", "train/loss train/loss_eval val/loss"),
    "Keras folders": ("train/epoch_loss validation/epoch_loss", "train/loss val/loss"),
    "one part": ("train/nll_loss val/nll_loss", "train/loss val/loss"),
    "another part": ("train/nll_loss val/rmse_loss", "train/loss val/loss/rmse"),
    "a part beside the loss": ("loss val_mse_loss", "train/loss val/loss/mse"),
    "parts": ("train/box_loss train/cls_loss eval_box_loss", "train/loss/box train/loss/cls val/loss/box"),
    "parts as data sets": ("foo_loss loss eval_foo_loss", "train/loss/foo train/loss val/loss/foo"),
    "one data set": ("loss eval_g0_loss", "train/loss val/loss"),
    "data sets": ("eval_g0_loss eval_g0_accuracy eval_g1_loss", "val/g0/loss val/g0/accuracy val/g1/loss"),
    "learning rates": ("lr/pg0 lr/pg1", "lr lr/pg1"),
    "Keras metric": ("f1 val_f1", "train/f1 val/f1"),
    "numbered heads": ("acc_0 acc_1 acc_5", "train/accuracy_0 train/accuracy_1 train/accuracy_5"),
    "top one and five": ("acc_1 acc_5", "train/accuracy train/accuracy_top5"),
    "boosting": ("train-logloss eval-logloss", "train/loss val/loss"),
    "one return": ("AI_return loss", "reward train/loss"),
    "a part by step and by epoch": (
        "train/loss/mlm_step train/loss/mlm_epoch val/loss/mlm",
        "train/loss train/loss_epoch val/loss",
    ),
    "parts by step and by epoch": (
        "train/loss/a train/loss/a_epoch train/loss/b",
        "train/loss/a train/loss/a_epoch train/loss/b",
    ),
    "Chainer": (
        "main/loss validation/main/loss main/accuracy validation/main/accuracy",
        "train/loss val/loss train/accuracy val/accuracy",
    ),
    "fairseq": ("train_loss train_nll_loss train_gnorm train_lr", "train/loss train/loss/nll grad_norm lr"),
    "Baselines' DDPG": (
        "rollout/return total/steps loss_actor loss_critic",
        "reward step train/loss/actor train/loss/critic",
    ),
    "steps without rollouts": ("total/steps loss", " train/loss"),
    "scores of episodes": ("episode score avg_score", "step reward avg_score"),
    "a score beside a reward": ("episode score reward", "step score reward"),
    "a score of no episode": ("epoch score", "epoch score"),
    "divergence of an agent": ("reward kl", "reward train/loss/kl"),
    "two rewards": ("rewards/a/mean rewards/b/mean reward", "reward/a reward/b reward"),
    "monitor": ("r l t", "reward episode_length time"),
}


@pytest.mark.parametrize("case", TOGETHER)
def test_names_of_one_log_together(case: str) -> None:
    text, expected = TOGETHER[case]
    names = text.split("|" if "|" in text else None)
    assert [m.canonical for m in understand_all(names).values()] == expected.split(" ")


def test_names_of_lightgbm_hold_an_apostrophe() -> None:
    meant = understand_all(["training's binary_logloss", "valid_0's binary_logloss"])
    assert [m.canonical for m in meant.values()] == ["train/loss", "val/loss"]


def test_a_map_wins_over_spelling_points_and_siblings() -> None:
    points = {"loss": 100, "x": 3, "train_loss_epoch": 5, "acc (%)": 5}
    maps = {"x": "train/loss", "acc*": "ignore", "train_loss_epoch": "step"}
    meant = understand_all(points, points, maps)
    assert {n: (m.role, m.canonical) for n, m in meant.items()} == {
        "loss": ("unknown", "loss"),
        "x": ("metric", "train/loss"),
        "train_loss_epoch": ("axis", "step"),
        "acc (%)": ("ignore", ""),
    }
    assert meant["x"].why == "--map 'x=train/loss'"
    assert meant["loss"].why.endswith("'x' is already train/loss")


def test_of_two_maps_the_very_name_counts_then_the_first_pattern() -> None:
    meant = understand_all(["a_1", "a_2"], None, {"a_*": "val/loss", "a_2": "lr", "*": "reward"})
    assert [m.canonical for m in meant.values()] == ["val/loss", "lr"]
    assert understand_all(["x[0]"], None, {"x[0]": "lr"})["x[0]"].canonical == "lr"


def test_the_loss_of_one_rival_is_not_the_loss() -> None:
    assert understand_all(["step", "train loss GAN"])["train loss GAN"].canonical == "train/loss/gan"
    assert understand_all(["step", "adv_loss"])["adv_loss"].canonical == "train/loss/adv"
    assert understand_all(["step", "train loss mel"])["train loss mel"].canonical == "train/loss"


def test_a_mapped_name_is_not_promoted_to_another() -> None:
    meant = understand_all(["x", "y"], None, {"x": "train/loss_epoch", "y": "lr/1"})
    assert [m.canonical for m in meant.values()] == ["train/loss_epoch", "lr/1"]


def test_a_summary_point_gives_way_to_the_curve() -> None:
    meant = understand_all(["loss", "train_loss"], {"loss": 100, "train_loss": 1})
    assert meant["loss"].canonical == "train/loss"
    assert meant["train_loss"].role == "unknown"
    assert "'loss' is already train/loss" in meant["train_loss"].why


def test_the_only_accuracy_of_an_epoch_takes_the_plain_name() -> None:
    assert understand_all(["train_acc_epoch"])["train_acc_epoch"].canonical == "train/accuracy"


@given(st.lists(st.sampled_from(sorted({n for names in METRICS.values() for n in names.split()})), unique=True))
def test_no_canonical_name_is_given_twice(names: list[str]) -> None:
    meant = understand_all(names)
    assert list(meant) == names
    assert len({m.canonical for m in meant.values()}) == len(names)


WORDS = st.sampled_from(
    [
        "train",
        "val",
        "loss",
        "acc",
        "%",
        "lr",
        "epoch",
        "step",
        "/",
        "_",
        ".",
        "-",
        "fc1",
        "grad_norm",
        "foo",
        "(B)",
        "0",
        "eval",
        "test",
    ]
)


@given(
    st.one_of(
        st.text(max_size=400), st.lists(WORDS, max_size=8).map("".join), st.lists(WORDS, max_size=8).map("/".join)
    )
)
def test_any_text_has_a_meaning(name: str) -> None:
    meaning = understand(name)
    if meaning.role == "unknown":
        assert meaning.canonical == name
    else:
        assert bool(meaning.canonical) == (meaning.role != "ignore")
    assert understand_all([name])[name].why


def test_every_spelling_is_written_as_it_is_compared() -> None:
    words = [*book().exact, *book().quantities, *book().splits, *book().hints, *config_words()[0], *summed_parts()]
    assert [w for w in words if spelling(w) != w] == []


def test_no_spelling_has_two_meanings() -> None:
    data = book().data
    sections = [*data["axes"].values(), *data["metrics"].values(), data["ignore"]["names"]]
    names = [name for section in sections for name in section]
    assert sorted({n for n in names if names.count(n) > 1}) == []
    for section in (data["quantities"], data["config"]["keys"], data["splits"], data["hints"]):
        words = [word for words in section.values() for word in words]
        assert sorted({w for w in words if words.count(w) > 1}) == []


def test_every_pattern_fills_its_form() -> None:
    for pattern in patterns():
        assert set(re.findall(r"{(\w+)}", pattern.to)) == set(pattern.match.groupindex)
