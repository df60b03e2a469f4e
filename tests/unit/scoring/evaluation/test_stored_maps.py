"""Maps are read where they fit their label."""

import numpy as np
import pytest

from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti
from tfuq.errors import DataError
from tfuq.scoring.evaluation.stored_maps import StoredProbability, open_map, read_map

LABEL = Volume(np.zeros((2, 3, 4), np.uint8), np.eye(4))


@pytest.mark.parametrize(
    ("array", "affine"),
    [
        pytest.param(np.full((2, 3, 4), 1.01), np.eye(4), id="above"),
        pytest.param(np.full((2, 3, 4), -0.1), np.eye(4), id="below"),
        pytest.param(np.zeros((2, 3, 3)), np.eye(4), id="shape"),
        pytest.param(np.zeros((2, 3, 4, 2)), np.eye(4), id="channels"),
        pytest.param(np.zeros((2, 3, 4)), np.diag([2.0, 1, 1, 1]), id="affine"),
    ],
)
def test_a_map_that_does_not_fit_its_label_is_refused(array, affine, tmp_path):
    write_nifti(tmp_path / "map.nii.gz", Volume(array.astype(np.float32), affine))
    with pytest.raises(
        DataError, match=r"map.nii.gz: (is not on the grid of its label, or has|has values beyond)"
    ):
        read_map(tmp_path / "map.nii.gz", LABEL, 1.0)


def test_probabilities_come_class_by_class_and_are_checked(tmp_path):
    p = np.random.default_rng(0).random((2, 3, 4, 2), np.float32)
    path = tmp_path / "probability.nii.gz"
    write_nifti(path, LABEL.with_array(p))
    stored = StoredProbability(file=open_map(path, LABEL, (2,)))
    assert stored.shape == p.shape
    for block, expected in zip(stored.blocks(), np.moveaxis(p, -1, 0), strict=True):
        np.testing.assert_array_equal(block.values, expected.ravel(order="F"))
    p[1, 2, 3, 1] = 1.1
    write_nifti(path, LABEL.with_array(p))
    with pytest.raises(DataError, match="has values beyond 0 to 1"):
        list(StoredProbability(file=open_map(path, LABEL, (2,))).blocks())
