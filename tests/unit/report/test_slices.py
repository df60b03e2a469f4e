"""Slices of a case as radiologists look at them."""

import numpy as np
import pytest
from PIL import Image

from tests.support.case_arrays import case_arrays
from tests.support.score_requests import request_of
from tfuq.data.readers import read
from tfuq.data.writers import write_nifti
from tfuq.errors import DataError
from tfuq.report.slices import (
    class_colours,
    load_case,
    map_scale,
    most_informative_slice,
    other_axes,
    upright,
)
from tfuq.scoring.evaluation import cases_with_references


def test_the_slice_with_most_label_counts_reference_and_prediction():
    assert most_informative_slice(case_arrays(), 2) == 1
    nothing = np.zeros((4, 5, 6), np.uint8)
    assert most_informative_slice(case_arrays(truth=None, label=nothing), 2) == 3
    assert other_axes(1) == (0, 2)


def test_wrong_voxels_need_a_reference():
    assert case_arrays().is_wrong.sum() == 2
    with pytest.raises(DataError, match="case 'c' has no reference"):
        assert case_arrays(truth=None).is_wrong


@pytest.mark.parametrize(
    ("signs", "corner"),
    [((1, 1), (0, 0)), ((-1, 1), (2, 0)), ((1, -1), (0, 1)), ((-1, -1), (2, 1))],
)
def test_an_axial_slice_has_the_patients_left_on_the_right_and_the_front_up(signs, corner):
    """The voxel that is farthest left and back in the patient is at the bottom right."""
    plane = np.zeros((3, 2))
    plane[corner] = 1
    affine = np.diag([signs[0] * 1.0, signs[1] * 2.0, 5.0, 1.0])
    shown, aspect = upright(plane, affine, 2)
    assert shown.shape == (2, 3)
    assert np.argwhere(shown).tolist() == [[1, 2]]
    assert aspect == 2.0


def test_a_slice_whose_axes_are_swapped_is_turned():
    affine = np.zeros((4, 4))
    affine[1, 0], affine[0, 1], affine[2, 2], affine[3, 3] = 2.0, 1.0, 5.0, 1.0
    plane = np.zeros((2, 3))
    plane[0, 0] = 1
    shown, aspect = upright(plane, affine, 2)
    assert np.argwhere(shown).tolist() == [[1, 2]]
    assert (shown.shape, aspect) == ((2, 3), 2.0)


def test_scales_and_colours():
    assert map_scale("predictive_entropy", 3) == ("nat", pytest.approx(np.log(3)))
    assert map_scale("variation_ratio", 4) == ("share of samples", 0.75)
    assert map_scale("aleatoric_variance", 2) == ("1", 0.25)  # of a map, not of a landmark
    assert len({class_colours(5)(k) for k in range(5)}) == 5


def test_a_case_is_read_with_the_maps_that_there_are(scored_tasks):
    several, one = (request_of(folder) for folder in scored_tasks["segmentation"])
    case = next(iter(cases_with_references(one.manifest, one.config, None)))
    arrays = load_case(one.folder, case, one.config)
    assert list(arrays.maps) == ["predictive_entropy"]
    assert arrays.image.shape == arrays.truth.shape == arrays.label.shape == (18, 17, 15)
    assert len(load_case(several.folder, case, several.config).maps) == 5


def test_slices_are_shown_upright():
    left_back = np.array(
        [[0, 1], [2, 3]]
    )  # [x, y] of a right-anterior-superior volume: 1 is left and in front
    np.testing.assert_array_equal(upright(left_back, np.eye(4), 2)[0], [[3, 1], [2, 0]])
    swapped = np.eye(4)[[1, 0, 2, 3]]
    np.testing.assert_array_equal(upright(left_back.T, swapped, 2)[0], [[3, 1], [2, 0]])
    np.testing.assert_array_equal(
        upright(left_back[::-1], np.diag([-1, 1, 1, 1.0]), 2)[0], [[3, 1], [2, 0]]
    )
    assert upright(left_back, np.diag([1, 2, 3, 1.0]), 0)[1] == pytest.approx(3 / 2)


def test_images_are_shown_as_viewers_show_them(tmp_path):
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    volume = read(tmp_path / "a.png")
    shown, aspect = upright(volume.array[:, :, 0], volume.affine, 2)
    np.testing.assert_array_equal(shown, pixels)
    assert aspect == 1
    write_nifti(tmp_path / "b.nii.gz", volume)
    assert read(tmp_path / "b.nii.gz").same_grid(volume)
