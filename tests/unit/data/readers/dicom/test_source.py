"""The headers that objects made from a scan repeat and refer to."""

import numpy as np
import pydicom
import pytest

from tests.support.dicom import PATIENT, Scan, noise
from tfuq.data.readers import read
from tfuq.data.readers.dicom.source import read_source, require_source
from tfuq.errors import DataError

SCAN = Scan(noise())


def test_frames_are_in_the_order_of_the_files_or_of_their_frames(tmp_path):
    order = [3, 1, 0, 2, 5, 4]
    folder = SCAN.write(tmp_path / "scan", order=order)
    source = read_source(folder)
    numbers = [header.InstanceNumber for header in source.headers]
    assert numbers == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(source.frames(read(folder).array), SCAN.stored - 1024.0)
    path = SCAN.enhanced(tmp_path / "scan.dcm", order=order)
    source = read_source(path)
    assert len(source.headers) == 1
    np.testing.assert_array_equal(source.frames(read(path).array), SCAN.stored[order])


def test_headers_have_no_pixels_and_no_name(tmp_path):
    for header in read_source(SCAN.write(tmp_path)).headers:
        assert "PixelData" not in header
        assert not header.PatientName
        assert PATIENT not in str(header)
        assert header.PatientID == "P-17"


@pytest.mark.parametrize("keyword", ["FrameOfReferenceUID", "StudyInstanceUID", "SOPInstanceUID"])
def test_what_others_cannot_refer_to_is_refused(tmp_path, keyword):
    def change(file, index):
        delattr(file, keyword)
        return file

    folder = SCAN.write(tmp_path, change=change)
    for refuse in (require_source, read_source):
        with pytest.raises(DataError, match=f"has no {keyword}, which a DICOM SEG must repeat"):
            refuse(folder)


@pytest.mark.parametrize("keyword", ["PatientBirthDate", "StudyDate", "StudyTime"])
def test_a_malformed_date_is_named_and_not_quoted(tmp_path, keyword, monkeypatch):
    monkeypatch.setattr(pydicom.config.settings, "writing_validation_mode", pydicom.config.IGNORE)

    def change(file, index):
        setattr(file, keyword, "31.12.99")
        return file

    folder = SCAN.write(tmp_path, change=change)
    for refuse in (require_source, read_source):
        with pytest.raises(DataError, match=f"its {keyword} is no date or time") as refusal:
            refuse(folder)
        assert "31.12.99" not in str(refusal.value)


def test_elements_that_may_be_empty_may_be_absent(tmp_path):
    def change(file, index):
        del file.PatientName, file.PatientID, file.AccessionNumber
        file.PatientSex = "U"
        return file

    folder = SCAN.write(tmp_path, change=change)
    require_source(folder)
    header, *_ = read_source(folder).headers
    assert header.PatientID is None
    assert header.PatientSex is None


def test_frames_that_are_spread_over_files_are_refused(tmp_path):
    for name, order in (("a", [0, 1, 2]), ("b", [3, 4, 5])):
        SCAN.enhanced(tmp_path / f"{name}.dcm", order=order)
    assert read(tmp_path).shape == (9, 7, 6)
    with pytest.raises(DataError, match=r"6 frames are spread over 2 files.*leave --dicom out"):
        require_source(tmp_path)


def test_a_header_that_cannot_be_read_is_refused_without_a_quotation(tmp_path, monkeypatch):
    folder = SCAN.write(tmp_path)
    from tfuq.data.readers.dicom import source

    def fail(*arguments, **more):
        raise ValueError(PATIENT)

    monkeypatch.setattr(source.pydicom, "dcmread", fail)
    with pytest.raises(DataError, match=r"not a readable DICOM file \(ValueError\)"):
        source._header(folder / "000.dcm")
