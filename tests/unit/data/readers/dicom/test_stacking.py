"""Slices as one volume: their order and grid, and what is no straight, even stack."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.dicom import AXIAL, CORONAL, OBLIQUE, SAGITTAL, Scan, noise
from tfuq.data.readers.dicom.planes import Plane
from tfuq.data.readers.dicom.stacking import stacked
from tfuq.errors import DataError

SOURCE = Path("scan")


def plane(scan, index, **changes):
    made = Plane(
        path=Path(f"{index}.dcm"),
        frame=0,
        name=f"image {index + 1}",
        instance=f"1.2.{index}",
        shape=scan.stored.shape[1:],
        spacing=np.array(scan.spacing),
        directions=scan.cosines.reshape(2, 3),
        position=scan.position(index),
        slope=1.0,
        intercept=0.0,
        thickness=scan.step,
        kinds={},
    )
    return replace(made, **changes)


def planes(scan, count=8):
    return [plane(scan, index) for index in range(count)]


@pytest.mark.parametrize("cosines", [AXIAL, SAGITTAL, CORONAL, OBLIQUE, [-x for x in OBLIQUE]])
def test_the_grid_is_that_of_the_standard_s_formula(cosines):
    scan = Scan(noise((8, 4, 5)), cosines)
    shuffled = [planes(scan)[index] for index in (3, 7, 0, 1, 6, 2, 5, 4)]
    stack = stacked(SOURCE, shuffled)
    assert [one.name for one in stack.planes] == [f"image {n}" for n in range(1, 9)]
    assert stack.shape == (5, 4, 8)
    for voxel in ((0, 0, 0), (4, 0, 0), (0, 3, 0), (4, 3, 7)):
        place = stack.affine @ (*voxel, 1)
        np.testing.assert_allclose(place[:3], scan.place(*voxel), atol=1e-9)


def test_one_slice_is_as_thick_as_its_header_says():
    scan = Scan(noise((1, 4, 5)), OBLIQUE)
    np.testing.assert_allclose(stacked(SOURCE, planes(scan, 1)).affine, scan.affine(), atol=1e-9)
    with pytest.raises(DataError, match="does not say how thick it is"):
        stacked(SOURCE, [plane(scan, 0, thickness=None)])


def test_positions_that_were_rounded_are_even():
    scan = Scan(noise((8, 4, 5)), AXIAL, step=0.625)
    rounded = []
    for one in planes(scan, 40):
        rounded.append(replace(one, position=np.round(one.position, 1)))
    spacing = np.linalg.norm(stacked(SOURCE, rounded).affine[:3, 2])
    assert spacing == pytest.approx(0.625, abs=0.003)


SCAN = Scan(noise((8, 4, 5)), OBLIQUE)
WHOLE = planes(SCAN)


def moved(index, vector):
    changed = [*WHOLE]
    changed[index] = replace(WHOLE[index], position=WHOLE[index].position + vector)
    return changed


def leaning(degrees):
    """As a gantry that is tilted about the direction of columns."""
    shift = np.tan(np.radians(degrees)) * SCAN.step * SCAN.cosines[3:]
    return [replace(one, position=one.position + n * shift) for n, one in enumerate(WHOLE)]


def doubled(**kinds):
    (keyword, values), *_ = kinds.items()
    both = []
    for number, value in enumerate(values):
        for one in WHOLE:
            changes = {"kinds": {keyword: value}, "instance": f"{one.instance}.{number}"}
            both.append(replace(one, **changes))
    return both


REFUSED = {
    "gap": ([*WHOLE[:3], *WHOLE[5:]], r"2 slice\(s\) are missing: 2 between image 3 and image 6"),
    "gaps": (
        [WHOLE[0], *WHOLE[2:5], *WHOLE[6:]],
        "1 between image 1 and image 3 .* 1 between image 5 and image 7",
    ),
    "gap beside an end": ([*WHOLE[:6], WHOLE[7]], "1 between image 6 and image 8"),
    "uneven": (moved(4, SCAN.normal * 0.9), "are not evenly spaced.*_Eq"),
    "tilted": (leaning(12), r"shifted against each other, image 8 by .* \(12°\).*_Tilt"),
    "jumping": (moved(4, SCAN.cosines[:3] * 3), "shifted against each other, image 5 by 3 mm"),
    "echoes": (
        doubled(EchoTime=("20", "80")),
        r"16 slices at 8 places, image 1 and image 1 .* EchoTime \(20, 80\).*several volumes",
    ),
    "time points": (doubled(Other=("1", "1")), "several volumes, such as points in time"),
    "copies": ([*WHOLE, WHOLE[2]], "copies of one image; remove one"),
    "a localizer": (
        [*WHOLE, plane(SCAN, 9, directions=np.array(SAGITTAL, float).reshape(2, 3))],
        "slices of 2 orientations, image 10 beside image 1, as localizers",
    ),
    "rows": (
        [*WHOLE, plane(SCAN, 8, shape=(4, 6))],
        "differ in rows × columns: image 1 has 4 × 5, image 9 4 × 6",
    ),
    "spacing": (
        [*WHOLE, plane(SCAN, 8, spacing=np.array([0.8, 0.7]))],
        "differ in PixelSpacing: image 1 has 0.8 × 0.6 mm, image 9 0.8 × 0.7 mm",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_straight_even_stack_is_refused_by_name(name):
    found, words = REFUSED[name]
    with pytest.raises(DataError, match=f"scan: .*{words}"):
        stacked(SOURCE, found)


def test_a_lean_of_less_than_a_tenth_of_a_pixel_is_rounding():
    stacked(SOURCE, leaning(0.1))
