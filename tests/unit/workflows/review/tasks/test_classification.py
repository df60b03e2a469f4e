"""What a review reads of classified images."""

from __future__ import annotations

import pytest

from tests.support.made import make_predictions, make_run
from tfuq.calibration.observed import WHOLE
from tfuq.data.json_csv import read_table
from tfuq.runs.results import read_manifest
from tfuq.workflows.review.tasks.classification import ReviewedClasses


@pytest.fixture(scope="module")
def source(digits, tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("made") / "run", "classification", digits)
    folder = make_predictions(run, "hybrid", most=5)
    return ReviewedClasses(folder, run.config, read_manifest(folder))


def test_an_image_is_one_part_with_the_measures_of_its_row(source):
    for row in read_table(source.folder / "predictions.csv", ("case",), ""):
        (part,) = source.parts(row["case"])
        assert part.name == WHOLE
        assert part.measures["predictive_entropy"] == float(row["predictive_entropy"])
        assert not any(name.startswith("probability") for name in part.measures)


def test_the_likeliest_classes_are_named(source):
    for row in read_table(source.folder / "predictions.csv", ("case",), ""):
        place = source.places(row["case"], source.parts(row["case"]))[WHOLE]
        assert place.columns == {"label": row["label"]}
        assert place.words.startswith(
            f"{row['label']} by {float(row['probability_' + row['label']]):.2f}, then "
        )


def test_the_key_is_the_row(source):
    assert len({source.key(case) for case in source.manifest.cases}) == len(source.manifest.cases)
