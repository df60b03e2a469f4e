"""Preprocessing: each step by its formula, and where the volume then lies."""

import numpy as np
import pytest

from tests.support.volumes import smooth_volume
from tfuq.config import PreprocessingConfig
from tfuq.data.preprocessing import (
    Preprocessor,
    channel_statistics,
    crop_to_mask,
    from_examples,
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
