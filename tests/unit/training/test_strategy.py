"""Devices that training runs on."""

import subprocess
import sys

import pytest
import tensorflow as tf

from tests.conftest import settings
from tests.support.histories import history
from tfuq import runs
from tfuq.errors import ConfigError
from tfuq.training import train
from tfuq.training.strategy import make_strategy

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
    path = str(tmp_path / "two")
    command = [sys.executable, "-c", _ON_DEVICES, str(balls), path, "cpu:2", "deterministic"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert answer.stdout.strip() == "2"
    training = {"epochs": 2, "steps_per_epoch": 3, "batch_size": 4}
    config = settings(balls, "deterministic", training=training, network={"level_dropout": {}})
    one = history(train(config, tmp_path / "one", devices="cpu:1"))
    two = history(runs.open_run(tmp_path / "two"))
    for of_one, of_two in zip(one, two, strict=True):
        assert of_two["loss"] == pytest.approx(of_one["loss"], rel=1e-4)
        assert of_two["val_loss"] == pytest.approx(of_one["val_loss"], rel=1e-4)


@pytest.mark.slow
def test_variational_weights_train_on_two_devices(balls, tmp_path):
    command = [sys.executable, "-c", _ON_DEVICES, str(balls), str(tmp_path / "run"), "cpu:2", "vi"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    rows = history(runs.open_run(tmp_path / "run"))
    one = train(
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
