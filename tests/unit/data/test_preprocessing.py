"""Preprocessing: each step by its formula, and where the volume then lies."""

import numpy as np
import pytest

from tests.support.volumes import smooth_volume
from tfuq.config import PreprocessingConfig
from tfuq.data.preprocessing import (
    PADDING,
    Preprocessor,
    box_in_padding,
    channel_statistics,
    crop_to_mask,
    from_examples,
    pad_to,
    set_outside,
    to_examples,
    to_spacing,
    window,
    zscore,
)
from tfuq.data.volume import Volume
from tfuq.errors import DataError


def test_label_resampling_makes_no_new_values_and_spacing_is_met():
    label = Volume(
        (np.indices((20, 20, 20)).sum(0) > 30).astype(np.uint8) * 3, np.diag([1, 1, 2, 1.0])
    )
    coarse = to_spacing(label, [2.0, 2.0, 2.0], nearest=True)
    assert coarse.shape == (10, 10, 20)
    assert set(np.unique(coarse.array)) == {0, 3}
    np.testing.assert_allclose(coarse.spacing, [2, 2, 2])


def test_intensity_steps():
    volume = smooth_volume()
    assert window(volume, -0.5, 0.25).array.min() == -0.5
    normalized = zscore(volume).array
    np.testing.assert_allclose(normalized.reshape(-1, 2).mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(normalized.reshape(-1, 2).std(0), 1, atol=1e-5)
    both = [volume, volume.with_array(volume.array * 3 + 1)]
    statistics = channel_statistics(iter(both))
    stacked = np.concatenate([v.array.reshape(-1, 2) for v in both]).astype(float)
    np.testing.assert_allclose(statistics.mean, stacked.mean(0), atol=1e-6)
    np.testing.assert_allclose(statistics.std, stacked.std(0), atol=1e-6)
    np.testing.assert_allclose(
        zscore(volume, statistics).array,
        (volume.array - statistics.mean) / statistics.std,
        atol=1e-5,
    )
    with pytest.raises(DataError, match="constant after"):
        zscore(window(volume, 5, 6))


def test_crop_to_the_box_of_a_mask():
    mask = np.zeros((20, 18, 12), np.uint8)
    mask[4:9, 3:5, 6] = 1
    volume = smooth_volume()
    cropped = crop_to_mask(volume, volume.with_array(mask), margin=1)
    np.testing.assert_array_equal(cropped.array, volume.array[3:10, 2:6, 5:8])


@pytest.mark.parametrize("axis", [None, 0, 1, 2])
def test_examples_and_back(axis):
    array = np.random.default_rng(0).normal(size=(3, 4, 5, 2))
    examples = to_examples(array, axis)
    assert len(examples) == (1 if axis is None else array.shape[axis])
    np.testing.assert_array_equal(from_examples(examples, axis), array)


def test_preprocessor_pads_slices_in_their_plane_only():
    volume = smooth_volume()
    prepare = Preprocessor(PreprocessingConfig(slice_axis=1), (32, 16))
    assert prepare.image(volume).shape == (32, 18, 16)


@pytest.mark.parametrize(
    ("shape", "padded"), [((4, 5, 3), (4, 8, 6)), ((1, 1, 1), (2, 2, 2)), ((3, 3, 3), (3, 3, 3))]
)
def test_padding_is_even_and_the_volume_lies_where_it_did(shape, padded):
    volume = smooth_volume(shape)
    wide = pad_to(volume, padded, fill=7)
    box = box_in_padding(shape, padded)
    np.testing.assert_array_equal(wide.array[box], volume.array)
    assert (wide.array == 7).sum() == 2 * (np.prod(padded) - np.prod(shape))
    for side, small, large in zip(box, shape, padded, strict=True):
        assert abs((large - side.stop) - side.start) <= 1
        assert side.stop - side.start == small
    start = [side.start for side in box]
    np.testing.assert_allclose(wide.affine @ [*start, 1], volume.affine @ [0, 0, 0, 1])


def test_a_volume_that_is_larger_than_the_least_is_not_cut():
    volume = smooth_volume((6, 5, 4))
    assert pad_to(volume, (3, 8, 4)).shape == (6, 8, 4)


def test_a_margin_ends_at_the_border():
    mask = np.zeros((20, 18, 12), np.uint8)
    mask[0:2, 5, 10:12] = 1
    volume = smooth_volume()
    cropped = crop_to_mask(volume, volume.with_array(mask), margin=3)
    np.testing.assert_array_equal(cropped.array, volume.array[0:5, 2:9, 7:12])


def test_outside_of_a_mask_is_one_value():
    volume = smooth_volume()
    mask = np.random.default_rng(0).random(volume.shape) < 0.5
    changed = set_outside(volume, volume.with_array(mask.astype(np.uint8)), -5)
    np.testing.assert_array_equal(changed.array[mask], volume.array[mask])
    assert (changed.array[~mask] == -5).all()
    assert changed.array.dtype == np.float32


def test_images_of_different_channels_have_no_statistics():
    with pytest.raises(DataError, match=r"cases of 2 and of 3 channel\(s\) in one data set"):
        channel_statistics([smooth_volume(), smooth_volume(channels=3)])


def test_statistics_of_large_numbers_keep_their_spread():
    array = np.array([1e6 - 1, 1e6 + 1], np.float32).reshape(2, 1, 1, 1)
    statistics = channel_statistics([Volume(array, np.eye(4))])
    assert statistics.std == pytest.approx((1.0,), rel=1e-3)


def test_the_steps_are_crop_then_window_then_outside_then_z_score():
    volume = smooth_volume()
    mask = np.zeros(volume.shape, np.uint8)
    mask[4:9, 3:8, 2:6] = 1
    mask[5, 4, 3] = 0
    steps = {
        "crop_to_labels": [1],
        "crop_margin": 1,
        "window": [-0.5, 0.5],
        "outside_labels": -2,
        "normalization": "zscore",
    }
    prepare = Preprocessor(PreprocessingConfig(**steps), (4, 4, 4))
    box = (slice(3, 10), slice(2, 9), slice(1, 7))
    expected = np.clip(volume.array[box], -0.5, 0.5)
    expected[mask[box] == 0] = -2
    flat = expected.reshape(-1, 2)
    expected = (expected - flat.mean(0)) / flat.std(0)
    found = prepare.image(volume, volume.with_array(mask))
    np.testing.assert_allclose(found.array, expected, atol=1e-5)


def test_a_label_is_padded_with_what_is_no_class():
    label = Volume(np.ones((3, 4, 5), np.uint8), np.eye(4))
    prepare = Preprocessor(PreprocessingConfig(), (4, 4, 8))
    padded = prepare.label(label).array
    assert padded.shape == (4, 4, 8)
    assert (padded == 1).sum() == 60
    assert (padded == PADDING).sum() == 4 * 4 * 8 - 60
    assert prepare.padded_shape(label) == (4, 4, 8)
    np.testing.assert_array_equal(prepare.unpadded_label(label).array, label.array)
