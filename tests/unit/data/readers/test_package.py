"""The reader of a file is chosen by the name's ending."""

import nibabel
import numpy as np
import pytest

from tfuq.data.readers import read
from tfuq.errors import DataError


def test_other_unreadable_files_are_named(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "absent.nii")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n????")
    with pytest.raises(DataError, match="not a readable image"):
        read(tmp_path / "a.png")
    (tmp_path / "a.doc").write_bytes(b"")
    with pytest.raises(DataError, match="unknown kind of file"):
        read(tmp_path / "a.doc")
    bad = np.ones((3, 3, 3), np.float32)
    bad[0, 0, 0] = np.nan
    nibabel.save(nibabel.Nifti1Image(bad, np.eye(4)), tmp_path / "nan.nii")
    with pytest.raises(DataError, match="1 voxels are NaN or infinite"):
        read(tmp_path / "nan.nii")
