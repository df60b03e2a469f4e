"""Training: devices, resuming, members, variational weights."""

import csv
import json
import logging
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.runs import check_run
from tests.conftest import ALL_METHODS, settings
from tests.support.observers import Stop
from tfuq import runs
from tfuq.config import Config
from tfuq.data.locks import exclusive
from tfuq.errors import ConfigError, RunError, TfuqError
from tfuq.networks.losses import cross_entropy
from tfuq.networks.weights import load_arrays, save_arrays
from tfuq.prediction import Request, make_predictor, predict
from tfuq.sampling.members import load_posterior
from tfuq.training import train
from tfuq.training.strategy import make_strategy


def fit(config: Config, path, **options):
    return train(config, path, **options)


def weights(run, member=0):
    return load_arrays(run.member(member) / "weights.npz")


def history(run, member=0):
    with (run.member(member) / "history.csv").open() as file:
        return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("method", ALL_METHODS)
def test_conformance_train_reload_predict_export(trained, tmp_path, method, rank):
    """Every method × rank: two steps of training, weights read back, samples drawn, the same bytes from a SavedModel."""
    check_run(trained(method, rank), method, tmp_path)


def test_run_folder_holds_what_the_contract_says(trained):
    run = trained("hybrid")
    assert run.finished_members == [0, 1]
    assert set(run.facts) >= {"versions", "devices", "git", "seeds", "kl_scale"}
    assert {part: len(ids) for part, ids in run.split.items()} == {
        "train": 3,
        "validation": 1,
        "test": 2,
    }
    assert [row["epoch"] for row in history(run)] == [1]
    assert {"loss", "val_loss", "val_dice", "seconds"} <= set(history(run)[0])
    assert not np.array_equal(weights(run, 0)["logits/kernel"], weights(run, 1)["logits/kernel"])


def test_training_learns(balls, tmp_path):
    config = settings(
        balls,
        "deterministic",
        network={"level_dropout": {}},
        training={"epochs": 12, "steps_per_epoch": 6},
    )
    run = fit(config, tmp_path / "run")
    losses = [row["loss"] for row in history(run)]
    assert losses[-1] < 0.5 * losses[0]
    assert max(row["val_dice"] for row in history(run)) > 0.7


@pytest.mark.parametrize("method", ["mc-dropout", "vi"])
def test_resumed_training_ends_as_an_uninterrupted_one(balls, tmp_path, method):
    schedule = {
        "schedule": "cyclical+plateau",
        "cycle": {"epochs": 2},
        "plateau": {"epochs": 1, "factor": 0.5},
    }
    config = settings(
        balls,
        method,
        training={"epochs": 3} | schedule,
        augmentation={"flip_axes": [0], "noise": 0.1},
    )
    whole = fit(config, tmp_path / "whole")

    with pytest.raises(KeyboardInterrupt):
        fit(config, tmp_path / "stopped", observer=Stop(epoch=1, step=1))
    assert runs.open_run(tmp_path / "stopped").finished_members == []
    resumed = fit(config, tmp_path / "stopped", resume=True)
    for name, array in weights(whole).items():
        np.testing.assert_array_equal(array, weights(resumed)[name], err_msg=name)
    for column in ("loss", "learning_rate"):
        assert [row[column] for row in history(whole)] == [row[column] for row in history(resumed)]


def test_a_run_is_not_overwritten_unasked(trained, balls, tmp_path):
    run = trained("mc-dropout")
    before = weights(run)
    with pytest.raises(RunError, match="holds a run already"):
        fit(run.config, run.path)
    with pytest.raises(RunError, match="another configuration"):
        fit(settings(balls, training={"epochs": 9}), run.path, resume=True)
    np.testing.assert_array_equal(weights(run)["logits/kernel"], before["logits/kernel"])


def test_members_trained_apart_assemble_to_the_same_run(trained, balls, tmp_path):
    config = settings(balls, "ensemble")
    with pytest.raises(RunError, match="members 0 to 1"):
        fit(config, tmp_path / "run", member=2)
    for member in (1, 0):
        run = fit(config, tmp_path / "run", member=member)
    together = trained("ensemble")
    for member in (0, 1):
        np.testing.assert_array_equal(
            weights(run, member)["logits/kernel"], weights(together, member)["logits/kernel"]
        )


def test_two_processes_do_not_write_one_member_or_folder(balls, tmp_path, trained):
    with (
        exclusive(tmp_path / "run" / "members" / "0", "training"),
        pytest.raises(RunError, match="another process is training"),
    ):
        fit(settings(balls), tmp_path / "run")
    assert not (tmp_path / "run" / "members" / "0" / "done").exists()
    predictor = make_predictor(
        trained("mc-dropout"), Request(method="mc-dropout", samples=2, seed=0, batch=8)
    )
    with (
        exclusive(tmp_path / "out", "predicting into"),
        pytest.raises(RunError, match="another process is predicting into"),
    ):
        predict(predictor, [], tmp_path / "out")


def test_kl_scale_is_one_over_the_training_voxels_and_stated(balls, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "tfuq.training"):
        run = fit(
            settings(balls, "vi", variational={"kl_warmup_epochs": 1}),
            tmp_path / "run",
        )
    voxels = 3 * 18 * 17 * 15  # three cases, without the padding to the patch's 16
    assert run.facts["kl_scale"] == {"member 0": pytest.approx(0.5 / voxels)}
    assert f"KL scale {0.5 / voxels:.3g} per nat (0.5 / training voxels)" in caplog.messages[0]
    row = history(run)[0]
    assert row["kl"] > 0
    assert row["loss"] == pytest.approx(row["data_loss"] + 0.5 * row["kl"], rel=1e-3)


@pytest.mark.parametrize(("subset", "counts"), [(0.34, [1, 1]), ("bootstrap", [3, 3])])
def test_kl_scale_is_of_each_members_own_examples(balls, tmp_path, caplog, subset, counts):
    """A member on one of three cases has three times the KL scale; a case drawn twice for a bootstrap counts twice."""
    changes = {
        "ensemble": {"subset": subset},
        "variational": {"members": 2},
        "training": {"epochs": 1, "steps_per_epoch": 1},
    }
    with caplog.at_level(logging.INFO, "tfuq.training"):
        run = fit(settings(balls, "vi", **changes), tmp_path / "run")
    scales = [0.5 / (count * 18 * 17 * 15) for count in counts]
    assert run.facts["kl_scale"] == {
        f"member {k}": pytest.approx(scale) for k, scale in enumerate(scales)
    }
    assert f"KL scale of the members {scales[0]:.3g}, {scales[1]:.3g} per nat" in caplog.messages[0]
    for member, scale in enumerate(scales):
        arrays = weights(run, member)
        nats = sum(
            _divergence(arrays, name) for name in arrays if name.endswith("kernel_posterior_loc")
        )
        # It is that of the step before these weights, whose widths have since moved by up to 15 %.
        assert history(run, member)[0]["kl"] == pytest.approx(scale * nats, rel=0.15)


def _divergence(arrays, name):
    """KL(N(m, s²) ‖ N(0, 0.1²)) in nats, summed over a kernel."""
    mean = arrays[name].astype(float)
    width = np.log1p(np.exp(arrays[name.replace("_loc", "_untransformed_scale")].astype(float)))
    return (0.5 * ((mean**2 + width**2) / 0.1**2 - 1) - np.log(width / 0.1)).sum()


def test_warm_start_takes_the_means_of_a_deterministic_run(trained, balls, tmp_path):
    point = trained("mc-dropout")
    config = settings(
        balls,
        "vi",
        variational={"warm_start": str(point.path)},
        training={"learning_rate": 1e-9, "steps_per_epoch": 1},
    )
    run = fit(config, tmp_path / "run")
    for name in ("encoder1_conv1", "logits"):
        np.testing.assert_allclose(
            weights(run)[f"{name}/kernel_posterior_loc"],
            weights(point)[f"{name}/kernel"],
            atol=1e-6,
        )
    other = settings(
        balls, "vi", variational={"warm_start": str(point.path)}, network={"widths": [4, 8, 16]}
    )
    with pytest.raises(TfuqError, match=r"same network|should have shape"):
        fit(other, tmp_path / "other")


@pytest.mark.parametrize(
    "changes",
    [
        {"ensemble": {"adversarial_epsilon": 0.01, "members": 1}},
        {"ensemble": {"subset": "bootstrap", "members": 1}},
        {"training": {"loss": {"name": "weighted-cross-entropy"}}},
        {"training": {"loss": {"name": "soft-dice"}}},
        {"training": {"weight_decay": 0.01}},
        {"training": {"cache": False}},
        {"preprocessing": {"normalization": "zscore-training"}},
        {"preprocessing": {"spacing": [2.0, 2.0, 2.0]}},
        {"preprocessing": {"crop_to_labels": [1, 2], "crop_margin": 2}},
    ],
)
def test_options_train_and_change_the_result(trained, balls, tmp_path, changes):
    if "loss" in changes.get("training", {}):
        changes = {"training": {"loss": changes["training"]["loss"]}}
    run = fit(
        settings(balls, "ensemble", **({"ensemble": {"members": 1}} | changes)), tmp_path / "run"
    )
    plain = weights(trained("ensemble"))
    same = all(np.array_equal(plain[name], array) for name, array in weights(run).items())
    assert same == (changes == {"training": {"cache": False}})


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
    run = fit(config, tmp_path / "run")
    done = json.loads((run.member(0) / "done").read_text())
    rows = history(run)
    best = min(rows, key=lambda row: row["val_loss"])
    assert done["best_epoch"] == best["epoch"]
    assert len(rows) == done["epochs"] == done["best_epoch"] + 2 < 30


_ON_DEVICES = """
import sys
from pathlib import Path
from tests.conftest import settings
from tfuq.training import train
config = settings(Path(sys.argv[1]), sys.argv[4], training={"epochs": 2, "steps_per_epoch": 3, "batch_size": 4},
                  network={"level_dropout": {}} if sys.argv[4] == "deterministic" else {})
run = train(config, Path(sys.argv[2]), devices=sys.argv[3])
print(len(run.facts["devices"]))
"""


def test_two_devices_train_as_one(balls, tmp_path):
    rows = {}
    for devices in ("cpu:1", "cpu:2"):
        command = [
            sys.executable,
            "-c",
            _ON_DEVICES,
            str(balls),
            str(tmp_path / devices),
            devices,
            "deterministic",
        ]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stderr[-2000:]
        assert answer.stdout.strip() == devices[-1]
        rows[devices] = history(runs.open_run(tmp_path / devices))
    for one, two in zip(rows["cpu:1"], rows["cpu:2"], strict=True):
        assert two["loss"] == pytest.approx(one["loss"], rel=1e-4)
        assert two["val_loss"] == pytest.approx(one["val_loss"], rel=1e-4)


def test_variational_weights_train_on_two_devices(balls, tmp_path):
    command = [sys.executable, "-c", _ON_DEVICES, str(balls), str(tmp_path / "run"), "cpu:2", "vi"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    rows = history(runs.open_run(tmp_path / "run"))
    one = fit(
        settings(balls, "vi", training={"epochs": 2, "steps_per_epoch": 3, "batch_size": 4}),
        tmp_path / "one",
    )
    # The KL does not depend on what is drawn: halved on each device, it adds up to that of one.
    assert rows[0]["kl"] == pytest.approx(history(one)[0]["kl"], rel=0.01)


@pytest.mark.parametrize("devices", ["gpu:7", "all", "tpu", "cpu:0", "cpu:3"])
def test_devices_that_are_not_there_are_refused(devices):
    if devices == "all" and tf.config.list_physical_devices("GPU"):
        pytest.skip("this machine has GPUs")
    tf.config.list_logical_devices()  # TensorFlow has started
    with pytest.raises(ConfigError, match=f"--devices {devices}"):
        make_strategy(devices)


def test_weights_are_checked(tmp_path, trained):
    digest = save_arrays(tmp_path / "w.npz", {"a/b": np.arange(3)})
    np.testing.assert_array_equal(load_arrays(tmp_path / "w.npz", digest)["a/b"], [0, 1, 2])
    with pytest.raises(RunError, match="does not match the digest"):
        load_arrays(tmp_path / "w.npz", "0" * 64)
    (tmp_path / "w.npz").write_bytes(b"not arrays")
    with pytest.raises(RunError, match="cannot be read"):
        load_arrays(tmp_path / "w.npz")
    np.savez(tmp_path / "object.npz", a=np.array([{}], dtype=object))
    with pytest.raises(RunError, match="cannot be read"):
        load_arrays(tmp_path / "object.npz")
    run = replace(trained("mc-dropout"), config=settings("x", network={"widths": [8, 8]}))
    with pytest.raises(RunError, match="should have shape"):
        load_posterior(run, "mc-dropout", keep=0)


def test_loss_that_explodes_is_said(balls, tmp_path, monkeypatch):
    def infinite(labels, log_p, weights=None):
        return cross_entropy(labels, log_p) * float("inf")

    monkeypatch.setattr("tfuq.tasks.logits.make_class_loss", lambda *_: infinite)
    with pytest.raises(TfuqError, match="lower training"):
        fit(settings(balls), tmp_path / "run")
