"""Which files and folders are DICOM, told by name and content."""

from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from tests.support.dicom import Scan, noise
from tests.support.radiotherapy import write_rtstruct
from tfuq.data.readers import is_readable, stem
from tfuq.data.readers.dicom.marks import (
    RT_DOSE,
    RT_STRUCTURE_SET,
    dicom_files,
    dicom_stem,
    is_dicom,
    is_dicom_file,
    is_of_class,
    is_series_folder,
    is_structure_set,
    refuse_deeper,
)
from tfuq.errors import DataError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A series without endings, and what lies in such folders."""
    root = tmp_path_factory.mktemp("scan") / "2026.scan"
    Scan(noise((3, 4, 5))).write(root, names=["IM.1", "IM.2", "c.dcm"])
    (root / "DICOMDIR").write_bytes((root / "IM.1").read_bytes())
    (root / ".hidden.dcm").write_bytes(b"")
    (root / "README.txt").write_text("read me")
    (root / "short").write_bytes(b"DICM")
    return root


def test_files_are_told_by_their_content_and_others_are_left_out(folder):
    assert [path.name for path in dicom_files(folder)] == ["IM.1", "IM.2", "c.dcm"]
    for name, expected in (("IM.1", True), ("DICOMDIR", False), ("README.txt", False)):
        assert is_dicom_file(folder / name) is expected
        assert is_readable(folder / name) is expected
    assert not is_dicom_file(folder)


def test_a_folder_of_files_is_a_scan_of_its_whole_name(folder):
    assert is_series_folder(folder)
    assert is_dicom(folder)
    assert is_readable(folder)
    assert not is_series_folder(folder.parent)
    assert not is_readable(folder.parent)
    assert stem(folder) == "2026.scan"
    assert [stem(path) for path in dicom_files(folder)] == ["IM.1", "IM.2", "c"]


def test_series_that_lie_deeper_are_not_passed_over(tmp_path):
    Scan(noise((1, 4, 5))).write(tmp_path / "a")
    (tmp_path / "notes").mkdir()
    refuse_deeper(tmp_path, "give it")
    Scan(noise((1, 4, 5))).write(tmp_path / "b" / "study")
    with pytest.raises(DataError, match=r"files of b lie deeper, in .*b/study; give it"):
        refuse_deeper(tmp_path, "give it")
    refuse_deeper(tmp_path, "give it", has_channels=True)
    Scan(noise((1, 4, 5))).write(tmp_path / "b" / "T1" / "study")
    with pytest.raises(DataError, match=r"b: the DICOM files of T1 lie deeper, in .*T1/study"):
        refuse_deeper(tmp_path, "give it", has_channels=True)


def test_the_class_of_a_file_is_told_by_its_content(tmp_path):
    dose = tmp_path / "RD.1.2.840"
    dose.write_bytes(Path(get_testdata_file("rtdose.dcm")).read_bytes())
    assert is_of_class(dose, RT_DOSE)
    assert not is_structure_set(dose)
    assert is_structure_set(write_rtstruct(tmp_path / "RS.1.2", {"a": []}))
    (tmp_path / "text.dcm").write_text("no DICOM")
    assert not is_of_class(tmp_path / "text.dcm", RT_DOSE)
    assert not is_of_class(tmp_path, RT_DOSE)


def test_a_file_that_ends_after_its_mark_is_of_no_class(tmp_path):
    (tmp_path / "cut.dcm").write_bytes(bytes(128) + b"DICM")
    assert not is_of_class(tmp_path / "cut.dcm", RT_DOSE)
    odd = write_rtstruct(tmp_path / "odd.dcm", {"a": []})
    uid = b"UI\x1e\x00" + RT_STRUCTURE_SET.encode()
    assert uid in odd.read_bytes()
    odd.write_bytes(odd.read_bytes().replace(uid, uid.replace(b"UI", b"WI"), 1))
    assert not is_structure_set(odd), "pydicom knows no such kind of value"


@pytest.mark.parametrize(
    ("name", "name_of_case"), [("case.dcm", "case"), ("CASE.DCM", "CASE"), ("1.2.840", "1.2.840")]
)
def test_a_uid_keeps_its_end(name, name_of_case, tmp_path):
    assert dicom_stem(tmp_path / name) == name_of_case
