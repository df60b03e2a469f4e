"""The state of a training: saved, taken up, refused where it does not fit."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import task_settings
from tests.support.observers import Stop
from tfuq.errors import RunError
from tfuq.networks.weights import load_arrays, model_arrays, save_arrays
from tfuq.runs import Run
from tfuq.training import train
from tfuq.training.progress import Progress
from tfuq.training.state import STATE, MemberState


def test_a_state_without_the_common_step_is_refused_with_what_to_do(states, tmp_path):
    run = shutil.copytree(states.path, tmp_path / "run")
    path = run / "members" / "0" / "state.npz"
    arrays = load_arrays(path)
    last = max(
        int(name.removeprefix("optimizer/")) for name in arrays if name.startswith("optimizer/")
    )
    arrays.pop(f"optimizer/{last}")
    save_arrays(path, arrays)
    with pytest.raises(
        RunError, match="earlier tfuq; delete it to train the member from its start"
    ):
        train(states.config, run, resume=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("progress"),
        lambda arrays: arrays.update(progress=np.zeros(3)),
        lambda arrays: arrays.update(progress=np.frombuffer(b'{"epoch": -1}', np.uint8)),
        lambda arrays: arrays.pop(next(name for name in arrays if name.startswith("best"))),
        lambda arrays: arrays.update({"optimizer|1": np.full(7, np.nan)}),
        lambda arrays: arrays.update(
            {name: array[None] for name, array in arrays.items() if name.startswith("model")}
        ),
    ],
)
def test_a_damaged_state_of_training_is_refused(states, tmp_path, change):
    run = shutil.copytree(states.path, tmp_path / "run")
    path = run / "members" / "0" / "state.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    change(arrays)
    np.savez(path, **arrays)
    with pytest.raises(RunError, match=r"state.npz: "):
        train(states.config, run, resume=True)


@pytest.fixture(scope="module")
def states(digits, tmp_path_factory):
    """A run that was stopped after an epoch of two."""
    config = task_settings("classification", digits, training={"epochs": 2})
    path = tmp_path_factory.mktemp("states") / "run"

    with pytest.raises(KeyboardInterrupt):
        train(config, path, observer=Stop(epoch=1, step=0))
    return Run(path, config)


def a_state():
    model = tf_keras.Sequential([tf_keras.Input((2,)), tf_keras.layers.Dense(3, name="dense")])
    optimizer = tf_keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)
    return MemberState(model=model, optimizer=optimizer)


def test_a_state_that_was_saved_is_taken_up(tmp_path):
    saved = a_state()
    gradients = [tf.ones_like(variable) for variable in saved.model.trainable_variables]
    saved.optimizer.apply_gradients(zip(gradients, saved.model.trainable_variables, strict=True))
    saved.best = {name: array + 1 for name, array in model_arrays(saved.model).items()}
    saved.progress = Progress(epoch=2, best=0.5, best_epoch=1, history=[{"epoch": 1}, {"epoch": 2}])
    save_arrays(tmp_path / STATE, saved.arrays())
    found = a_state()
    found.restore((tmp_path / STATE).read_bytes(), tmp_path / STATE)
    assert found.progress == saved.progress
    for name, array in saved.best.items():
        np.testing.assert_array_equal(found.best[name], array)
    for one, other in zip(found.model.weights, saved.model.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(found.optimizer.variables, saved.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)
