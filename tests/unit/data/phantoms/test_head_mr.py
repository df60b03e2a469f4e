"""The head phantom is what it says: a head in slices, whose probabilities are those of its raters."""

import numpy as np
import pytest

from tfuq.data.cases import read_case_image, read_case_label
from tfuq.data.layouts import list_cases
from tfuq.data.phantoms.head_mr import SHAPE, SPACING_MM, TISSUES, head_mr, write_head_mr
from tfuq.data.readers import read


@pytest.fixture(scope="module")
def head():
    return head_mr(np.random.default_rng(0), raters=40)


def test_raters_follow_the_true_probabilities(head):
    p = head.probabilities
    np.testing.assert_allclose(p.sum(-1), 1, atol=1e-5)
    for k in range(len(TISSUES)):
        share = (head.raters == k).mean(0)
        z = (share - p[..., k]) / np.sqrt(np.maximum(p[..., k] * (1 - p[..., k]), 1e-2) / 40)
        assert np.abs(z).mean() < 1
        assert abs(share.mean() - p[..., k].mean()) < 0.005


def test_slices_have_more_than_96_pixels_and_every_tissue(head):
    assert min(SHAPE[:2]) >= 96
    middle = head.raters[0][:, :, 4]
    assert set(np.unique(middle)) == {0, 1, 2, 3}
    across = np.flatnonzero(middle.any(1))
    assert np.ptp(across) > 0.7 * SHAPE[0]  # the brain fills the slice


def test_fluid_is_dark_in_t1_and_bright_in_t2(head):
    labels = head.raters[0]
    t1, t2 = np.moveaxis(head.image, -1, 0)
    medians = [[np.median(image[labels == k]) for k in (1, 2, 3)] for image in (t1, t2)]
    assert medians[0] == sorted(medians[0])
    assert medians[1] == sorted(medians[1], reverse=True)


def test_scalp_and_bone_are_background_and_not_air(head):
    beside = head.image[..., 0][head.raters[0] == 0]
    assert np.percentile(beside, 90) > 80  # scalp is bright
    assert np.percentile(beside, 10) < 10  # air is dark


def test_the_same_seed_draws_the_same_head():
    first, second = [head_mr(np.random.default_rng(3)) for _ in range(2)]
    np.testing.assert_array_equal(first.image, second.image)
    other = head_mr(np.random.default_rng(4))
    assert (first.raters[0] != other.raters[0]).mean() > 0.05


def test_files_are_in_the_layout_of_the_decathlon(tmp_path):
    write_head_mr(tmp_path, 1, 0)
    (case,) = list_cases("decathlon", tmp_path)
    image = read_case_image(case)
    expected = head_mr(np.random.default_rng([0, 1]))
    np.testing.assert_array_equal(image.array, expected.image)
    np.testing.assert_allclose(image.spacing, SPACING_MM)
    label = read_case_label(case, image, len(TISSUES), None).array
    np.testing.assert_array_equal(label, expected.raters[0])
    probabilities = read(tmp_path / "probabilities" / "head_001.nii.gz").array
    assert (probabilities.argmax(-1) == label).mean() > 0.9
