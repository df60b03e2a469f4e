"""RTDOSE: every pixel where the standard says, in Gy; what is no dose of a plan is refused."""

import itertools
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from scipy.spatial.transform import Rotation

from tests.support.radiotherapy import AXIAL, FRAME, places_of_dose, write_rtdose
from tfuq.data.readers.rtdose import is_rtdose, is_whole_plan, read_rtdose
from tfuq.errors import DataError


def own_file(name):
    return Path(get_testdata_file(name))


SHAPE = (5, 4, 3)
DOSE = np.random.default_rng(0).uniform(0, 60, SHAPE)
OBLIQUE = tuple(
    Rotation.from_euler("xyz", [20, -10, 30], degrees=True).as_matrix()[:, :2].T.ravel()
)
PRONE = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
UP = (0.0, 3.0, 6.0, 9.0, 12.0)
DOWN = (0.0, -2.5, -5.0, -7.5, -10.0)


@pytest.mark.parametrize(
    ("orientation", "offsets"),
    list(itertools.product([AXIAL, PRONE, SAGITTAL, OBLIQUE], [UP, DOWN])),
)
def test_each_pixel_is_where_the_standard_says(orientation, offsets, tmp_path):
    origin, spacing = (-40.0, 15.5, 100.0), (2.0, 3.0)
    path = write_rtdose(
        tmp_path / "RD.1.2.3",
        DOSE,
        origin=origin,
        orientation=orientation,
        spacing=spacing,
        offsets=offsets,
    )
    dose = read_rtdose(path)
    assert dose.frame_of_reference == FRAME
    places = places_of_dose(origin, orientation, spacing, offsets, SHAPE)
    for plane, row, column in np.ndindex(SHAPE):
        found = dose.volume.affine @ [column, row, plane, 1]
        expected = places[plane, row, column] * [-1, -1, 1]
        np.testing.assert_allclose(found[:3], expected, atol=1e-5)
        assert dose.volume.array[column, row, plane] == pytest.approx(
            DOSE[plane, row, column], abs=1e-5
        )


@pytest.mark.parametrize("offsets", [UP, DOWN])
@pytest.mark.parametrize("orientation", [AXIAL, PRONE, (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)])
def test_absolute_offsets_are_z(orientation, offsets, tmp_path):
    absolute = [100.0 + offset for offset in offsets]
    how = {"origin": (-40.0, 15.5, 100.0), "orientation": orientation}
    dose = read_rtdose(write_rtdose(tmp_path / "a.dcm", DOSE, offsets=absolute, **how))
    for plane, z in enumerate(absolute):
        assert (dose.volume.affine @ [1, 1, plane, 1])[2] == pytest.approx(z)


def test_one_plane_has_the_thickness_that_it_says(tmp_path):
    path = write_rtdose(tmp_path / "a.dcm", DOSE[:1], SliceThickness="4")
    assert read_rtdose(path).volume.spacing.tolist() == [2, 2, 4]
    with pytest.raises(DataError, match="it has no SliceThickness"):
        read_rtdose(write_rtdose(tmp_path / "b.dcm", DOSE[:1]))


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"DoseUnits": "RELATIVE"}, "its DoseUnits are RELATIVE, and must be GY"),
        ({"DoseSummationType": "BEAM"}, "its DoseSummationType is BEAM, and must be PLAN or"),
        ({"DoseSummationType": "FRACTION"}, "export the dose of the whole plan"),
        ({"DoseType": "ERROR"}, "its DoseType is ERROR"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "but no RTDOSE"),
        ({"offsets": (0, 3, 6, 9, 15)}, "3 to 6 mm apart"),
        ({"offsets": (5, 8, 11, 14, 17)}, "begins with 5, which is neither 0 nor the z"),
        ({"offsets": (0, 3, 6)}, "GridFrameOffsetVector is not 5 numbers"),
        ({}, "it has no GridFrameOffsetVector"),
        ({"orientation": (1, 0, 0, 1, 0, 0), "offsets": UP}, "no pair of orthogonal directions"),
        ({"offsets": UP, "NumberOfFrames": 50_000}, "GridFrameOffsetVector"),
        ({"offsets": UP, "PixelData": b"\0" * 16}, "not a readable RTDOSE"),
    ],
)
def test_what_is_no_dose_of_a_plan_is_refused(elements, words, tmp_path):
    path = write_rtdose(tmp_path / "a.dcm", DOSE, **elements)
    with pytest.raises(DataError, match=words):
        read_rtdose(path)


@pytest.mark.parametrize("name", ["rtdose.dcm", "rtdose_rle.dcm", "rtdose_expb.dcm"])
def test_pydicoms_own_doses_become_doses_of_a_plan(name, tmp_path):
    """As they are, they are of one beam and relative; corrected, they are read in every encoding."""
    assert is_rtdose(own_file(name))
    with pytest.raises(DataError, match="DoseUnits are RELATIVE"):
        read_rtdose(own_file(name))
    dataset = pydicom.dcmread(own_file(name))
    expected = dataset.pixel_array * float(dataset.DoseGridScaling)
    dataset.DoseUnits = "GY"
    dataset.DoseSummationType = "PLAN"
    dataset.save_as(tmp_path / "plan.dcm")
    volume = read_rtdose(tmp_path / "plan.dcm").volume
    np.testing.assert_allclose(volume.array, expected.transpose(2, 1, 0), rtol=1e-6)
    assert volume.spacing.tolist() == [10, 10, 5]
    np.testing.assert_allclose(volume.affine[:3, 3], [-189.43125, -199.43125, -761.87])


def test_a_file_says_whether_it_is_of_the_whole_plan(tmp_path):
    assert is_whole_plan(write_rtdose(tmp_path / "a.dcm", DOSE, offsets=UP))
    beam = write_rtdose(tmp_path / "b.dcm", DOSE, offsets=UP, DoseSummationType="BEAM")
    assert not is_whole_plan(beam)
