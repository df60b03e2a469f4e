"""What a review reads of landmarks."""

from __future__ import annotations

import pytest

from tests.support.made import make_predictions, make_run
from tfuq.data.json_csv import read_typed
from tfuq.runs.results import read_manifest
from tfuq.workflows.review.tasks.landmarks import ReviewedLandmarks


@pytest.fixture(scope="module")
def source(heads, tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("made") / "run", "landmarks", heads)
    folder = make_predictions(run, "hybrid", most=3)
    return ReviewedLandmarks(folder, run.config, read_manifest(folder))


def test_landmarks_have_their_measures_and_positions(source):
    assert source.unit == "mm"
    rows = read_typed(source.folder / "landmarks.csv", ("case", "landmark"), "")
    case = rows[0]["case"]
    parts = source.parts(case)
    places = source.places(case, parts)
    assert [part.name for part in parts] == list(source.config.data.landmarks)
    for row in rows:
        if row["case"] == case:
            part = next(part for part in parts if part.name == row["landmark"])
            assert part.measures["mean_radial_spread_mm"] == row["mean_radial_spread_mm"]
            assert places[part.name].columns["place_x"] == row["x"]
            assert places[part.name].columns["place_y_mm"] == row["y_mm"]
            assert "mm about their mean" in places[part.name].words


def test_the_key_tells_cases_apart(source):
    assert len({source.key(case) for case in source.manifest.cases}) == len(source.manifest.cases)
