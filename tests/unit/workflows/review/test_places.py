"""The most uncertain place of a structure."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from tfuq.data.volume import Volume
from tfuq.workflows.review.places import uncertain_place

SHAPE = (20, 24, 28)
AFFINE = np.array([[-2.0, 0, 0, 30], [0, 1.5, 0, -10], [0, 0, 1, 5], [0, 0, 0, 1]])  # LAS


def blob(voxel, affine=AFFINE):
    array = np.zeros(SHAPE, np.float32)
    array[tuple(slice(index - 1, index + 2) for index in voxel)] = 1
    return Volume(array, affine)


def box():
    mask = np.zeros(SHAPE, bool)
    mask[5:15, 6:18, 7:21] = True
    return mask


@pytest.mark.parametrize(
    ("voxel", "words"),
    [
        ((6, 12, 14), "right end"),  # the first axis runs to the left
        ((13, 12, 14), "left end"),
        ((10, 7, 14), "back end"),
        ((10, 16, 14), "front end"),
        ((10, 12, 8), "lower end"),
        ((10, 12, 20), "upper end"),
        ((10, 12, 14), "middle"),
    ],
)
def test_where_it_is(voxel, words):
    found = uncertain_place(blob(voxel), box())
    assert found.voxel == voxel
    assert found.mm == pytest.approx(nibabel.affines.apply_affine(AFFINE, voxel).tolist())
    assert found.words == words


def test_what_lies_outside_the_structure_does_not_count():
    volume = blob((10, 12, 8))
    volume.array[0, 0, 0] = 100
    assert uncertain_place(volume, box()).voxel == (10, 12, 8)


def test_of_a_structure_that_is_absent_the_image_is_searched():
    assert uncertain_place(blob((2, 3, 4)), np.zeros(SHAPE, bool)).voxel == (2, 3, 4)


def test_rows_of_a_picture_run_down():
    volume = Volume(np.zeros((30, 40, 1), np.float32), np.eye(4))
    volume.array[27:30, 19:22, 0] = 1
    found = uncertain_place(volume, np.zeros((30, 40, 1), bool), is_picture=True)
    assert (found.voxel, found.words) == ((28, 20, 0), "lower end")


def test_a_structure_at_the_edge():
    mask = np.zeros(SHAPE, bool)
    mask[0, 0, 0] = True
    assert uncertain_place(blob((1, 1, 1)), mask).voxel <= (1, 1, 1)
