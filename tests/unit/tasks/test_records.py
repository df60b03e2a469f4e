"""Records of samples: made of what a graph returns, joined, taken apart and cropped."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfuq.errors import RunError
from tfuq.measures.catalogue import maps_of
from tfuq.tasks.records import (
    ClassStatistics,
    LandmarkStatistics,
    VoxelStatistics,
    gathered,
)

MAPS = maps_of(2)
RNG = np.random.default_rng(0)


def of_images(count, **more):
    """What a graph returns of images of three classes."""
    arrays = {name: RNG.random(count, np.float32) for name in MAPS}
    probability = RNG.dirichlet(np.ones(3), count).astype(np.float32)
    return {"probability": probability, "votes": probability, **arrays, **more}


def of_volumes(count, size, **more):
    """What a graph returns of volumes of two classes and four samples; and the masks as they are."""
    arrays = {name: RNG.random((count, *size), np.float32) for name in MAPS}
    of_classes = RNG.random((count, *size, 2), np.float32)
    masks = RNG.random((count, 4, 1, *size)) < 0.5
    packed = np.packbits(masks.reshape(count, 4, 1, -1), axis=-1, bitorder="little")
    arrays |= {"probability": of_classes, "entropy_terms": of_classes, "masks": packed}
    return arrays | more, masks


def test_a_record_has_the_arrays_of_the_graph_to_the_bit():
    arrays = of_images(4)
    record = ClassStatistics.of({name: tf.constant(values) for name, values in arrays.items()})
    for name, values in arrays.items():
        assert getattr(record, name).tobytes() == values.tobytes()
    assert record.arrays().keys() == arrays.keys()
    assert record.uncalibrated is None


def test_a_name_that_is_no_field_is_refused():
    with pytest.raises(RunError, match="with 'loudness', unlike ClassStatistics"):
        ClassStatistics.of(of_images(2, loudness=np.zeros(2)))


def test_a_statistic_that_every_prediction_has_must_be_there():
    arrays = of_images(2)
    del arrays["votes"]
    with pytest.raises(RunError, match="without 'votes', unlike ClassStatistics"):
        ClassStatistics.of(arrays)


def test_what_is_not_gathered_is_refused_where_it_is_needed():
    record = ClassStatistics.of(of_images(2))
    with pytest.raises(RunError, match="without 'picked'"):
        gathered(record.picked, "picked")
    assert gathered(record.votes, "votes") is record.votes


def test_batches_are_joined_and_examples_taken_out():
    first = of_images(3, members=RNG.random((3, 2, 3)))
    second = of_images(2, members=RNG.random((2, 2, 3)))
    record = ClassStatistics.joined([ClassStatistics.of(first), ClassStatistics.of(second)])
    for name in first:
        joined = np.concatenate([first[name], second[name]])
        np.testing.assert_array_equal(getattr(record, name), joined)
        np.testing.assert_array_equal(getattr(record.example(3), name), second[name][0])
    assert record.example(0).uncalibrated is None


def test_measures_are_taken_by_name():
    record = ClassStatistics.of(of_images(3))
    measures = record.maps(("variation_ratio", "predictive_entropy"))
    assert list(measures) == ["variation_ratio", "predictive_entropy"]
    assert measures["variation_ratio"] is record.variation_ratio


def test_a_record_does_not_change():
    record = ClassStatistics.of(of_images(1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.votes = record.probability


def test_a_crop_is_that_of_every_array():
    size = (5, 4, 6)
    box = (slice(1, 4), slice(0, 3), slice(2, 6))
    members = RNG.random((2, 3, *size, 2))
    picked = RNG.random((2, 4, 7, 2))
    arrays, masks = of_volumes(
        2, size, members=members, picked=picked, variance=RNG.random((2, *size, 2))
    )
    cropped = VoxelStatistics.of(arrays).cropped(size, box)
    in_box = masks[(slice(None), slice(None), slice(None), *box)]
    packed = np.packbits(in_box.reshape(2, 4, 1, -1), axis=-1, bitorder="little")
    np.testing.assert_array_equal(cropped.masks, packed)
    np.testing.assert_array_equal(cropped.members, members[:, :, 1:4, 0:3, 2:6])
    np.testing.assert_array_equal(cropped.picked, picked)
    for name in (*MAPS, "probability", "entropy_terms", "variance"):
        np.testing.assert_array_equal(getattr(cropped, name), arrays[name][:, 1:4, 0:3, 2:6])


def test_the_spread_of_distributions_is_their_deviation():
    record = ClassStatistics.of(of_images(3))
    assert record.spread is record.standard_deviation


def test_the_spread_of_landmarks_is_their_range():
    landmarks = np.zeros((2, 3, 5, 3))
    landmarks[1, 2, 4, 0] = 0.5
    spread = LandmarkStatistics(landmarks=landmarks).spread
    assert spread.shape == (2, 5, 3)
    assert spread[1, 4, 0] == 0.5
    assert np.count_nonzero(spread) == 1
