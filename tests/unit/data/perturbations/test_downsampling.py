"""Down-sampling: coarser voxels on the same grid."""

import numpy as np

from tests.support.subjects import ellipsoid
from tfuq.data.perturbations.base import Subject
from tfuq.data.perturbations.downsampling import downsampling
from tfuq.data.volume import Volume


def test_what_is_linear_stays_away_from_the_edges():
    ramp = np.indices((24, 20, 16))[0][..., None].astype(np.float32)
    subject = Subject(Volume(ramp, np.diag([1.0, 2.0, 3.0, 1.0])))
    restored = downsampling(subject, 1.0, np.random.default_rng(0)).image
    assert restored.same_grid(subject.image)
    np.testing.assert_allclose(restored.array[4:-4], ramp[4:-4], atol=1e-3)


def test_it_takes_away_what_changes_from_voxel_to_voxel():
    array = ellipsoid().image.array
    restored = downsampling(ellipsoid(), 1.0, np.random.default_rng(0)).image.array
    assert restored[..., 1].std() < 0.5 * array[..., 1].std()


def test_an_axis_keeps_one_voxel_whatever_the_severity():
    array = ellipsoid().image.array
    restored = downsampling(ellipsoid(), 50.0, np.random.default_rng(0)).image.array
    assert restored.shape == array.shape
    np.testing.assert_allclose(np.ptp(restored, (0, 1, 2)), 0, atol=1e-5)
