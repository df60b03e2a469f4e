"""What the viewer is given is what tfuq reads."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from tfuq.data.volume import Volume
from tfuq.workflows.view.nifti import nifti_bytes

AFFINE = np.array([[0, -2.0, 0, 5], [-1.5, 0, 0, 7], [0, 0, 3, -9], [0, 0, 0, 1]])


def read(content):
    return nibabel.Nifti1Image.from_bytes(content)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.array([0, 255.0]), np.uint8),
        (np.array([-1024, 3071.0], np.float32), np.int16),
        (np.array([0, 40_000.0]), np.int32),
        (np.array([0, 0.5]), np.float32),
        (np.array([True, False]), np.uint8),
        (np.array([0, 60_000], np.uint16), np.int32),
    ],
)
def test_values_are_exact_in_the_smallest_type(values, kind):
    array = np.resize(values, (3, 4, 5))
    image = read(nifti_bytes(Volume(array, AFFINE)))
    assert image.get_data_dtype() == kind
    np.testing.assert_array_equal(np.asarray(image.dataobj), array)
    np.testing.assert_allclose(image.affine, AFFINE)
    np.testing.assert_allclose(image.header.get_zooms(), (1.5, 2, 3))


def test_labels_are_told_and_colours_are_kept():
    label = Volume(np.ones((2, 2, 2), np.uint8), AFFINE)
    assert read(nifti_bytes(label, is_label=True)).header.get_intent()[0] == "label"
    assert read(nifti_bytes(label)).header.get_intent()[0] == "none"
    colours = np.arange(24, dtype=np.float32).reshape(2, 4, 1, 3)
    image = read(nifti_bytes(Volume(colours, np.eye(4))))
    shown = np.asarray(image.dataobj)
    assert shown.shape == (2, 4, 1)
    for channel, name in enumerate("RGB"):
        np.testing.assert_array_equal(shown[name], colours[..., channel])
