"""Which workers there are, and what they tell each other."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tfuq.errors import ConfigError, TfuqError
from tfuq.training.workers import ALONE, Together, Worker, lost_worker_errors, this_worker

CLUSTER = {"worker": ["a:1", "b:1"]}


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    """A machine on which nothing says which workers there are."""
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.delenv("SLURM_STEP_NODELIST", raising=False)


def tf_config(monkeypatch, cluster, kind, index):
    content = {"cluster": cluster, "task": {"type": kind, "index": index}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(content))


@pytest.mark.parametrize("devices", [None, "cpu:2", "all"])
def test_devices_of_one_process_have_one_worker(devices, monkeypatch):
    tf_config(monkeypatch, CLUSTER, "worker", 1)
    worker = this_worker(devices)
    assert worker.is_alone
    assert worker.is_chief


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "number"),
    [
        (CLUSTER, "worker", 0, 0),
        (CLUSTER, "worker", 1, 1),
        ({"chief": ["c:1"], **CLUSTER}, "chief", 0, 0),
        ({"chief": ["c:1"], **CLUSTER}, "worker", 1, 2),
    ],
)
def test_tf_config_says_which_worker_this_is(monkeypatch, cluster, kind, index, number):
    tf_config(monkeypatch, cluster, kind, index)
    worker = this_worker("workers")
    assert worker.addresses == (*cluster.get("chief", []), "a:1", "b:1")
    assert worker.number == number
    assert worker.is_chief == (number == 0)


def test_slurm_says_which_worker_this_is(monkeypatch):
    """Hosts keep their order: n10 follows n9."""
    for name, value in (
        ("STEP_NODELIST", "n[9-10]"),
        ("STEP_TASKS_PER_NODE", "2,1"),
        ("PROCID", "2"),
        ("JOB_ID", "7"),
        ("STEP_ID", "0"),
    ):
        monkeypatch.setenv(f"SLURM_{name}", value)
    worker = this_worker("workers")
    hosts = [address.split(":")[0] for address in worker.addresses]
    ports = [int(address.split(":")[1]) for address in worker.addresses]
    assert hosts == ["n9", "n9", "n10"]
    assert ports[1] == ports[0] + 1
    assert ports[2] == ports[0]
    assert 15_000 <= min(ports) < max(ports) < 32_768
    assert str(worker) == "worker 3 of 3"
    monkeypatch.setenv("SLURM_STEP_ID", "1")
    assert not set(this_worker("workers").addresses) & set(worker.addresses)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "start them by srun in a Slurm job, or set TF_CONFIG"),
        ("{", "TF_CONFIG"),
        ('{"cluster": {}}', "TF_CONFIG"),
        (json.dumps({"cluster": CLUSTER, "task": {"type": "worker", "index": 2}}), "is none of"),
        (json.dumps({"cluster": CLUSTER, "task": {"type": "ps", "index": 0}}), "task ps 0 is none"),
    ],
)
def test_what_does_not_say_it_is_refused(monkeypatch, value, words):
    if value is not None:
        monkeypatch.setenv("TF_CONFIG", value)
    with pytest.raises(TfuqError, match=words):
        this_worker("workers")


def test_a_process_that_is_alone_hears_itself():
    array = np.arange(3.0)
    np.testing.assert_array_equal(ALONE.total(array), array)
    assert ALONE.of_chief(b"state") == b"state"
    ALONE.wait()


class TwoWorkers:
    """A strategy whose other worker gives what it is told to, one array after another."""

    def __init__(self, others):
        self.extended = type("", (), {"worker_devices": ("CPU:0",)})
        self._others = list(others)

    def experimental_distribute_values_from_function(self, of_replica):
        return of_replica(type("", (), {"replica_id_in_sync_group": self.own}))

    def reduce(self, how, value, axis):
        return value + self._others.pop(0)


@pytest.mark.parametrize("number", [0, 1])
def test_workers_add_up_what_they_have(number):
    strategy = TwoWorkers([tf.constant([10.0, 20.0], tf.float64)])
    strategy.own = number
    together = Together(strategy, Worker(("a:1", "b:1"), number))
    np.testing.assert_array_equal(together.total(np.array([1.0, 2.0])), [11.0, 22.0])


@pytest.mark.parametrize("content", [b"", bytes(range(256))])
def test_the_chief_tells_its_bytes(content):
    numbers = tf.constant(list(content), tf.float32)
    strategy = TwoWorkers([tf.constant(float(len(content)), tf.float64), numbers])
    strategy.own = 1
    together = Together(strategy, Worker(("a:1", "b:1"), 1))
    assert together.of_chief(b"what the others have does not count") == content


def test_the_loss_of_a_worker_is_told_in_a_line():
    error = tf.errors.UnavailableError(None, None, "connection refused\nand more")
    worker = Worker(("a:1", "b:1"), 1)
    with (
        pytest.raises(TfuqError, match=r"^worker 2 of 2: another worker ended .*--resume"),
        lost_worker_errors(worker),
    ):
        raise error
    with pytest.raises(tf.errors.UnavailableError), lost_worker_errors(Worker()):
        raise error


def test_other_errors_are_told_as_they_are():
    with pytest.raises(ConfigError, match="own"), lost_worker_errors(Worker(("a:1", "b:1"), 0)):
        raise ConfigError("own")
