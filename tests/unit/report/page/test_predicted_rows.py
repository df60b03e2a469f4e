"""Measures of predicted cases."""

import numpy as np
import pytest

from tests.support.score_requests import request_of
from tfuq.data.json_csv import read_table
from tfuq.report.page.predicted_rows import class_rows, landmark_rows, volume_rows


def rows_of(make, folders):
    request = request_of(folders[0])
    return request, make(request.folder, request.config, request.manifest)


def test_volumes_have_the_measures_of_their_structures(scored_tasks):
    request, rows = rows_of(volume_rows, scored_tasks["segmentation"])
    assert [row["case"] for row in rows.cases] == sorted(request.manifest.cases)
    case = rows.cases[0]["case"]
    listed = read_table(request.folder / case / "structures.csv", (), "")
    expected = [float(row["pairwise_dice"]) for row in listed if row["component"] == "all"]
    found = [row["pairwise_dice"] for row in rows.structures if row["case"] == case]
    assert found == pytest.approx(expected)


def test_images_have_measures_and_nothing_else(scored_tasks):
    request, rows = rows_of(class_rows, scored_tasks["classification"])
    (first, *_) = read_table(request.folder / "predictions.csv", (), "")
    row = rows.cases[0]
    assert row["predictive_entropy"] == pytest.approx(float(first["predictive_entropy"]))
    assert set(row) == {
        "case",
        "predictive_entropy",
        "expected_entropy",
        "standard_deviation",
    }


def test_landmarks_have_the_mean_over_them(scored_tasks):
    request, rows = rows_of(landmark_rows, scored_tasks["landmarks"])
    table = read_table(request.folder / "landmarks.csv", (), "")
    case = rows.cases[0]["case"]
    expected = np.mean([float(row["variance"]) for row in table if row["case"] == case])
    assert rows.cases[0]["variance"] == pytest.approx(expected)
    assert "x" not in rows.cases[0]
