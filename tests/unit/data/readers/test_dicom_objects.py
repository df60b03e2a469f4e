"""DICOM files told by their content."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from tests.support.radiotherapy import FRAME, ring, write_rtstruct
from tfuq.data.readers.dicom_objects import (
    frame_of_reference,
    is_dicom,
    numbers,
    opened,
    required,
)
from tfuq.errors import DataError


def test_a_file_is_told_by_its_content(tmp_path):
    dose = tmp_path / "RD.1.2.840"
    dose.write_bytes(Path(get_testdata_file("rtdose.dcm")).read_bytes())
    assert is_dicom(dose)
    text = tmp_path / "text.dcm"
    text.write_text("no DICOM")
    assert not is_dicom(text)
    assert not is_dicom(tmp_path)


def test_a_file_that_ends_after_its_mark_has_no_frame_of_reference(tmp_path):
    (tmp_path / "cut.dcm").write_bytes(bytes(128) + b"DICM")
    assert frame_of_reference(tmp_path / "cut.dcm") is None


def test_the_frame_of_reference_of_a_file_and_of_a_series(tmp_path):
    ct = Path(get_testdata_file("CT_small.dcm"))
    expected = pydicom.dcmread(ct).FrameOfReferenceUID
    (tmp_path / "b.dcm").write_bytes(ct.read_bytes())
    (tmp_path / "a.txt").write_text("notes")
    assert frame_of_reference(tmp_path) == frame_of_reference(tmp_path / "b.dcm") == expected
    assert frame_of_reference(tmp_path / "a.txt") is None
    structures = write_rtstruct(tmp_path / "RS", {"a": []}, frame=FRAME)
    assert frame_of_reference(structures) == FRAME


def test_numbers_and_what_is_missing(tmp_path):
    path = write_rtstruct(tmp_path / "s.dcm", {"a": [ring((3, 4), 2, 1, np.eye(4))]})
    with opened(path, "RTSTRUCT") as dataset:
        contour = dataset.ROIContourSequence[0].ContourSequence[0]
        expected = [
            float(number)
            for number in pydicom.dcmread(path).ROIContourSequence[0].ContourSequence[0].ContourData
        ]
        assert numbers(contour, "ContourData").tolist() == expected
        assert numbers(contour, "ContourData").tolist() == expected, "decoded meanwhile"
        with pytest.raises(ValueError, match="is not 3 numbers"):
            numbers(contour, "ContourData", 3)
        with pytest.raises(ValueError, match="it has no DoseGridScaling"):
            numbers(dataset, "DoseGridScaling")
        with pytest.raises(ValueError, match="it has no DoseUnits"):
            required(dataset, "DoseUnits")


def test_damage_becomes_one_line(tmp_path):
    (tmp_path / "cut.dcm").write_bytes(Path(get_testdata_file("rtdose.dcm")).read_bytes()[:700])
    with (
        pytest.raises(DataError, match="not a readable RTDOSE"),
        opened(tmp_path / "cut.dcm", "RTDOSE") as dataset,
    ):
        numbers(dataset, "DoseGridScaling")
    with (
        pytest.raises(DataError, match=r"not a readable RTDOSE .*export it again"),
        opened(tmp_path / "none.dcm", "RTDOSE"),
    ):
        pass
