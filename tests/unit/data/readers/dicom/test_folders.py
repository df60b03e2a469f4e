"""Which scans a folder with DICOM files holds."""

import pytest

from tests.support.dicom import Scan, noise
from tfuq.data.readers.dicom.folders import scans_in
from tfuq.errors import DataError


def test_a_folder_of_slices_is_one_scan(tmp_path):
    Scan(noise((3, 4, 5))).write(tmp_path)
    assert scans_in(tmp_path) == [tmp_path]
    with pytest.raises(DataError, match=r"holds a DICOM series and, beside it, b\.nii"):
        scans_in(tmp_path, [tmp_path / "b.nii"])


def test_files_of_several_frames_are_scans_of_their_own(tmp_path):
    paths = [Scan(noise((3, 4, 5))).enhanced(tmp_path / f"{name}.dcm") for name in "ab"]
    other = tmp_path / "c.nii"
    assert scans_in(tmp_path) == paths
    assert scans_in(tmp_path, [other]) == [*paths, other]
    paths[1].unlink()
    assert scans_in(tmp_path, [other]) == [paths[0], other]
    assert scans_in(tmp_path) == [tmp_path]
