"""Training one member: learning, resuming, stopping, what is no number."""

import json

import numpy as np
import pytest

from tests.conftest import settings, task_settings
from tests.support.histories import history, weights
from tests.support.observers import Stop
from tfuq import runs
from tfuq.data.json_csv import read_table
from tfuq.errors import TfuqError
from tfuq.networks.losses import cross_entropy
from tfuq.networks.weights import load_arrays
from tfuq.sampling import processors
from tfuq.training import train
from tfuq.training.fit import MemberTraining
from tfuq.training.material import prepare
from tfuq.training.progress import Progress
from tfuq.training.validation import Validator


def test_training_learns(balls, tmp_path):
    config = settings(
        balls,
        "deterministic",
        network={"level_dropout": {}},
        training={"epochs": 12, "steps_per_epoch": 6},
    )
    run = train(config, tmp_path / "run")
    losses = [row["loss"] for row in history(run)]
    assert losses[-1] < 0.5 * losses[0]
    assert max(row["val_dice"] for row in history(run)) > 0.7


@pytest.mark.slow
def test_mixed_precision_learns_as_float32_does(balls, tmp_path, monkeypatch):
    monkeypatch.setattr(processors, "_cpu_flags", lambda: {"avx512_bf16"})
    losses = {}
    for precision in ("float32", "mixed"):
        training = {"epochs": 8, "steps_per_epoch": 6, "batch_size": 4, "precision": precision}
        config = settings(balls, "mc-dropout", 2, training=training)
        run = train(config, tmp_path / precision)
        assert {array.dtype for array in weights(run).values()} == {np.dtype(np.float32)}
        losses[precision] = [row["loss"] for row in history(run)]
    assert losses["float32"] != losses["mixed"]
    assert losses["mixed"][0] == pytest.approx(losses["float32"][0], rel=0.02)
    assert losses["mixed"][-1] == pytest.approx(losses["float32"][-1], rel=0.1)
    assert losses["mixed"][-1] < 0.8 * losses["mixed"][0]


_SCHEDULED = {
    "epochs": 3,
    "schedule": "cyclical+plateau",
    "cycle": {"epochs": 2},
    "plateau": {"epochs": 1, "factor": 0.5},
}


@pytest.mark.slow
def test_resumed_training_ends_as_an_uninterrupted_one(digits, tmp_path):
    config = task_settings("classification", digits, "vi", training=_SCHEDULED)
    assert_resumed_as_uninterrupted(config, tmp_path)


@pytest.mark.slow
def test_resumed_training_by_the_recipe_ends_as_an_uninterrupted_one(balls, tmp_path):
    """Momentum, moving averages and the layers of coarser levels go on; those are not kept."""
    network = {"name": "residual-unet", "widths": [2, 2, 2], "deep_supervision": True, "blocks": 1}
    recipe = {"optimizer": "sgd", "ema": 0.5, "clip_norm": 1.0, "schedule": "polynomial"}
    config = settings(balls, "deterministic", 2, network=network, training={"epochs": 2, **recipe})
    run = assert_resumed_as_uninterrupted(config, tmp_path)
    assert not any(name.startswith("logits2") for name in weights(run))


@pytest.mark.slow
def test_final_weights_are_the_average_of_all_steps(digits, tmp_path):
    """Of weights that the optimizer has moved on from: with and without, they differ."""
    arrays = []
    for ema in (None, 0.9):
        training = {"epochs": 1, "steps_per_epoch": 3, "ema": ema}
        config = task_settings("classification", digits, "deterministic", training=training)
        arrays.append(weights(train(config, tmp_path / str(ema))))
    assert arrays[0].keys() == arrays[1].keys()
    assert not np.array_equal(arrays[0]["logits/kernel"], arrays[1]["logits/kernel"])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["mc-dropout", "vi"])
def test_resumed_training_of_augmented_volumes_ends_as_an_uninterrupted_one(
    balls, tmp_path, method
):
    augmentation = {"flip_axes": [0], "noise": 0.1}
    config = settings(balls, method, training=_SCHEDULED, augmentation=augmentation)
    assert_resumed_as_uninterrupted(config, tmp_path)


def assert_resumed_as_uninterrupted(config, tmp_path):
    whole = train(config, tmp_path / "whole")

    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "stopped", observer=Stop(epoch=1, step=1))
    assert runs.open_run(tmp_path / "stopped").finished_members == []
    resumed = train(config, tmp_path / "stopped", resume=True)
    for name, array in weights(whole).items():
        np.testing.assert_array_equal(array, weights(resumed)[name], err_msg=name)
    for column in ("loss", "learning_rate"):
        assert [row[column] for row in history(whole)] == [row[column] for row in history(resumed)]
    return resumed


def test_early_stopping_keeps_the_best_epoch(balls, tmp_path):
    config = settings(
        balls,
        training={
            "epochs": 30,
            "learning_rate": 1.0,
            "early_stopping_epochs": 2,
            "steps_per_epoch": 1,
        },
    )
    run = train(config, tmp_path / "run")
    done = json.loads((run.member(0) / "done").read_text())
    rows = history(run)
    best = min(rows, key=lambda row: row["val_loss"])
    assert done["best_epoch"] == best["epoch"]
    assert len(rows) == done["epochs"] == done["best_epoch"] + 2 < 30


@pytest.mark.slow
def test_no_epoch_that_holds_widths_is_the_best(digits, tmp_path, monkeypatch):
    """Where each epoch is worse than the one before, it is the first that infers them."""
    losses = iter([1.0, 2.0, 3.0, 4.0])
    monkeypatch.setattr(Validator, "__call__", lambda self, model: {"val_loss": next(losses)})
    training = {"epochs": 4, "steps_per_epoch": 1}
    variational = {"width_warmup_epochs": 2}
    config = task_settings(
        "classification", digits, "vi", training=training, variational=variational
    )
    run = train(config, tmp_path / "run")
    assert json.loads((run.member(0) / "done").read_text())["best_epoch"] == 3


@pytest.mark.slow
def test_loss_that_explodes_is_said(balls, tmp_path, monkeypatch):
    def infinite(labels, log_p, weights=None):
        return cross_entropy(labels, log_p) * float("inf")

    monkeypatch.setattr("tfuq.tasks.logits.make_class_loss", lambda *_: infinite)
    with pytest.raises(TfuqError, match="lower training"):
        train(settings(balls, "deterministic", 2), tmp_path / "run")


@pytest.mark.slow
def test_a_validation_loss_that_is_no_number_stops_training(digits, tmp_path, monkeypatch):
    from tfuq.training import train

    config, whole = (
        task_settings("classification", digits, training={"epochs": 3}),
        Validator.__call__,
    )
    called = []

    def broken(self, model):
        called.append(1)
        return whole(self, model) | ({"val_loss": float("nan")} if len(called) == 2 else {})

    monkeypatch.setattr(Validator, "__call__", broken)
    with pytest.raises(
        TfuqError, match=r"member 0: val_loss is nan in epoch 2; .*state.npz keeps the epoch before"
    ):
        train(config, tmp_path / "run")
    member = tmp_path / "run" / "members" / "0"
    assert not (member / "done").exists()
    state = load_arrays(member / "state.npz")
    progress = json.loads(state["progress"].tobytes())
    assert (progress["epoch"], progress["best_epoch"]) == (1, 1)
    assert all(np.isfinite(array).all() for array in state.values())
    run = train(
        config, tmp_path / "run", resume=True
    )  # what was no number is one now, as on another machine
    assert run.finished_members == [0]
    assert len(read_table(member / "history.csv", ("val_loss",), "again")) == 3


def test_an_epoch_has_as_many_steps_as_batches_hold_its_examples(digits, tmp_path):
    """40 examples in batches of 12; nothing is written before the training runs."""
    training = {"steps_per_epoch": None, "batch_size": 12}
    config = task_settings("classification", digits, "mc-dropout", training=training)
    material = prepare(config, "cpu:1")
    member = MemberTraining(
        config, tmp_path / "0", 0, material.training, lambda _: {}, material.strategy
    )
    assert member.steps == 4
    assert member.progress == Progress()
    assert not member.folder.exists()


@pytest.mark.slow
def test_weights_are_the_same_wherever_cases_are_kept(balls, tmp_path, monkeypatch):
    """Kept nowhere in the first epoch and on the disk in the second, or in memory in both."""
    monkeypatch.setenv("TFUQ_CACHE", str(tmp_path / "cache"))
    configs = {}
    for cache in ("memory", "disk", "none"):
        training = {"epochs": 2, "steps_per_epoch": 2, "cache": cache}
        configs[cache] = settings(balls, "deterministic", 2, training=training)
    in_memory = train(configs["memory"], tmp_path / "memory")
    with pytest.raises(KeyboardInterrupt):
        train(configs["none"], tmp_path / "moved", observer=Stop(epoch=1, step=0))
    moved = train(configs["disk"], tmp_path / "moved", resume=True)
    for name, array in weights(in_memory).items():
        np.testing.assert_array_equal(array, weights(moved)[name], err_msg=name)
    for column in ("loss", "val_loss"):
        assert [row[column] for row in history(moved)] == [
            row[column] for row in history(in_memory)
        ]
