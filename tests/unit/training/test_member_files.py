"""The files of a member, and a worker that has none."""

import json

import numpy as np
import pytest

from tfuq.errors import RunError
from tfuq.training.member_files import member_files
from tfuq.training.progress import Progress
from tfuq.training.state import STATE
from tfuq.training.workers import Worker

CHIEF = Worker(("a:1", "b:1"), 0)
OTHER = Worker(("a:1", "b:1"), 1)
WEIGHTS = {"dense/kernel": np.arange(6.0).reshape(2, 3)}


def train(files):
    """Write all that a training writes."""
    with files.held():
        before = files.read_state()
        files.write_history([{"epoch": 1, "loss": 0.5}])
        files.write_state(WEIGHTS)
        state = files.read_state()
        files.take_over()
        files.write_result(WEIGHTS, Progress(epoch=3, best_epoch=2))
    return before, state


def test_the_chief_has_state_history_and_result(tmp_path):
    folder = tmp_path / "0"
    before, state = train(member_files(folder, CHIEF))
    assert before == b""
    assert state
    assert not (folder / STATE).exists()
    assert (folder / "history.csv").read_text().startswith("epoch,loss")
    done = json.loads((folder / "done").read_text())
    assert (done["epochs"], done["best_epoch"]) == (3, 2)
    np.testing.assert_array_equal(
        np.load(folder / "weights.npz")["dense|kernel"], WEIGHTS["dense/kernel"]
    )


def test_another_worker_touches_no_file(tmp_path):
    assert train(member_files(tmp_path / "0", OTHER)) == (b"", b"")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_removed_meanwhile_is_not_written(tmp_path):
    files = member_files(tmp_path / "0", CHIEF)
    with pytest.raises(RunError, match="was removed while it was trained"):
        files.write_history([{"epoch": 1}])
    with pytest.raises(RunError, match="was removed while it was trained"):
        files.write_result(WEIGHTS, Progress())
