"""Stored numbers of compressed and other files, and slopes slice by slice."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.data import get_testdata_file
from pydicom.uid import MPEG2MPHLF, HTJ2KLossless

from tests.support.dicom import CT, MR, PET, Scan, noise
from tfuq.data.readers.dicom.pixels import read_voxels, stored_frames
from tfuq.data.readers.dicom.reading import read_stack
from tfuq.errors import DataError


def sample(name):
    """A file that comes with pydicom."""
    return Path(get_testdata_file(name, download=False))


@pytest.mark.parametrize(
    "kind", ["RLE", "jp2klossless", "jpeg_ls_lossless", "bigendian", "implicit", "padded"]
)
def test_files_of_every_transfer_syntax_hold_the_same_numbers(kind):
    expected = pydicom.dcmread(sample("MR_small.dcm")).pixel_array
    np.testing.assert_array_equal(stored_frames(sample(f"MR_small_{kind}.dcm"))[0], expected)


def test_compressed_frames_and_lossy_files_are_those_of_other_decoders():
    expected = pydicom.dcmread(sample("rtdose.dcm")).pixel_array
    np.testing.assert_array_equal(stored_frames(sample("rtdose_rle.dcm")), expected)
    by_itk = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(sample("JPGExtended.dcm")))
    np.testing.assert_array_equal(stored_frames(sample("JPGExtended.dcm")), by_itk)


@pytest.mark.parametrize("sop_class", [CT, MR, PET])
def test_each_slice_has_its_own_slope_and_intercept(tmp_path, sop_class):
    scan = Scan(noise((5, 4, 6)))

    def change(file, index):
        file.RescaleSlope = 0.25 + index
        file.RescaleIntercept = -3 * index
        return file

    stack = read_stack(scan.write(tmp_path, sop_class=sop_class, change=change))
    numbers = np.arange(5)[:, None, None]
    expected = scan.stored * (0.25 + numbers) - 3 * numbers
    np.testing.assert_allclose(read_voxels(stack, is_label=False), expected.T, rtol=1e-6)


def test_labels_keep_numbers_that_float32_has_not(tmp_path):
    scan = Scan(2**24 + noise((2, 4, 6), np.uint32), spacing=(1, 1))
    stack = read_stack(scan.write(tmp_path, sop_class=MR))
    label = read_voxels(stack, is_label=True)
    assert label.dtype == np.int64
    np.testing.assert_array_equal(label, scan.stored.T)


@pytest.mark.parametrize("syntax", [HTJ2KLossless, MPEG2MPHLF])
def test_what_cannot_be_expanded_is_refused_with_what_to_install(tmp_path, syntax):
    scan = Scan(noise((1, 4, 6)))

    def change(file, index):
        file.file_meta.TransferSyntaxUID = syntax
        file.PixelData = pydicom.encaps.encapsulate([b"\0" * 16])
        return file

    scan.write(tmp_path, change=change)
    with pytest.raises(DataError, match=r"is compressed as .*pip install pylibjpeg.*gdcmconv"):
        stored_frames(tmp_path / "000.dcm")


@pytest.mark.parametrize("name", ["MR_truncated.dcm", "test-SR.dcm"])
def test_files_without_their_pixels_are_refused(name):
    with pytest.raises(DataError, match="not a readable DICOM file"):
        stored_frames(sample(name))


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("MR_small_RLE.dcm", {"Rows": 60000, "Columns": 60000}, "claim to hold 7200000000 bytes"),
        ("MR_small_jp2klossless.dcm", {"Rows": 65}, "of another size than its header says"),
        ("MR_small_jpeg_ls_lossless.dcm", {"Columns": 63}, "of another size than its header says"),
    ],
)
def test_compressed_pixels_that_claim_too_much_are_refused(tmp_path, name, changes, words):
    file = pydicom.dcmread(sample(name))
    for keyword, value in changes.items():
        setattr(file, keyword, value)
    file.save_as(tmp_path / "a.dcm")
    with pytest.raises(DataError, match=words):
        stored_frames(tmp_path / "a.dcm")
