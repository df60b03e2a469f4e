"""How a machine is shared."""

import os

import pytest

from tfuq.data.budget import limit_memory
from tfuq.execution import shares
from tfuq.execution.shares import shares_of, visible_gpus


@pytest.fixture
def cores(monkeypatch):
    """Says which cores this process may use."""
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return lambda numbers: monkeypatch.setattr(shares, "_cores", lambda: list(numbers))


@pytest.mark.parametrize(
    ("count", "parts"),
    [
        (1, [(0, 1, 2, 3, 4)]),
        (2, [(0, 1), (2, 3, 4)]),
        (5, [(0,), (1,), (2,), (3,), (4,)]),
        (7, [(0,), (1,), (2,), (3,), (4,), (0,), (1,)]),
    ],
)
def test_cores_are_shared(cores, count, parts):
    cores(range(5))
    assert [share.cores for share in shares_of(count)] == parts


def test_threads_are_those_of_a_process_alone(cores, monkeypatch):
    cores(range(6))
    assert {share.threads for share in shares_of(3)} == {"6"}
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "4")
    assert {share.threads for share in shares_of(3)} == {"4"}


def test_each_process_has_a_gpu(cores, monkeypatch):
    cores(range(4))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,GPU-5e")
    assert [share.gpu for share in shares_of(3)] == ["2", "GPU-5e", "2"]


@pytest.mark.parametrize(("named", "gpus"), [("", []), ("-1", []), ("1", ["1"]), ("0,-1,2", ["0"])])
def test_gpus_that_the_environment_names(monkeypatch, named, gpus):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert visible_gpus() == gpus


def test_gpus_of_the_machine_are_counted(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(shares, "_DEVICES", tmp_path)
    for name in ("nvidia0", "nvidia3", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert visible_gpus() == ["0", "1"]


def test_the_memory_limit_is_shared(cores):
    cores(range(4))
    assert shares_of(2)[0].memory is None
    limit_memory("4GB")
    try:
        assert {share.memory for share in shares_of(2)} == {2 * 2**30}
    finally:
        limit_memory(None)


def test_a_share_is_applied(monkeypatch):
    for name in ("TF_NUM_INTRAOP_THREADS", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.setenv(name, "")
    shares.Share(cores=(), threads="3", gpu="1", memory=None).apply()
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == "3"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"
