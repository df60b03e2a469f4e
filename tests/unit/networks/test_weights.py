"""Weights as arrays by name: read back, or refused."""

import os
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings, task_settings
from tests.support.made import make_network_run
from tfuq.data.budget import limit_memory
from tfuq.errors import RunError
from tfuq.networks.weights import (
    assign_arrays,
    assign_numbered,
    load_arrays,
    model_arrays,
    save_arrays,
)
from tfuq.sampling.members import load_posterior


def test_weights_are_finite_and_of_their_type(network_run, tmp_path):
    from tfuq.sampling.members import build_member

    model = build_member(network_run.config, channels=1)
    arrays = load_arrays(network_run.member(0) / "weights.npz")
    assign_arrays(model, arrays)
    name = next(iter(arrays))
    with pytest.raises(RunError, match=f"weights '{name}' are not finite"):
        assign_arrays(model, arrays | {name: np.full_like(arrays[name], np.nan)})
    with pytest.raises(RunError, match=f"weights '{name}' are float64 and should be float32"):
        assign_arrays(model, arrays | {name: arrays[name].astype(float)})


@pytest.fixture(scope="module")
def network_run(digits, tmp_path_factory):
    config = task_settings("classification", digits, "mc-dropout")
    return make_network_run(tmp_path_factory.mktemp("network") / "run", config, ["t10k-00000"])


def test_weights_are_held_against_the_budget_before_they_are_read(tmp_path):
    os.truncate(os.open(tmp_path / "weights.npz", os.O_CREAT | os.O_RDWR), 2**33)
    limit_memory("3GB")
    try:
        with pytest.raises(RunError, match="more than the"):
            load_arrays(tmp_path / "weights.npz", "0" * 64)
    finally:
        limit_memory(None)


def test_a_pipe_in_the_place_of_weights_is_refused(tmp_path):
    os.mkfifo(tmp_path / "weights.npz")
    with pytest.raises(RunError, match="no regular file"):
        load_arrays(tmp_path / "weights.npz", "0" * 64)


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


def small_network():
    return tf_keras.Sequential([tf_keras.Input((2,)), tf_keras.layers.Dense(3, name="dense")])


def test_arrays_of_a_network_are_named_as_its_variables():
    model = small_network()
    arrays = model_arrays(model)
    assert {name: array.shape for name, array in arrays.items()} == {
        "dense/kernel": (2, 3),
        "dense/bias": (3,),
    }
    other = small_network()
    assign_arrays(other, arrays)
    np.testing.assert_array_equal(other.layers[0].kernel, arrays["dense/kernel"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dense/bias": np.zeros(4, np.float32)}, r"should have shape \(3,\), found \(4,\)"),
        ({"dense/bias": np.zeros(3)}, "are float64 and should be float32"),
        ({"dense/bias": np.full(3, np.inf, np.float32)}, "are not finite"),
        ({"dense/bias": None}, r"should have shape \(3,\), found nothing"),
    ],
)
def test_nothing_is_assigned_of_arrays_that_do_not_fit(change, words):
    model = small_network()
    before = model_arrays(model)
    arrays = {name: array + 1 for name, array in before.items()} | change
    arrays = {name: array for name, array in arrays.items() if array is not None}
    with pytest.raises(RunError, match=f"here: weights 'dense/bias' {words}"):
        assign_arrays(model, arrays, where="here")
    np.testing.assert_array_equal(model.layers[0].kernel, before["dense/kernel"])


def test_variables_of_one_name_are_told_apart_by_number():
    variables = [tf.Variable(0.0, name="m"), tf.Variable(0.0, name="m")]
    assign_numbered(variables, {"0": np.float32(1), "1": np.float32(2)}, where="here")
    assert [float(variable) for variable in variables] == [1.0, 2.0]
    with pytest.raises(RunError, match="weights '1' should have shape"):
        assign_numbered(variables, {"0": np.float32(1)}, where="here")


def test_numbers_of_half_precision_become_float32(tmp_path):
    values = np.array([0.1, -3.0, 6e-8], np.float16)
    digest = save_arrays(tmp_path / "weights.npz", {"a/kernel": values})
    read = load_arrays(tmp_path / "weights.npz", digest)["a/kernel"]
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, values.astype(np.float32))
