"""RTSTRUCT: contours in mm by the name of their ROI."""

import numpy as np
import pytest

from tests.support.radiotherapy import FRAME, ring, write_rtdose, write_rtstruct
from tfuq.data.readers.rtstruct import read_structure_set
from tfuq.errors import DataError

SQUARE = np.array([[0, 0, 5], [10, 0, 5], [10, 20, 5], [0, 20, 5.0]])


def test_contours_are_in_the_coordinates_of_nibabel(tmp_path):
    path = write_rtstruct(tmp_path / "RS.1.2", {"GTV-1": [SQUARE, SQUARE + 5], " lung ": []})
    tumour, lung = read_structure_set(path)
    assert (tumour.name, lung.name) == ("GTV-1", "lung")
    assert tumour.frame_of_reference == FRAME
    np.testing.assert_allclose(tumour.contours[1], SQUARE + 5)
    assert lung.contours == ()
    assert (tumour.without_area, lung.without_area) == (0, 0)


@pytest.mark.parametrize("kind", ["POINT", "OPEN_PLANAR", "OPEN_NONPLANAR"])
def test_what_has_no_area_is_counted(kind, tmp_path):
    path = write_rtstruct(tmp_path / "a.dcm", {"marker": [SQUARE]}, kind=kind)
    (roi,) = read_structure_set(path)
    assert (roi.contours, roi.without_area) == ((), 1)


def test_a_contour_of_two_points_has_no_area(tmp_path):
    (roi,) = read_structure_set(write_rtstruct(tmp_path / "a.dcm", {"a": [SQUARE[:2], SQUARE]}))
    assert (len(roi.contours), roi.without_area) == (1, 1)


def test_a_file_that_was_replaced_is_read_again(tmp_path):
    path = write_rtstruct(tmp_path / "a.dcm", {"a": [SQUARE]})
    assert read_structure_set(path)[0].name == "a"
    write_rtstruct(path, {"another": [SQUARE, SQUARE]})
    assert read_structure_set(path)[0].name == "another"


def test_what_is_no_structure_set_is_refused(tmp_path):
    dose = write_rtdose(tmp_path / "a.dcm", np.ones((1, 2, 2)), SliceThickness="1")
    with pytest.raises(DataError, match="no RTSTRUCT"):
        read_structure_set(dose)
    with pytest.raises(DataError, match="it has no region of interest"):
        read_structure_set(write_rtstruct(tmp_path / "b.dcm", {}))
    odd = write_rtstruct(tmp_path / "c.dcm", {"a": [ring((3, 3), 2, 1, np.eye(4))[:, :2]]})
    with pytest.raises(DataError, match="not a readable RTSTRUCT"):
        read_structure_set(odd)
