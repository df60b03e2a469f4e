"""Where predicted landmarks stand among raters, by hand."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import task_settings
from tfuq.data.cases import Case
from tfuq.scoring.evaluation.rater_points import RaterPoints, points_by_raters


def among(in_mm=True):
    """Two cases of a landmark; the second rater has annotated the first alone."""
    return RaterPoints(
        ids=["a", "b"],
        names=["p"],
        predicted=np.array([[[0.0, 0.0]], [[1.0, 0.0]]]),
        by={
            "one": np.array([[[3.0, 4.0]], [[1.0, 2.0]]]),
            "two": np.array([[[-3.0, -4.0]], [[np.nan, np.nan]]]),
        },
        in_mm=in_mm,
    )


@pytest.mark.parametrize(("in_mm", "unit"), [(True, "mm"), (False, "px")])
def test_a_rater_has_rows_of_what_it_annotated(in_mm, unit):
    rows = among(in_mm).rows()
    assert [(row["case"], row["rater"], row[f"radial_error_{unit}"]) for row in rows] == [
        ("a", "one", 5.0),
        ("a", "two", 5.0),
        ("b", "one", 2.0),
    ]


def test_a_prediction_at_the_raters_mean_is_within_their_spread():
    summary = among().summary({"variance": np.array([[1.0], [2.0]])})
    assert summary["within_spread"] == 1.0
    assert summary["spread"]["mean"] == 5.0
    assert (summary["against"]["one"]["mean"], summary["against"]["two"]["n"]) == (3.5, 1)
    assert summary["measures"]["variance"]["spearman"]["rho"] is None  # one case has a spread


def test_two_raters_apart():
    assert among().apart()["mean"] == 10.0
    assert among().apart()["raters"] == ["one", "two"]
    assert among(in_mm=False).apart() is None


def test_one_rater_is_no_several():
    config = task_settings("landmarks", Path("heads"))
    points = np.zeros((len(config.data.landmarks), 2))
    cases = {"a": Case("a", (), truth={"one": points})}
    assert points_by_raters(config, cases, {"a": (60, 40)}, points[None]) is None


def test_positions_are_lengths_in_mm():
    config = task_settings("landmarks", Path("heads"))  # 288 by 360 pixels of 0.67 mm
    names = config.data.landmarks
    points = np.full((len(names), 2), 30.0)
    cases = {
        "a": Case("a", (), truth={"one": points, "two": points + 10}),
        "b": Case("b", (), truth={"one": points}),
    }
    sizes = {"a": (360, 288), "b": (360, 288)}
    found = points_by_raters(config, cases, sizes, np.zeros((2, len(names), 2)))
    assert found.in_mm
    np.testing.assert_allclose(found.by["two"][0] - found.by["one"][0], 6.7)
    assert np.isnan(found.by["two"][1]).all()
    np.testing.assert_allclose(found.errors("one"), np.hypot(30, 30) * 0.67)
