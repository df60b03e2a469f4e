"""One training gives all members: each is what a training of fewer cycles ends with."""

import numpy as np
import pytest

from tests.conftest import assert_refused, task_settings
from tests.support.histories import history, weights
from tests.support.observers import Stop
from tfuq import runs
from tfuq.errors import RunError
from tfuq.training import train
from tfuq.training.diversity.snapshots import one_for_all

CYCLES = {"schedule": "cyclical", "cycle": {"epochs": 2, "shape": "cosine", "lowest": 0.0}}
UNVALIDATED = {"split": {"train": 40, "validation": 0, "test": 11}}


def settings_of(digits, method, epochs, **changes):
    return task_settings(
        "classification", digits, method, training={"epochs": epochs, **CYCLES}, **changes
    )


def snapshots_of(digits, epochs=6, members=2, **changes):
    ensemble = {"diversity": "snapshots", "members": members}
    return settings_of(digits, "hybrid", epochs, ensemble=ensemble, **changes)


@pytest.fixture(scope="module")
def run(digits, tmp_path_factory):
    """The last two of three cycles."""
    config = snapshots_of(digits, data=UNVALIDATED)
    return train(config, tmp_path_factory.mktemp("snapshots") / "run")


@pytest.mark.parametrize(("member", "epochs"), [(0, 4), (1, 6)])
def test_a_member_is_where_a_training_of_fewer_cycles_ends(run, digits, tmp_path, member, epochs):
    alone = settings_of(digits, "mc-dropout", epochs, data=UNVALIDATED)
    ends = weights(train(alone, tmp_path / "run"))
    for name, array in weights(run, member).items():
        np.testing.assert_array_equal(array, ends[name], err_msg=name)
    assert [row["epoch"] for row in history(run, member)] == list(range(1, epochs + 1))


def test_members_differ_and_no_state_is_left(run):
    assert one_for_all(run.config) == [range(2)]
    assert run.finished_members == [0, 1]
    assert not list(run.path.rglob("state.npz"))
    first, last = weights(run, 0), weights(run, 1)
    assert not np.array_equal(first["logits/kernel"], last["logits/kernel"])


@pytest.mark.slow
def test_a_stopped_training_goes_on_and_has_its_finished_members(run, digits, tmp_path, tfuq):
    path = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(run.config, path, observer=Stop(epoch=4, step=1))
    assert runs.open_run(path).finished_members == [0]
    assert_refused(tfuq("predict", path), "1 have not finished training")
    train(run.config, path, resume=True)
    for member in range(2):
        whole = weights(run, member)
        for name, array in weights(runs.open_run(path), member).items():
            np.testing.assert_array_equal(array, whole[name], err_msg=name)


@pytest.mark.slow
def test_validation_chooses_no_epoch_of_them(digits, tmp_path):
    """The learning rate is so high that an earlier epoch of the cycle is often better."""
    run = train(snapshots_of(digits, epochs=4), tmp_path / "run")
    assert [len(history(run, member)) for member in range(2)] == [2, 4]
    for member in range(2):
        done = (run.member(member) / "done").read_text()
        assert f'"best_epoch": {2 * member + 2}' in done


def test_no_member_is_trained_by_itself(digits, tmp_path):
    with pytest.raises(RunError, match="one training for the members 0 to 1; leave --member out"):
        train(snapshots_of(digits), tmp_path / "run", member=0)
