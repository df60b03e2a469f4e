"""A DICOM series as a volume, held against SimpleITK and the standard's formula."""

import numpy as np
import pytest
import SimpleITK

from tests.support.dicom import AXIAL, CORONAL, OBLIQUE, PATIENT, SAGITTAL, Scan, noise
from tfuq.data.orientation import orientation_of
from tfuq.data.readers import read, read_label_file, read_orientation
from tfuq.data.readers.dicom.reading import read_affine, read_dicom, read_stack
from tfuq.errors import DataError

ORDER = [3, 1, 0, 2, 5, 4]
CORNERS = [(0, 0, 0), (8, 0, 0), (0, 6, 0), (0, 0, 5), (8, 6, 5)]


def read_by_itk(folder):
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


@pytest.mark.parametrize("cosines", [AXIAL, SAGITTAL, CORONAL, OBLIQUE, [-x for x in OBLIQUE]])
def test_a_series_lies_where_its_headers_and_simpleitk_say(tmp_path, cosines):
    scan = Scan(noise(), cosines)
    folder = scan.write(tmp_path / "scan", order=ORDER)
    volume = read(folder)
    np.testing.assert_array_equal(volume.array, scan.stored.T - 1024.0)
    by_itk = read_by_itk(folder)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(by_itk).T, volume.array)
    for corner in CORNERS:
        place = (volume.affine @ (*corner, 1))[:3]
        np.testing.assert_allclose(place, scan.place(*corner), atol=1e-6)
        of_itk = np.array(by_itk.TransformIndexToPhysicalPoint(corner)) * (-1, -1, 1)
        np.testing.assert_allclose(place, of_itk, atol=1e-6)
    assert read_orientation(folder) == orientation_of(scan.affine())
    assert volume.header.codes == (1, 1)
    assert (volume.header.taken, volume.header.unit) == ("DICOM headers", "mm")
    assert volume.voxel_volume == pytest.approx(0.8 * 0.6 * 2.5)


@pytest.mark.parametrize("cosines", [AXIAL, CORONAL, OBLIQUE])
def test_a_file_of_several_frames_is_read_as_its_series(tmp_path, cosines):
    scan = Scan(noise(), cosines)
    path = scan.enhanced(tmp_path / "scan.dcm", order=ORDER)
    volume = read_dicom(path)
    np.testing.assert_array_equal(volume.array, scan.stored.T)
    np.testing.assert_allclose(volume.affine, scan.affine(), atol=1e-6)
    np.testing.assert_array_equal(read_affine(path), volume.affine)


def test_frames_of_two_echoes_are_refused(tmp_path):
    scan = Scan(noise((3, 4, 5)))
    path = scan.enhanced(tmp_path / "scan.dcm", order=[0, 1, 2, 2, 1, 0])
    with pytest.raises(DataError, match="6 slices at 3 places, frame 1 and frame 6"):
        read_stack(path)


def test_orientation_is_read_without_pixels(tmp_path):
    scan = Scan(noise((2, 4, 5)))

    def change(file, index):
        file.PixelData = b"\0\0"
        return file

    folder = scan.write(tmp_path / "scan", change=change)
    assert read_orientation(folder) == "LPS"
    with pytest.raises(DataError, match="not a readable DICOM file"):
        read(folder)


def test_a_chosen_series_is_read_alone(tmp_path):
    first, second = Scan(noise((3, 4, 5))), Scan(noise((2, 4, 5), seed=1))
    first.write(tmp_path, names=["a", "b", "c"])
    second.write(tmp_path, names=["d", "e"])
    assert read(tmp_path, series=second.series).shape == (5, 4, 2)
    assert read_orientation(tmp_path, series=first.series) == "LPS"
    with pytest.raises(DataError, match="holds 2 series") as refused:
        read(tmp_path)
    assert PATIENT not in str(refused.value)


def test_a_label_series_has_whole_numbers(tmp_path):
    scan = Scan(noise((2, 4, 5)) % 3)
    label = read_label_file(scan.write(tmp_path / "label"))
    assert label.array.dtype == np.int64
    np.testing.assert_array_equal(label.array, scan.stored.T.astype(int) - 1024)
