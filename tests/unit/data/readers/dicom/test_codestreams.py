"""The size in a compressed frame, before it is expanded."""

import io

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames

from tfuq.data.readers.dicom.codestreams import size_in_codestream


@pytest.mark.parametrize(
    "name", ["MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "JPGExtended.dcm"]
)
def test_codestreams_say_how_large_they_are(name):
    image = pydicom.dcmread(get_testdata_file(name, download=False))
    (frame,) = generate_frames(image.PixelData, number_of_frames=1)
    assert size_in_codestream(frame) == (image.Rows, image.Columns)
    with pytest.raises(ValueError, match="end early"):
        size_in_codestream(frame[:4])


def test_a_progressive_jpeg_has_tables_before_its_size():
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((6, 9), np.uint8)).save(buffer, "JPEG", progressive=True)
    assert size_in_codestream(buffer.getvalue()) == (6, 9)


def test_other_compression_says_nothing_and_damage_is_refused():
    assert size_in_codestream(bytes(64)) is None
    with pytest.raises(ValueError, match="damaged"):
        size_in_codestream(b"\xff\xd8" + bytes(8))
