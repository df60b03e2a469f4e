"""Headers, the series that files belong to, and what is no scan."""

from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

from tests.support.dicom import PATIENT, Scan, noise
from tfuq.data.readers.dicom.headers import (
    all_series,
    chosen_series,
    image_headers,
    read_header,
)
from tfuq.errors import DataError

SEG = "1.2.840.10008.5.1.4.1.1.66.4"


def sample(name):
    """A file that comes with pydicom."""
    return Path(get_testdata_file(name, download=False))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """A folder of two series, with a segmentation and a report beside."""
    folder = tmp_path_factory.mktemp("mixed")
    scan, other = Scan(noise((3, 4, 5))), Scan(noise((2, 4, 5)))
    scan.write(folder, names=["a", "b", "c"])

    def localizer(file, index):
        file.SeriesDescription = "localizer"
        return file

    other.write(folder, names=["d", "e"], change=localizer)

    def as_seg(file, index):
        file.SOPClassUID = file.file_meta.MediaStorageSOPClassUID = SEG
        file.SeriesInstanceUID = generate_uid()
        return file if index == 0 else None

    scan.write(folder, names=["seg", "-", "-"], change=as_seg)
    (folder / "report.dcm").write_bytes(sample("test-SR.dcm").read_bytes())
    return folder, scan, other


def test_a_folder_holds_series_and_what_is_no_image_is_left_out(mixed):
    folder, scan, other = mixed
    counts = {series.uid: len(series.headers) for series in all_series(folder)}
    assert counts == {scan.series: 3, other.series: 2}


def test_several_series_are_listed_and_one_can_be_chosen(mixed):
    folder, scan, other = mixed
    with pytest.raises(DataError, match="holds 2 series") as refused:
        chosen_series(folder)
    for word in (scan.series, other.series, "localizer", "3 file(s)", "--series UID"):
        assert word in str(refused.value)
    assert len(chosen_series(folder, other.series).headers) == 2
    with pytest.raises(DataError, match=r"has no series 1\.2\.3; it has .*localizer"):
        chosen_series(folder, "1.2.3")


def test_a_header_holds_nothing_of_the_patient(mixed):
    folder, *_ = mixed
    header = read_header(folder / "a")
    assert "PatientName" not in header.values
    assert PATIENT not in str(header.values)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("liver_1frame.dcm", "is no scan but a DICOM SEG"),
        ("rtdose.dcm", "is no scan but an RTDOSE"),
        ("test-SR.dcm", "is no scan but DICOM without an image"),
        ("image_dfl.dcm", "is a deflated DICOM file; expand it"),
        ("no_meta.dcm", "not a readable DICOM file"),
    ],
)
def test_what_is_no_scan_is_refused_by_what_it_is(name, words):
    with pytest.raises(DataError, match=words):
        image_headers(sample(name))


def test_a_missing_file_and_damaged_numbers_are_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_header(tmp_path / "a.dcm")
    scan = Scan(noise((1, 4, 5)))

    def negative(file, index):
        file.NumberOfFrames = -1
        return file

    scan.write(tmp_path, change=negative)
    with pytest.raises(DataError, match="NumberOfFrames is no number above 0"):
        _ = read_header(tmp_path / "000.dcm").frames
