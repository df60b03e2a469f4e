"""Devices that training runs on."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings, task_settings
from tests.support.histories import history
from tfuq import runs
from tfuq.errors import ConfigError
from tfuq.training import train
from tfuq.training.strategy import (
    batch_shares,
    compiles_steps,
    make_strategy,
    on_device,
    replica_batches,
    steps_ahead,
)

_TRAINING = {"epochs": 2, "steps_per_epoch": 3, "batch_size": 4}
_ON_DEVICES = """
import sys
from pathlib import Path
import numpy as np
import tensorflow as tf
from tfuq import config as configuration
from tfuq.training import train
from tfuq.training.strategy import batch_shares, make_strategy, replica_batches
config = configuration.load(sys.argv[1])
run = train(config, Path(sys.argv[2]), devices="cpu:2")
print(len(run.facts["devices"]))
strategy = make_strategy("cpu:2")
images = np.arange(22).reshape(2, 11)
dataset = tf.data.Dataset.from_tensor_slices((images, images + 100))
shares = batch_shares(strategy, 0, 11)
for batch in replica_batches(strategy, dataset, [len(share) for share in shares]):
    shares = zip(*map(strategy.experimental_local_results, batch))
    for replica, (image, target) in enumerate(shares):
        print(replica, *image.numpy(), *(target.numpy() - 100))
"""


def train_on_two_devices(config, folder):
    """The folder of a run that a process of its own trains on two devices, and what it prints."""
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(config.dump())
    command = [sys.executable, "-c", _ON_DEVICES, folder / "config.yaml", folder / "two"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return folder / "two", answer.stdout.splitlines()


@pytest.fixture(scope="module")
def deterministic(digits):
    """A configuration without anything random: dropout would differ on each device."""
    network = {"level_dropout": {}}
    return task_settings(
        "classification", digits, "deterministic", training=_TRAINING, network=network
    )


@pytest.fixture(scope="module")
def on_two_devices(deterministic, tmp_path_factory):
    return train_on_two_devices(deterministic, tmp_path_factory.mktemp("devices"))


@pytest.mark.slow
def test_two_devices_train_as_one(deterministic, on_two_devices, tmp_path):
    path, (devices, *_) = on_two_devices
    assert devices == "2"
    one = history(train(deterministic, tmp_path / "one", devices="cpu:1"))
    two = history(runs.open_run(path))
    for of_one, of_two in zip(one, two, strict=True):
        assert of_two["loss"] == pytest.approx(of_one["loss"], rel=1e-4)
        assert of_two["val_loss"] == pytest.approx(of_one["val_loss"], rel=1e-4)


@pytest.mark.slow
def test_a_batch_is_shared_among_replicas_in_order(on_two_devices):
    """The first replica has one example more."""
    _, (_, *shares) = on_two_devices
    expected = []
    for batch in (range(11), range(11, 22)):
        for replica, share in enumerate(np.array_split(list(batch), 2)):
            expected.append(" ".join(map(str, [replica, *share, *share])))
    assert shares == expected


def test_batches_wait_on_the_device_in_order():
    dataset = tf.data.Dataset.from_tensor_slices((np.arange(5), np.arange(5) + 10))
    batches = [*on_device(dataset, "/device:CPU:0")]
    assert [int(image) for image, _ in batches] == [0, 1, 2, 3, 4]
    assert [int(target) for _, target in batches] == [10, 11, 12, 13, 14]


@pytest.mark.parametrize(
    ("devices", "compiles"),
    [
        (["/device:CPU:0"], False),
        (["/device:GPU:0"], True),
        (["/device:GPU:0"] * 2, False),
    ],
)
def test_steps_of_one_gpu_are_compiled(devices, compiles):
    extended = SimpleNamespace(worker_devices=devices)
    strategy = SimpleNamespace(extended=extended, num_replicas_in_sync=len(devices))
    assert compiles_steps(strategy) is compiles


def test_one_replica_sees_the_batches_as_they_are():
    strategy = make_strategy("cpu:1")
    images = np.arange(4, dtype=np.float32)
    batches = list(replica_batches(strategy, tf.data.Dataset.from_tensors((images, images)), [4]))
    np.testing.assert_array_equal(batches, [[images, images]])


def devices_of(workers, replicas):
    """What is known of the strategy of some workers with so many devices each."""
    extended = SimpleNamespace(worker_devices=("a device",) * replicas)
    return SimpleNamespace(num_replicas_in_sync=workers * replicas, extended=extended)


@pytest.mark.parametrize("batch", [4, 7, 12])
@pytest.mark.parametrize(("workers", "replicas"), [(1, 1), (2, 1), (4, 1), (2, 2)])
def test_workers_share_a_batch_in_order_without_a_rest(workers, replicas, batch):
    """Each example of a batch is one replica's, the same batch however many workers there are."""
    strategy = devices_of(workers, replicas)
    shares = [share for worker in range(workers) for share in batch_shares(strategy, worker, batch)]
    assert [position for share in shares for position in share] == list(range(batch))
    sizes = [len(share) for share in shares]
    assert sizes == [len(part) for part in np.array_split(range(batch), workers * replicas)]


def test_more_devices_than_examples_are_refused():
    with pytest.raises(ConfigError, match=r"training\.batch_size 2: 4 devices share a batch"):
        batch_shares(devices_of(2, 2), 0, 2)


@pytest.mark.parametrize(("device", "steps"), [("CPU:0", 0), ("GPU:0", 8)])
def test_a_gpu_computes_steps_while_the_program_goes_on(device, steps):
    devices = SimpleNamespace(worker_devices=(f"/job:localhost/replica:0/task:0/device:{device}",))
    assert steps_ahead(SimpleNamespace(extended=devices)) == steps


@pytest.mark.slow
def test_variational_weights_train_on_two_devices(balls, tmp_path):
    config = settings(balls, "vi", training=_TRAINING)
    path, _ = train_on_two_devices(config, tmp_path)
    rows = history(runs.open_run(path))
    one = train(config, tmp_path / "one")
    # The KL does not depend on what is drawn: halved on each device, it adds up to that of one.
    assert rows[0]["kl"] == pytest.approx(history(one)[0]["kl"], rel=0.01)


@pytest.mark.parametrize("devices", ["gpu:7", "all", "tpu", "cpu:0", "cpu:3"])
def test_devices_that_are_not_there_are_refused(devices):
    if devices == "all" and tf.config.list_physical_devices("GPU"):
        pytest.skip("this machine has GPUs")
    tf.config.list_logical_devices()  # TensorFlow has started
    with pytest.raises(ConfigError, match=f"--devices {devices}"):
        make_strategy(devices)


def test_a_gpu_is_shared_with_other_processes(monkeypatch):
    grown = []
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: ["a", "b"])
    monkeypatch.setattr(
        tf.config.experimental, "set_memory_growth", lambda gpu, grows: grown.append((gpu, grows))
    )
    make_strategy("cpu:1")
    assert grown == [("a", True), ("b", True)]
