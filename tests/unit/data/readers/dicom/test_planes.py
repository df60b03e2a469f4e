"""Slices of files, single and of several frames, and headers that do not place them."""

import numpy as np
import pytest

from tests.support.dicom import AXIAL, Scan, noise
from tfuq.data.readers.dicom.headers import read_header
from tfuq.data.readers.dicom.planes import planes_of
from tfuq.errors import DataError

SCAN = Scan(noise((3, 4, 5)), AXIAL, spacing=(0.8, 0.6), step=2.5)


def planes(path):
    return planes_of(read_header(path))


def test_a_file_of_one_image_is_one_slice(tmp_path):
    SCAN.write(tmp_path)
    (plane,) = planes(tmp_path / "001.dcm")
    assert (plane.name, plane.shape, plane.frame) == ("image 2", (4, 5), 0)
    np.testing.assert_allclose(plane.spacing, [0.8, 0.6])
    np.testing.assert_allclose(plane.directions, [[1, 0, 0], [0, 1, 0]])
    np.testing.assert_allclose(plane.position, [-20, -30, 42.5])
    assert (plane.slope, plane.intercept, plane.thickness) == (1, -1024, 2.5)


def test_a_file_of_several_frames_says_it_of_each_or_of_all(tmp_path):
    def change(file):
        last = file.PerFrameFunctionalGroupsSequence[2]
        last.PixelValueTransformationSequence[0].RescaleSlope = 3

    found = planes(SCAN.enhanced(tmp_path / "a.dcm", order=[2, 0, 1], change=change))
    assert [plane.name for plane in found] == ["frame 1", "frame 2", "frame 3"]
    assert [float(plane.position[2]) for plane in found] == [45, 40, 42.5]
    assert [plane.slope for plane in found] == [1, 1, 3]
    assert {tuple(plane.spacing) for plane in found} == {(0.8, 0.6)}


def without(keyword):
    return lambda file: delattr(file, keyword)


def with_value(keyword, value):
    return lambda file: setattr(file, keyword, value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("ImagePositionPatient"), "image 1 has no ImagePositionPatient of 3 numbers"),
        (without("ImageOrientationPatient"), "image 1 has no ImageOrientationPatient"),
        (without("PixelSpacing"), "image 1 has no PixelSpacing of 2 numbers"),
        (with_value("PixelSpacing", [0.8, 0]), "must be above 0"),
        (with_value("ImageOrientationPatient", [1, 0, 0, 1, 0, 0]), "no pair of perpendicular"),
        (with_value("PhotometricInterpretation", "RGB"), "is a colour image"),
        (with_value("PhotometricInterpretation", "PALETTE COLOR"), "is a colour image"),
        (with_value("NumberOfFrames", 2), "does not say where each lies"),
        (with_value("Rows", 0), "has 0 rows and 5 columns"),
        (with_value("RescaleSlope", [2, 3]), "the RescaleSlope of image 1 is no single number"),
    ],
)
def test_a_slice_without_a_known_place_is_refused(tmp_path, change, words):
    def changed(file, index):
        change(file)
        return file

    SCAN.write(tmp_path, change=changed)
    with pytest.raises(DataError, match=words):
        planes(tmp_path / "000.dcm")


def test_frames_must_all_be_described(tmp_path):
    def change(file):
        del file.PerFrameFunctionalGroupsSequence[2]

    with pytest.raises(DataError, match="describes 2 of its 3 frames"):
        planes(SCAN.enhanced(tmp_path / "a.dcm", change=change))
