"""Processes that train together: the same batches and losses as one process, and the loss of one of them."""

import signal
import time

import numpy as np
import pytest

from tests.conftest import settings
from tests.support import killing
from tests.support.histories import history, weights
from tests.support.worker_jobs import finish_workers, start_workers
from tfuq import runs
from tfuq.training import train

TRAINING = {"epochs": 3, "steps_per_epoch": 3, "batch_size": 5}  # not a multiple of the workers


def written(config, path):
    path.parent.mkdir(exist_ok=True)
    path.write_text(config.dump())
    return path


def trained_by_workers(config, folder, count):
    """The run that some workers trained together."""
    file = written(config, folder / "config.yaml")
    processes = start_workers(count, file, "--run", folder / "run", log=folder / "logs")
    codes = finish_workers(processes)
    said = [(folder / "logs" / f"{number}.txt").read_text() for number in range(count)]
    assert codes == [0] * count, said
    assert "1 of 1 member(s) trained" in said[0]
    assert "worker 2 of" in said[1]
    return runs.open_run(folder / "run")


def assert_same_losses(one, other):
    for of_one, of_other in zip(history(one), history(other), strict=True):
        for name in ("loss", "val_loss", "kl"):
            assert of_one[name] == pytest.approx(of_other[name], rel=1e-4)


@pytest.mark.slow
def test_two_workers_train_as_one_process(balls, tmp_path):
    config = settings(balls, "deterministic", 2, network={"level_dropout": {}}, training=TRAINING)
    together = trained_by_workers(config, tmp_path, 2)
    alone = train(config, tmp_path / "alone", devices="cpu:1")
    assert_same_losses(together, alone)
    for name, array in weights(alone).items():
        np.testing.assert_allclose(weights(together)[name], array, rtol=1e-3, atol=1e-5)
    assert together.split == alone.split


@pytest.mark.slow
@pytest.mark.parametrize("method", ["mc-dropout", "vi"])
def test_workers_draw_as_devices_of_one_process(balls, tmp_path, method):
    """Dropout masks and weights are drawn for each replica, wherever it is."""
    config = settings(balls, method, training=TRAINING)
    together = trained_by_workers(config, tmp_path, 2)
    file = written(config, tmp_path / "config.yaml")
    alone = tmp_path / "alone"
    killing.finish("train", file, "--run", alone, "--devices", "cpu:2", log=tmp_path / "log.txt")
    assert_same_losses(together, runs.open_run(alone))


@pytest.mark.slow
@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_worker_ends_the_job_and_all_go_on_later(balls, tmp_path, lost):
    """The other says one line; the resumed run ends as one that was never stopped."""
    config = settings(balls, "mc-dropout", training=TRAINING | {"epochs": 30})
    file = written(config, tmp_path / "config.yaml")
    run, logs = tmp_path / "run", tmp_path / "logs"
    processes = start_workers(2, file, "--run", run, log=logs)
    deadline = time.monotonic() + 300
    while not (run / "members" / "0" / "state.npz").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    processes[lost].kill()
    codes = finish_workers(processes)
    assert codes[lost] == -signal.SIGKILL
    assert codes[1 - lost] == 2
    lines = (logs / f"{1 - lost}.txt").read_text().splitlines()
    said = [line for line in lines if "another worker ended or cannot be reached" in line]
    assert len(said) == 1
    assert f"worker {2 - lost} of 2" in said[0]
    assert "--resume" in said[0]
    assert not any("Traceback" in line for line in lines)

    assert finish_workers(start_workers(2, file, "--run", run, "--resume", log=logs)) == [0, 0]
    resumed = runs.open_run(run)
    whole = trained_by_workers(config, tmp_path / "whole", 2)
    for name, array in weights(whole).items():
        np.testing.assert_array_equal(weights(resumed)[name], array, err_msg=name)
