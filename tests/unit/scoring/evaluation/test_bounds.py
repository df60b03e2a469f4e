"""What conformal bounds of structures missed, by hand."""

import numpy as np
import pytest

from tests.support.promised import calibration_with
from tfuq.data.preprocessing import PADDING
from tfuq.data.volume import Volume
from tfuq.data.writers import write_csv, write_nifti
from tfuq.errors import DataError
from tfuq.scoring.evaluation.bounds import bound_losses, bound_rows, kept_bounds

AFFINE = np.diag([1.0, 1.0, 2.0, 1.0])
CLASSES = ["rest", "a"]
TRUTH = np.zeros((2, 3, 4), np.uint8)
TRUTH[0, 0] = 1  # four voxels


def write_bounds(folder, low, high, interval=(7.0, 9.0)):
    lower, upper = np.zeros((2, *TRUTH.shape), np.uint8)
    lower.flat[:low] = 1
    upper.flat[:high] = 1
    write_nifti(folder / "label_lower.nii.gz", Volume(lower, AFFINE))
    write_nifti(folder / "label_upper.nii.gz", Volume(upper, AFFINE))
    row = {"case": "c", "class": "a", "component": "all"}
    row["volume_conformal_lower_mm3"], row["volume_conformal_upper_mm3"] = interval
    write_csv(folder / "structures.csv", [row])


@pytest.mark.parametrize(
    ("low", "high", "missed", "excess"),
    [(4, 4, 0.0, 0.0), (0, 3, 0.25, 0.0), (6, 24, 0.0, 0.5), (24, 0, 1.0, 1.0)],
)
def test_losses_are_shares_of_the_true_structure(low, high, missed, excess, tmp_path):
    write_bounds(tmp_path, low, high)
    (row,) = bound_losses(tmp_path, TRUTH, CLASSES)
    assert (row["missed"], row["excess"]) == (missed, excess)
    assert (row["lower"], row["upper"], row["reference"], row["image"]) == (low, high, 4, 24)


@pytest.mark.parametrize(
    ("interval", "held"), [((7.0, 9.0), True), ((8.0, 8.0), True), ((8.1, 9.0), False)]
)
def test_an_interval_holds_the_true_volume(interval, held, tmp_path):
    write_bounds(tmp_path, 4, 4, interval)
    (row,) = bound_rows(tmp_path, Volume(TRUTH, AFFINE), CLASSES, ["a"])
    assert row["volume_held"] == held
    assert (row["volume_true"], row["volume_image"]) == (8.0, 48.0)


def test_promises_kept_over_cases(tmp_path):
    rows = []
    for case, high in enumerate((4, 3, 24)):
        write_bounds(tmp_path / str(case), 2, high)
        rows += bound_rows(tmp_path / str(case), Volume(TRUTH, AFFINE), CLASSES, ["a"])
    bounds = {"a": {"lower": 0.5, "upper": 0.1}}
    kept = kept_bounds(rows, calibration_with(alpha=0.2, bounds=bounds))["a"]
    missed = kept["missed_by_upper"]
    assert missed["realized"] == pytest.approx(0.25 / 3)
    assert missed["to_reference"] == pytest.approx((4 + 3 + 24) / 4 / 3)
    assert missed["vacuous"] == pytest.approx(1 / 3)
    assert (kept["volume"]["realized"], kept["volume"]["promised"]) == (1.0, 0.8)
    assert kept["volume"]["calibrated_on"] == 9


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"class": "a", "component": "all", "volume_conformal_lower_mm3": 1.0},
            "no conformal interval of 'a'",
        ),
        ({"class": "a", "component": "1"}, "no row of 'a' as a whole"),
        ({"class": "b", "component": "all"}, "has a class 'b' that the run has not"),
    ],
)
def test_a_table_without_the_interval_is_refused(row, words, tmp_path):
    write_bounds(tmp_path, 4, 4)
    write_csv(tmp_path / "structures.csv", [{"case": "c", **row}])
    with pytest.raises(DataError, match=words):
        bound_rows(tmp_path, Volume(TRUTH, AFFINE), CLASSES, ["a"])


def test_an_interval_is_asked_of_tables_where_it_is_promised(tmp_path):
    write_bounds(tmp_path, 4, 4, (None, None))
    rows = bound_rows(tmp_path, Volume(TRUTH, AFFINE), CLASSES, ["a"])
    assert rows[0]["volume_held"] is None
    bounds = {"a": {"lower": 0.5, "upper": 0.1}}
    assert "volume" not in kept_bounds(rows, calibration_with(alpha=0.2, bounds=bounds))["a"]
    promised = calibration_with(alpha=0.2, bounds=bounds, volumes={"a": 0.1})
    with pytest.raises(DataError, match=r"no conformal interval of 'a'; predict again"):
        kept_bounds(rows, promised)


def test_a_bound_on_another_grid_is_refused(tmp_path):
    write_bounds(tmp_path, 4, 4)
    with pytest.raises(DataError, match=r"label_lower.* not on the grid"):
        bound_losses(tmp_path, TRUTH[:1], CLASSES)


def test_voxels_to_ignore_are_no_promise(tmp_path):
    """Losses are those without them, and the true volume, so whether it was held, is not known."""
    truth = TRUTH.copy()
    truth[0, 0, :2] = truth[1] = PADDING  # half of the structure, and half of the volume
    write_bounds(tmp_path, 6, 3)
    (row,) = bound_rows(tmp_path, Volume(truth, AFFINE), CLASSES, ["a"])
    assert (row["missed"], row["excess"]) == (0.5, 1.0)  # of two voxels, one and two
    assert (row["lower"], row["upper"], row["reference"], row["image"]) == (4, 1, 2, 10)
    assert row["volume_held"] is None
    bounds = {"a": {"lower": 0.5, "upper": 0.1}}
    calibration = calibration_with(alpha=0.2, bounds=bounds)
    assert "volume" not in kept_bounds([row], calibration)["a"]
    (whole,) = bound_rows(tmp_path, Volume(TRUTH, AFFINE), CLASSES, ["a"])
    kept = kept_bounds([row, whole], calibration)["a"]
    assert kept["volume"]["n"] == 1
    assert kept["missed_by_upper"]["n"] == 2
