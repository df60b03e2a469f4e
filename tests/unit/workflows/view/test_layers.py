"""Layers are the same in memory and in files."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from tests.support.data_files import write_nifti_file
from tfuq.data.readers import read
from tfuq.data.volume import Volume
from tfuq.workflows.view.layers import HeldLayer, layer_of_channel, step_of

AFFINE = np.array([[0, -2.0, 0, 5], [-1.5, 0, 0, 7], [0, 0, 3, -9], [0, 0, 0, 1]])
CHANNELS = np.random.default_rng(0).integers(-1000, 1000, (5, 6, 7, 2)).astype(np.int16)


@pytest.fixture
def paths(tmp_path):
    """Three files of one, two and one channels."""
    named = {"a.nii.gz": CHANNELS[..., 0], "b.nii.gz": CHANNELS, "c.nii": CHANNELS[..., 1]}
    return [write_nifti_file(tmp_path / name, array, AFFINE) for name, array in named.items()]


def test_every_second_voxel_stays_in_its_place(paths):
    held = HeldLayer(read(paths[0]))
    for layer in (layer_of_channel(paths, 0), held):
        fewer = layer.every(2)
        assert fewer.array.shape == (3, 3, 4)
        for index in np.ndindex(3, 3, 4):
            full = tuple(2 * place for place in index)
            assert fewer.array[index] == CHANNELS[(*full, 0)]
            np.testing.assert_allclose(
                nibabel.affines.apply_affine(fewer.affine, index),
                nibabel.affines.apply_affine(AFFINE, full),
            )


def test_channels_of_files_follow_each_other(paths):
    for number, expected in enumerate((0, 0, 1, 1)):
        layer = layer_of_channel(paths, number)
        np.testing.assert_array_equal(layer.every(1).array, CHANNELS[..., expected])
    assert layer_of_channel(paths, 4) is None


def test_whole_numbers_stay_whole(paths):
    assert layer_of_channel(paths, 0).every(1).array.dtype == np.int16


def test_other_files_are_not_read_in_parts(tmp_path, paths):
    colours = np.zeros((2, 3, 4), [(name, "u1") for name in "RGB"])
    path = write_nifti_file(tmp_path / "colours.nii.gz", colours, AFFINE)
    assert layer_of_channel([path], 0) is None
    assert layer_of_channel([tmp_path / "scan.nrrd", *paths], 0) is None


def test_the_step_leaves_as_many_as_are_wanted():
    assert step_of((10, 10, 10), 0) == 1
    assert step_of((10, 10, 10), 1000) == 1
    assert step_of((10, 10, 10), 999) == 2
    assert step_of((10, 10, 10), 124) == 3
    assert step_of((512, 512, 400), 4_000_000) == 3
    assert step_of((9, 9, 1), 25) == 2  # one slice stays
    held = HeldLayer(Volume(np.zeros((9, 9, 1), np.uint8), np.eye(4)))
    assert held.every(2).array.shape == (5, 5, 1)
