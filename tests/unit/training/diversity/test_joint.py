"""Training all members of a run together."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings, task_settings
from tests.support.histories import history, weights
from tests.support.observers import Recorder, Stop
from tfuq import runs
from tfuq.data.events import SILENT, EpochEnd
from tfuq.errors import ConfigError, RunError
from tfuq.networks.weights import load_arrays, set_arrays
from tfuq.sampling.members import build_member
from tfuq.training import prepare, train
from tfuq.training.diversity.joint import JointTraining, all_members
from tfuq.training.material import member_training
from tfuq.training.member_files import MemberFiles

KINDS = (pytest.param("negative-correlation", marks=pytest.mark.slow), "repulsive")  # one is fast


def config_of(digits, kind="repulsive", *, strength=1.0, method="ensemble", members=2, **sections):
    training = {"epochs": 2, "steps_per_epoch": 3, "batch_size": 6}
    ensemble = {"members": members, "diversity": kind, "strength": strength}
    sections = {"training": training, "ensemble": ensemble} | sections
    return task_settings("classification", digits, method, **sections)


def assert_same(run, other, **tolerance):
    for member in range(run.config.members):
        for name, array in weights(run, member).items():
            other_array = weights(other, member)[name]
            np.testing.assert_allclose(array, other_array, err_msg=name, **tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_without_strength_members_train_as_alone_on_the_batches_of_the_first(
    digits, tmp_path, kind
):
    together = train(config_of(digits, kind, strength=0.0), tmp_path / "together")
    config = config_of(digits, "seeds", strength=None)
    material = prepare(config, "cpu:1")
    first = member_training(config, tmp_path / "alone" / "0", 0, material)
    for index in range(2):
        alone = member_training(config, tmp_path / "alone" / str(index), index, material)
        alone.batches = first.batches
        alone.run(SILENT)
        arrays = load_arrays(alone.folder / "weights.npz")
        for name, array in weights(together, index).items():
            np.testing.assert_allclose(array, arrays[name], atol=1e-5, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_strength_makes_members_differ_more(digits, tmp_path, kind):
    """The variance of validation probabilities between members, after a short training."""
    variances = []
    for strength in (0.0, 2.0):
        training = {"epochs": 4, "steps_per_epoch": 10, "batch_size": 10}
        network = {"level_dropout": {}}
        config = config_of(digits, kind, strength=strength, training=training, network=network)
        run = train(config, tmp_path / str(strength))
        variances.append(probabilities(run).var(0).mean())
    assert variances[1] > 1.2 * variances[0]


def probabilities(run):
    """Of each member, for the validation images: ``[M, n, K]``."""
    images = prepare(run.config, "cpu:1").validation[0].images
    network = build_member(run.config, channels=1, sources=())
    members = []
    for member in range(run.config.members):
        set_arrays(network, weights(run, member))
        logits = network([images, tf.zeros([2], tf.int32)])
        members.append(tf.nn.softmax(logits).numpy())
    return np.array(members)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("negative-correlation", "ensemble"),
        pytest.param("repulsive", "hybrid", marks=pytest.mark.slow),
    ],
)
def test_resumed_training_ends_as_an_uninterrupted_one(digits, tmp_path, kind, method):
    config = config_of(digits, kind, method=method)
    whole = train(config, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "stopped", observer=Stop(epoch=1, step=1))
    stopped = runs.open_run(tmp_path / "stopped")
    assert stopped.finished_members == []
    assert (stopped.member(0) / "state.npz").is_file()
    assert not (stopped.member(1) / "state.npz").exists()
    resumed = train(config, tmp_path / "stopped", resume=True)
    assert_same(whole, resumed, rtol=0)
    assert [row["loss"] for row in history(whole, 1)] == [
        row["loss"] for row in history(resumed, 1)
    ]
    assert not list(resumed.path.glob("members/*/state.npz"))


@pytest.mark.slow
def test_a_process_killed_while_results_are_written_leaves_what_another_ends(
    digits, tmp_path, monkeypatch
):
    """The last member is written first; the first has the state of all, and is the last."""
    config = config_of(digits, members=3)
    whole = train(config, tmp_path / "whole")
    calls = []

    def dies(self, best, progress):
        calls.append(self.folder.name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, best, progress)

    real = MemberFiles.write_result
    with monkeypatch.context() as patch:
        patch.setattr(MemberFiles, "write_result", dies)
        with pytest.raises(KeyboardInterrupt):
            train(config, tmp_path / "killed")
    killed = runs.open_run(tmp_path / "killed")
    assert calls == ["2", "1"]
    assert killed.finished_members == [2]
    before = (killed.member(2) / "weights.npz").stat().st_mtime_ns
    observer = Recorder()
    resumed = train(config, tmp_path / "killed", resume=True, observer=observer)
    assert observer.events  # of the task
    assert not [event for event in observer.events if isinstance(event, EpochEnd)]
    assert_same(whole, resumed, rtol=0)
    assert (killed.member(2) / "weights.npz").stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_member_that_is_gone_is_trained_again_beside_the_others(digits, tmp_path):
    config = config_of(digits, members=3)
    run = train(config, tmp_path / "run")
    before = weights(run, 1)
    digest = json.loads((run.member(0) / "done").read_text())["digest"]
    stamps = [(run.member(k) / "history.csv").stat().st_mtime_ns for k in (0, 2)]
    shutil.rmtree(run.member(1))
    again = train(config, tmp_path / "run", resume=True)
    assert again.finished_members == [0, 1, 2]
    for name, array in weights(again, 1).items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)
    assert json.loads((run.member(0) / "done").read_text())["digest"] == digest
    assert stamps == [(run.member(k) / "history.csv").stat().st_mtime_ns for k in (0, 2)]


@pytest.mark.slow
def test_members_stop_early_together_and_keep_their_own_best(digits, tmp_path):
    training = {"epochs": 30, "learning_rate": 1.0, "early_stopping_epochs": 2}
    training |= {"steps_per_epoch": 1, "batch_size": 2}
    run = train(config_of(digits, training=training), tmp_path / "run")
    lengths = {len(history(run, member)) for member in range(2)}
    assert len(lengths) == 1
    assert lengths.pop() < 30
    for member in range(2):
        rows = history(run, member)
        best = min(rows, key=lambda row: row["val_loss"])
        done = json.loads((run.member(member) / "done").read_text())
        assert done["best_epoch"] == best["epoch"]


@pytest.mark.slow
def test_volumes_are_trained_together(balls, tmp_path):
    ensemble = {"members": 2, "diversity": "negative-correlation"}
    network = {"name": "residual-unet", "widths": [2, 2, 2], "deep_supervision": True, "blocks": 1}
    config = settings(balls, "ensemble", 2, ensemble=ensemble, network=network)
    run = train(config, tmp_path / "run")
    assert all(history(run, member)[0]["penalty"] < 0 for member in (0, 1))
    assert not np.array_equal(weights(run, 0)["logits/kernel"], weights(run, 1)["logits/kernel"])
    assert not any(name.startswith("logits2") for name in weights(run))  # of coarser levels


@pytest.mark.slow
def test_landmarks_are_trained_together(heads, tmp_path):
    ensemble = {"members": 2, "diversity": "repulsive"}
    training = {"loss": {"name": "heatmap-cross-entropy"}}
    config = task_settings("landmarks", heads, "ensemble", ensemble=ensemble, training=training)
    run = train(config, tmp_path / "run")
    terms = run.facts["likelihood_terms"]
    for member in (0, 1):
        penalty = history(run, member)[0]["penalty"]
        assert -np.log(2) / terms <= penalty < 0  # a nat is one by the landmarks


_ON_TWO_DEVICES = """
import sys
from pathlib import Path
from tfuq import config as configuration
from tfuq.training import train
run = train(configuration.load(sys.argv[1]), Path(sys.argv[2]), devices="cpu:2")
print(len(run.facts["devices"]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_two_devices_train_as_one(digits, tmp_path, kind):
    training = {"epochs": 1, "steps_per_epoch": 3, "batch_size": 5}
    config = config_of(digits, kind, network={"level_dropout": {}}, training=training)
    one = train(config, tmp_path / "one", devices="cpu:1")
    (tmp_path / "config.yaml").write_text(config.dump())
    command = [sys.executable, "-c", _ON_TWO_DEVICES, tmp_path / "config.yaml", tmp_path / "two"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert answer.stdout.split() == ["2"]
    two = runs.open_run(tmp_path / "two")
    for member in range(2):
        for of_one, of_two in zip(history(one, member), history(two, member), strict=True):
            for figure in ("loss", "penalty", "val_loss"):
                assert of_two[figure] == pytest.approx(of_one[figure], rel=1e-3), figure


def test_one_member_alone_is_refused(digits, tmp_path):
    with pytest.raises(RunError, match="leave --member out"):
        train(config_of(digits), tmp_path / "run", member=1)


def test_workers_are_refused_before_anything_is_written(digits, tmp_path, monkeypatch):
    cluster = {"worker": ["localhost:12345", "localhost:12346"]}
    task = {"type": "worker", "index": 0}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))
    with pytest.raises(ConfigError, match=r"--devices workers: .* by --devices all"):
        train(config_of(digits), tmp_path / "run", devices="workers")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_rehearsal_times_steps_of_all_members_and_writes_nothing(digits, tmp_path):
    config = config_of(digits)
    training = JointTraining(config, tmp_path / "run", prepare(config, "cpu:1"))
    seconds = training.rehearse()
    assert set(seconds) == {"build", "step", "validation"}
    assert 0 < seconds["step"] < seconds["build"]
    assert training.steps == 3
    assert training.model.count_params() > 0
    assert not (tmp_path / "run").exists()


def test_all_members_are_one_group(digits):
    assert all_members(config_of(digits)) == [range(2)]
