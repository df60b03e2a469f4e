"""Borders that raters draw differently: their field, depth and probabilities."""

import numpy as np
import pytest
from scipy import stats

from tfuq.data.phantoms.ambiguity import (
    depth_below,
    draw_label,
    label_probabilities,
    smooth_field,
    write_truth,
)
from tfuq.data.readers import read


@pytest.mark.parametrize("sigma", [0.7, 2.0, 6.0])
def test_a_field_has_unit_variance_at_every_voxel(sigma):
    rng = np.random.default_rng(0)
    fields = np.stack([smooth_field(rng, (8, 6, 5), sigma) for _ in range(400)])
    assert np.mean(fields**2) == pytest.approx(1, abs=0.15)
    at_voxels = (fields**2).mean(0)
    assert at_voxels.min() > 0.7
    assert at_voxels.max() < 1.35


def test_probabilities_are_those_of_the_normal_distribution():
    depth = np.array([-1.0, 0.0, 0.4, 3.0]).reshape(4, 1, 1)
    found = label_probabilities(depth, [0.0, 2.0], 0.5)[:, 0, 0]
    above = stats.norm.cdf(depth[:, 0, 0, None], loc=[0.0, 2.0], scale=0.5)
    expected = np.stack([1 - above[:, 0], above[:, 0] - above[:, 1], above[:, 1]], -1)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_labels_are_drawn_with_their_probabilities():
    rng = np.random.default_rng(0)
    depth = np.linspace(-1, 3, 6 * 5 * 4).reshape(6, 5, 4)
    labels = np.stack([draw_label(rng, depth, [0.0, 2.0], 0.5) for _ in range(400)])
    expected = label_probabilities(depth, [0.0, 2.0], 0.5)
    for k in range(3):
        share = (labels == k).mean(0)
        assert np.abs(share - expected[..., k]).max() < 0.11  # 4 standard errors


def test_depth_is_measured_from_the_surface_inwards():
    rng = np.random.default_rng(0)
    centre = np.array([15.0, 15.0, 15.0])
    radii = np.array([10.0, 10.0, 10.0])
    depths = [depth_below(rng, (31, 31, 31), centre, radii, folds=3.0) for _ in range(60)]
    mean = np.mean(depths, axis=0)
    assert mean[15, 15, 15] == pytest.approx(10, abs=0.5)
    assert mean[25, 15, 15] == pytest.approx(0, abs=0.5)
    assert mean[15, 0, 15] == pytest.approx(-5, abs=0.5)


def test_the_truth_lies_beside_the_official_files(tmp_path):
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    probabilities = np.random.default_rng(0).random((4, 3, 2, 2)).astype(np.float32)
    labels = np.stack([np.full((4, 3, 2), k, np.uint8) for k in (0, 1)])
    write_truth(tmp_path, "a", probabilities, labels, affine)
    for number, label in enumerate(labels, start=1):
        path = tmp_path / "raters" / f"rater-0{number}" / "a.nii.gz"
        np.testing.assert_array_equal(read(path).array, label)
    written = read(tmp_path / "probabilities" / "a.nii.gz").array
    np.testing.assert_array_equal(written, probabilities)
