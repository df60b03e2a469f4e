"""D95, V20 and mean doses of RTDOSE and RTSTRUCT against closed forms, and against SciPy and plain NumPy, within 0.5 %."""

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from scipy.interpolate import RegularGridInterpolator
from scipy.optimize import brentq

from tests.support.dose_phantoms import (
    AFFINE,
    CASE,
    SHAPE,
    SLOPE,
    SPACING,
    START,
    box,
    ends,
    predict_boxes,
    write_plan,
)
from tests.support.radiotherapy import OTHER_FRAME, ring, write_rtstruct
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.scoring.dose_quantities import parse_requests
from tfuq.scoring.evaluation.dose_effects import dose_effects
from tfuq.scoring.evaluation.doses import score_dose

RANGES = [(20, 300), (40, 280), (60, 300), (10, 200)]
REQUESTS = ("D95", "D2", "Dmean", "Dmin", "Dmax", "V20", "D5cc")
WITHIN = 0.005


@pytest.fixture(scope="module")
def predicted(balls, tmp_path_factory):
    """Predictions of boxes, the first row of their doses, and the file of the dose."""
    folder = tmp_path_factory.mktemp("dose")
    predictions = predict_boxes(folder, balls, RANGES)
    plan = write_plan(folder / "RD.1.2.3")
    return predictions, dose_effects(predictions, plan, REQUESTS).values[0], plan


def closed_form(first, stop):
    """What a box has whose dose grows evenly from one end to the other."""
    low, high = ends(first, stop)
    volume = (stop - first) * 32 * 6 * np.prod(SPACING) / 1000  # cm³
    share = np.clip((high - 20) / (high - low), 0, 1)
    return {
        "d95_gy": high - 0.95 * (high - low),
        "d2_gy": high - 0.02 * (high - low),
        "d5cc_gy": high - 5 / volume * (high - low),
        "mean_gy": (low + high) / 2,
        "min_gy": low + SLOPE * SPACING[0] / 2,
        "max_gy": high - SLOPE * SPACING[0] / 2,
        "v20_percent": 100 * share,
        "v20_cc": volume * share,
    }


def test_boxes_in_a_dose_that_grows_have_the_closed_form(predicted):
    row = predicted[1]
    expected = [closed_form(*each) for each in RANGES]
    assert row["samples"] == 4
    for name in expected[0]:
        of_samples = [values[name] for values in expected]
        assert row[name] == pytest.approx(np.mean(of_samples), rel=WITHIN), name
        low, high = np.percentile(of_samples, [2.5, 97.5])
        assert row[f"{name}_lower"] == pytest.approx(low, rel=WITHIN), name
        assert row[f"{name}_upper"] == pytest.approx(high, rel=WITHIN), name


def test_a_curved_dose_is_that_of_scipy_on_pixels_where_the_standard_has_them(predicted, tmp_path):
    """SciPy interpolates the file's own numbers, at places that are computed from its own elements."""

    def curved(places):
        distance = np.linalg.norm(places - places.reshape(-1, 3).mean(0), axis=-1)
        return 60 * np.exp(-((distance / 30) ** 2)) + 1

    plan = write_plan(tmp_path / "plan.dcm", function=curved)
    row = dose_effects(predicted[0], plan, REQUESTS).values[0]
    dataset = pydicom.dcmread(plan)
    dose = dataset.pixel_array * float(dataset.DoseGridScaling)
    steps = [float(dataset.GridFrameOffsetVector[1]), *map(float, dataset.PixelSpacing)]
    axes = [np.arange(size) * step for size, step in zip(dose.shape, steps, strict=True)]
    interpolator = RegularGridInterpolator(axes, dose)
    along_row, along_column = np.array(dataset.ImageOrientationPatient, float).reshape(2, 3)
    basis = np.stack([np.cross(along_row, along_column), along_column, along_row])
    found = {"d95_gy": [], "v20_percent": [], "mean_gy": [], "v20_cc": []}
    for each in RANGES:
        places = np.argwhere(box(*each)) @ AFFINE[:3, :3].T + AFFINE[:3, 3]
        lps = places * [-1, -1, 1] - np.array(dataset.ImagePositionPatient, float)
        doses = np.sort(interpolator(lps @ basis.T))
        found["d95_gy"].append(doses[len(doses) - int(np.ceil(0.95 * len(doses)))])
        found["v20_percent"].append(100 * np.mean(doses >= 20))
        found["v20_cc"].append(np.sum(doses >= 20) * np.prod(SPACING) / 1000)
        found["mean_gy"].append(doses.mean())
    for name, values in found.items():
        assert row[name] == pytest.approx(np.mean(values), rel=1e-4), name


def segment(height: float, radius: float) -> float:
    """The share of a disc's area that lies at a height or above."""
    height = np.clip(height / radius, -1, 1)
    return (np.arccos(height) - height * np.sqrt(1 - height**2)) / np.pi


def test_a_cylinder_of_rtstruct_has_the_closed_form(predicted, tmp_path):
    """Contours of a reference; the dose grows across the cylinder."""
    predictions, _, plan = predicted
    radius, centre = 17.0, (40.0, 24.0)  # mm, from the first corner
    flat = np.diag([*SPACING, 1.0])
    to_mm = AFFINE @ np.linalg.inv(flat)  # from mm along the scan's axes
    middle = [centre[0] - SPACING[0] / 2, centre[1] - SPACING[1] / 2]
    contours = [ring(middle, radius, plane * SPACING[2], to_mm) for plane in range(2, 8)]
    (tmp_path / "references").mkdir()
    rois = {"BODY": [], "Ball": contours, "core": []}
    write_rtstruct(tmp_path / "references" / f"{CASE}.dcm", rois)
    requests = parse_requests(REQUESTS)
    tables = score_dose(predictions, tmp_path / "references", plan, quantities=requests)
    row = tables.values[0]
    dose = START + SLOPE * centre[0]
    volume = np.pi * radius**2 * 6 * SPACING[2] / 1000
    for name, share in (("d95_gy", 0.95), ("d2_gy", 0.02), ("d5cc_gy", 5 / volume)):
        height = brentq(lambda h, share=share: segment(h, radius) - share, -radius, radius)
        assert row[f"{name}_reference"] == pytest.approx(dose + SLOPE * height, rel=WITHIN), name
    over_20 = segment((20 - dose) / SLOPE, radius)
    assert 0.1 < over_20 < 0.9
    assert row["v20_percent_reference"] == pytest.approx(100 * over_20, rel=WITHIN)
    assert row["v20_cc_reference"] == pytest.approx(volume * over_20, rel=WITHIN)
    assert row["mean_gy_reference"] == pytest.approx(dose, rel=WITHIN)
    assert "d95_gy_reference" not in tables.values[1], "the core is absent"


def test_a_dose_in_other_coordinates_than_the_structures_is_refused(predicted, tmp_path):
    """The scan, a NIfTI, says nothing of them."""
    write_rtstruct(tmp_path / f"{CASE}.dcm", {"ball": [], "core": []}, frame=OTHER_FRAME)
    with pytest.raises(DataError, match=r"is not that of .*patient.dcm"):
        score_dose(predicted[0], tmp_path, predicted[2])


def test_constraints_follow_from_the_closed_form(predicted):
    """Of each sample, the bound is compared with the value that the box has."""
    d95 = [closed_form(*each)["d95_gy"] for each in RANGES]
    bounds = {
        f"D95>={min(d95) - 0.5:.3f}Gy": ("met", 4),
        f"D95>={max(d95) + 0.5:.3f}Gy": ("missed", 0),
        f"ball:D95>={sorted(d95)[2] + 0.3:.3f}Gy": ("undecided", 1),
        "V20<500cc": ("met", 4),
        "core: V20<500cc": (None, None),
    }
    effects = dose_effects(predicted[0], predicted[2], constraints=list(bounds))
    of_ball = [row for row in effects.constraints if row["class"] == "ball"]
    assert [(row["verdict"], row["met_in"]) for row in of_ball] == list(bounds.values())[:4]
    assert effects.constraints[-1]["reason"] == "no sample has a value"
    assert replace(effects, constraints=[]).summary["constraints"][0]["met"] == 1


def test_the_phantom_is_what_it_says():
    assert box(10, 150).sum() == 140 * 32 * 6
    assert Volume(np.zeros(SHAPE), AFFINE).voxel_volume == pytest.approx(0.5)
    assert ends(0, 320) == (START, START + SLOPE * 80)
