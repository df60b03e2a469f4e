"""The table of predicted landmarks, and damaged ones."""

import numpy as np
import pytest

from tfuq.data.writers import write_csv
from tfuq.errors import RunError
from tfuq.scoring.evaluation.landmark_table import read_predictions


def row(case, landmark, x, y, **more):
    return {"case": case, "landmark": landmark, "x": x, "y": y, "max_activation": 0.5, **more}


ROWS = [row("b", "q", 3, 4), row("b", "p", 1, 2), row("a", "p", 5, 6), row("a", "q", 7, 8)]


def test_landmarks_are_in_the_order_of_the_run_whatever_that_of_the_table(tmp_path):
    write_csv(tmp_path / "landmarks.csv", ROWS)
    found = read_predictions(tmp_path, ["p", "q"])
    assert found.ids == ["b", "a"]
    np.testing.assert_array_equal(found.positions, [[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    assert list(found.measures) == ["max_activation"]
    assert found.radii is None
    assert found.covariances is None


@pytest.mark.parametrize(
    ("columns", "radius"),
    [
        ({"conformal_radius": 7.0}, 7.0),
        ({"conformal_radius": 7.0, "conformal_radius_mm": 0.7}, 0.7),
    ],
)
def test_radii_are_in_mm_where_the_table_has_them(columns, radius, tmp_path):
    covariance = {"covariance_xx": 1.0, "covariance_xy": 2.0, "covariance_yy": 5.0}
    write_csv(tmp_path / "landmarks.csv", [row("a", "p", 1, 2, **columns, **covariance)])
    found = read_predictions(tmp_path, ["p"])
    np.testing.assert_array_equal(found.radii, [[radius]])
    np.testing.assert_array_equal(found.covariances, [[[[1, 2], [2, 5]]]])


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param(ROWS[1:], "each of 2 landmarks", id="missing"),
        pytest.param([*ROWS, ROWS[0]], "each of 2 landmarks", id="twice"),
        pytest.param([row("a", "p", 1, 2), row("a", "r", 1, 2)], "each of 2", id="another"),
        pytest.param([ROWS[0] | {"x": "left"}, *ROWS[1:]], "'left' is not a number", id="text"),
        pytest.param(
            [r | {"conformal_radius": -1} for r in ROWS], "conformal_radius", id="negative"
        ),
    ],
)
def test_damaged_tables_are_refused(rows, words, tmp_path):
    write_csv(tmp_path / "landmarks.csv", rows)
    with pytest.raises(RunError, match=rf"landmarks.csv.*{words}.*predict again"):
        read_predictions(tmp_path, ["p", "q"])
