"""Rows of landmarks, in pixels of the image as it was given."""

import numpy as np
import pytest

from tests.support.drawn import make_finished_run, make_given_predictor
from tfuq.calibration.records import Calibration, Conformal
from tfuq.data.volume import Volume
from tfuq.prediction import cases_of_test_split
from tfuq.prediction.landmarks import LandmarkPredictor
from tfuq.prediction.records import LandmarkStatistics
from tfuq.runs.results import Manifest

IMAGE = Volume(np.zeros((64, 128, 1, 1)), np.eye(4))  # twice the patch along y, four times along x


@pytest.fixture
def predictor(heads, tmp_path):
    run = make_finished_run(tmp_path / "run", "landmarks", heads)
    made = make_given_predictor(run)
    assert isinstance(made, LandmarkPredictor)
    return made


def drawn(predictor, columns=3):
    """Two samples: the first landmark at (2, 3) and (4, 3), the others at the origin."""
    samples = np.zeros((2, len(predictor.config.data.landmarks), columns), np.float32)
    samples[:, 0, 0] = [2, 4]
    samples[:, 0, 1] = 3
    samples[:, 0, 2] = [0.5, 0.7]
    return LandmarkStatistics(landmarks=samples)


def rows_of(predictor, **changes):
    case = cases_of_test_split(predictor.run)[0]
    return predictor.rows(case, IMAGE, drawn(predictor, **changes))


def test_positions_are_those_of_the_image_as_given(predictor):
    """(x + ½)·4 − ½ and (y + ½)·2 − ½: 9.5 and 17.5, and 6.5."""
    tables = rows_of(predictor)
    sella = tables["samples.csv"][:2]
    assert [(row["sample"], row["x"], row["y"]) for row in sella] == [(0, 9.5, 6.5), (1, 17.5, 6.5)]
    assert [row["activation"] for row in sella] == pytest.approx([0.5, 0.7])
    first = tables["landmarks.csv"][0]
    assert (first["x"], first["y"]) == (13.5, 6.5)
    assert first["variance"] == 16.0  # ±4 along x
    assert first["max_activation"] == pytest.approx(0.6)


def test_millimetres_are_those_of_the_image_that_was_annotated(predictor):
    """288 × 360 pixels of 0.67 mm, here shown at 128 × 64."""
    first = rows_of(predictor)["landmarks.csv"][0]
    width, height = 288, 360
    assert first["x_mm"] == pytest.approx(13.5 * 0.67 * width / 128)
    assert first["y_mm"] == pytest.approx(6.5 * 0.67 * height / 64)


def test_predicted_variances_are_stretched_too(predictor):
    """exp(0) = 1 pixel² of the patch, 16 along x and 4 along y."""
    first = rows_of(predictor, columns=4)["landmarks.csv"][0]
    assert first["aleatoric_variance"] == pytest.approx(20)
    assert first["total_variance"] == pytest.approx(36)


def test_a_conformal_radius_is_in_units_of_the_spread_plus_one(predictor):
    names = predictor.config.data.landmarks
    draws = Manifest(run="r", method="vi", samples=2, seed=0, weights_digest=[], tfuq_version="1")
    predictor.calibration = Calibration(
        draws=draws,
        source="s",
        cases={},
        scaling=None,
        conformal=Conformal(alpha=0.1, radii=dict.fromkeys(names, 3.0)),
    )
    rows = rows_of(predictor)["landmarks.csv"]
    expected = 3 * (rows[0]["mean_radial_spread_mm"] + 1)
    assert rows[0]["conformal_radius_mm"] == pytest.approx(expected)
    assert rows[1]["conformal_radius_mm"] == pytest.approx(3.0)  # it does not move


def test_every_landmark_and_sample_has_a_row(predictor):
    predictor.samples = 2
    tables = rows_of(predictor)
    assert {name: len(rows) for name, rows in tables.items()} == predictor.rows_per_case
