"""What tfuq data check says of a data set as a whole."""

import nibabel
import numpy as np
import pytest

from tests.conftest import settings, write_decathlon
from tfuq.data.checks import check_data


def test_volumes_are_in_millilitres(tmp_path):
    config = settings(write_decathlon(tmp_path))
    reports = check_data(config, on_case=lambda _: None)
    label = nibabel.load(tmp_path / "labelsTr" / "ball_000.nii.gz")
    voxel = abs(np.linalg.det(label.affine[:3, :3])) / 1000
    expected = np.bincount(np.asarray(label.dataobj).astype(int).ravel()) * voxel
    assert reports[0].class_volumes == pytest.approx(expected)
    assert reports[0].orientation == "RAS"
