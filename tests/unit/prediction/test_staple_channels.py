"""STAPLE's estimate in the place of the mean."""

import numpy as np
import pytest

from tfuq.measures.staple import estimate
from tfuq.prediction.staple_channels import StapleChannels
from tfuq.prediction.voxel_channels import ChannelsInMemory
from tfuq.tasks.records import VoxelStatistics

EXAMPLES, SAMPLES, CLASSES = 3, 5, 3
SHAPE = (4, 6)


@pytest.fixture
def decisions() -> np.ndarray:
    """[T, n, *S] of samples that mostly agree."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, CLASSES, (EXAMPLES, *SHAPE))
    noise = rng.integers(0, CLASSES, (SAMPLES, EXAMPLES, *SHAPE))
    return np.where(rng.random(noise.shape) < 0.2, noise, truth)


@pytest.fixture
def statistics(decisions) -> VoxelStatistics:
    rng = np.random.default_rng(1)
    by_example = decisions.reshape(SAMPLES, EXAMPLES, -1).swapaxes(0, 1)
    masks = np.stack([by_example == k for k in range(1, CLASSES)], 2)
    scalars = ["predictive_entropy", "expected_entropy", "mutual_information"]
    scalars += ["variation_ratio", "standard_deviation"]
    return VoxelStatistics(
        probability=rng.random((EXAMPLES, *SHAPE, CLASSES), np.float32),
        variance=rng.random((EXAMPLES, *SHAPE, CLASSES), np.float32),
        entropy_terms=rng.random((EXAMPLES, *SHAPE, CLASSES), np.float32),
        masks=np.packbits(masks, axis=-1, bitorder="little"),
        **{name: rng.random((EXAMPLES, *SHAPE), np.float32) for name in scalars},
    )


@pytest.mark.parametrize("slice_axis", [0, 1, 2])
def test_channels_are_those_of_the_samples_but_for_the_probability(
    decisions, statistics, slice_axis
):
    plain = ChannelsInMemory(statistics=statistics, slice_axis=slice_axis)
    channels = StapleChannels(channels=plain, classes=CLASSES, slice_axis=slice_axis)
    truth, _ = estimate(decisions.reshape(SAMPLES, -1), np.ones(EXAMPLES * 24), CLASSES)
    expected = np.moveaxis(truth.reshape(EXAMPLES, *SHAPE, CLASSES), 0, slice_axis)
    assert channels.shape == plain.shape
    assert channels.names == (*plain.names, "mean")
    for k in range(CLASSES):
        np.testing.assert_allclose(channels.channel("probability", k), expected[..., k], atol=1e-6)
        np.testing.assert_array_equal(
            channels.boxes("mean", k)[...], plain.channel("probability", k)
        )
    label = expected.argmax(-1)
    variances = np.stack([plain.channel("variance", k) for k in range(CLASSES)], -1)
    deviation = np.sqrt(np.take_along_axis(variances, label[..., None], -1)[..., 0])
    np.testing.assert_allclose(channels.channel("standard_deviation"), deviation, rtol=1e-6)
    for name in ("predictive_entropy", "variation_ratio"):
        np.testing.assert_array_equal(channels.boxes(name)[...], plain.channel(name))
