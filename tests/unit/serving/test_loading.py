"""Exports loaded as TensorFlow Serving loads them."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from tfuq.errors import RunError
from tfuq.serving.loading import LoadedExport


def test_numbers_are_cast_to_the_types_of_the_inputs(digit_network):
    """As a client that sends JSON has no types; the images are whole numbers."""
    image = np.random.default_rng(0).integers(0, 255, (2, 28, 28, 1))
    typed = {
        "image": image.astype(np.float32),
        "seed": np.array([1, 2], np.int32),
        "num_samples": np.array(3, np.int32),
    }
    plain = {"image": image.tolist(), "seed": [1.0, 2.0], "num_samples": 3}
    expected = digit_network.call("serving_default", typed)
    found = digit_network.call("serving_default", plain)
    assert found.keys() == expected.keys()
    assert all(found[name].tolist() == expected[name].tolist() for name in expected)


def test_signatures_are_those_that_predict(digit_network):
    assert set(digit_network.signatures) == {
        "serving_default",
        "images_only",
        "deterministic",
        "prepared",
    }
    with pytest.raises(KeyError):
        digit_network.call("train", {})


def test_a_session_ends_with_its_block(digit_model):
    with LoadedExport(digit_model / "1") as opened:
        opened.call("deterministic", {"image": np.eye(28)[None, ..., None]})
    with pytest.raises(RuntimeError, match="closed"):
        opened.call("deterministic", {"image": np.eye(28)[None, ..., None]})


@pytest.mark.parametrize(
    "damage",
    [
        lambda version: shutil.rmtree(version / "variables"),
        lambda version: (version / "variables" / "variables.index").write_bytes(b"\0" * 99),
        lambda version: (version / "saved_model.pb").write_bytes(b""),
    ],
)
def test_damaged_files_are_refused_in_one_line(digit_model, tmp_path, damage):
    version = shutil.copytree(digit_model / "1", tmp_path / "1")
    damage(version)
    with pytest.raises(RunError, match=r"does not load as a SavedModel .*export again") as refused:
        LoadedExport(version)
    assert "\n" not in str(refused.value)
    assert tf.compat.v1.get_default_session() is None
