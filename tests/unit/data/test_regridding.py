"""Maps brought from one grid onto another, one at a time."""

import numpy as np
import pytest

from tests.support.whole_maps import whole_onto_grid
from tfuq.data import regridding
from tfuq.data.regridding import Regridding, onto_grid
from tfuq.data.volume import Volume

SHEARED = np.array([[0.4, 0.1, 0, -2], [0, 0, 0.9, 1], [0, -1.2, 0.2, 6], [0, 0, 0, 1]])
REFERENCES = {
    "whole voxels": Volume(np.zeros((3, 9, 4)), np.eye(4) + 2 * np.eye(4, k=3)),
    "sheared": Volume(np.zeros((9, 6, 7)), SHEARED),
    "within": Volume(np.zeros((9, 6, 5)), np.diag([0.5, 0.5, 0.5, 1.0])),
}


@pytest.mark.parametrize("nearest", [False, True])
@pytest.mark.parametrize("slab", [1, 2**20])
@pytest.mark.parametrize("reference", REFERENCES.values(), ids=REFERENCES)
def test_maps_have_the_bytes_of_all_channels_together(reference, slab, nearest, monkeypatch):
    monkeypatch.setattr(regridding, "_SLAB", slab)
    array = np.random.default_rng(0).random((6, 5, 4, 3), np.float32)
    source = Volume(array, np.eye(4))
    fill = np.array([1, 0, 0.5], np.float32)
    expected = whole_onto_grid(source, reference, fill, nearest).array
    way = Regridding(source, reference)
    for k in range(3):
        brought = way.bring(array[..., k], fill=float(fill[k]), nearest=nearest)
        assert (brought.dtype, brought.tobytes()) == (np.float32, expected[..., k].tobytes())
    together = onto_grid(source, reference, fill=fill, nearest=nearest).array
    assert together.tobytes() == expected.tobytes()


def test_a_label_keeps_its_data_type():
    label = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    brought = onto_grid(Volume(label, np.eye(4)), REFERENCES["within"], fill=9, nearest=True)
    assert (brought.array.dtype, brought.array[0, 0, 0], brought.array[8, 5, 4]) == (np.uint8, 0, 9)
