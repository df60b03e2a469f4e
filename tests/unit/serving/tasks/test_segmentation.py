"""Segmentation that is served: what it answers lies at the pixels that were sent."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings
from tests.support.drawn import make_finished_run, make_given_predictor
from tests.support.replies import make_export
from tfuq.data.preprocessing import box_in_padding
from tfuq.measures.catalogue import maps_of
from tfuq.serving.expectation import Asked
from tfuq.serving.tasks.segmentation import SERVED
from tfuq.tasks.records import VoxelStatistics

TASK = SERVED["segmentation"]


def statistics(shape):
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), shape).astype(np.float32)
    maps = {name: rng.random(shape).astype(np.float32) for name in maps_of(2)}
    return {"probability": p, "masks": p, "entropy_terms": p, **maps}


def test_the_label_is_the_likeliest_class(tmp_path):
    drawn = statistics((1, 4, 5, 6))
    outputs = TASK.outputs(settings(tmp_path), maps_of(2))
    found = outputs({name: tf.constant(values) for name, values in drawn.items()})
    assert set(found) == {"label", "probability", *maps_of(2)}
    assert found["label"].dtype == tf.uint8
    np.testing.assert_array_equal(found["label"], drawn["probability"].argmax(-1))


def test_numpy_leaves_the_padding_out(balls, tmp_path):
    run = make_finished_run(tmp_path / "run", "segmentation", balls)
    drawn = statistics((1, 16, 16, 16))
    box = box_in_padding((13, 16, 11), (16, 16, 16))
    found = TASK.named(make_given_predictor(run), VoxelStatistics.of(drawn), box)
    assert set(found) == {"label", "probability", *maps_of(2)}
    assert found["label"].dtype == np.uint8
    inner = drawn["probability"][:, 1:14, :, 2:13]
    np.testing.assert_array_equal(found["probability"], inner)
    np.testing.assert_array_equal(found["label"], inner.argmax(-1))
    assert all(values.flags["C_CONTIGUOUS"] for values in found.values())


def test_what_is_expected_is_as_large_as_the_image(tmp_path):
    config = settings(tmp_path)
    export = make_export(tmp_path / "model", config)
    inputs = {"image": np.zeros((2, 5, 6, 7, 1)), "num_samples": np.array(3)}
    asked = Asked(export=export, config=config, signature="prepared", inputs=inputs)
    expected = TASK.expected(asked)
    assert expected["label"].shape == (2, 5, 6, 7)
    assert expected["label"].bounds == (0, 2)
    assert expected["masks"].shape == (2, 3, 2, 27)  # 210 voxels in 27 bytes
    assert expected["variance"].shape == (2, 5, 6, 7, 3)
    p = np.linspace(1e-9, 1, 100_001)
    largest = (-p * np.log(p)).max()
    assert expected["entropy_terms"].bounds == (0.0, pytest.approx(largest, abs=1e-8))
    assert expected["variance"].bounds == (0.0, np.var([0, 1]))


def test_an_export_says_how_images_of_other_sizes_are_taken(tmp_path):
    words = TASK.words(make_export(tmp_path, settings(tmp_path)))
    assert (words.inputs, words.example) == ("scans", "scan.nii.gz")
    assert "smaller than the network's patch (16×16×16) are padded" in words.sizes
    assert "`probability`: rest, ball, core." in words.answers
