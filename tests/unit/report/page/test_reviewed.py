"""The review of predictions, as a report reads it."""

import json

import pytest

from tests.support.reviewed_run import reviewed_run
from tfuq.data.json_csv import read_table
from tfuq.data.writers import write_csv, write_json
from tfuq.errors import RunError
from tfuq.report.page.reviewed import review_of
from tfuq.report.page.sources import read_sources


@pytest.fixture(scope="module")
def reviewed(scored_tasks, tmp_path_factory):
    return reviewed_run(scored_tasks["segmentation"][0], tmp_path_factory.mktemp("reviewed"))


def review_in(scores):
    (source,) = read_sources([scores])
    return review_of(source)


def test_a_review_is_read_in_its_order(reviewed):
    review = review_in(reviewed)
    rows = read_table(review.folder / "review.csv", (), "")
    assert list(review.by_case) == list(dict.fromkeys(row["case"] for row in rows))
    first = rows[0]
    assert review.decision(first["case"]) == (first["decision"] or None)
    assert review.reasons(first["case"])[0] == first["reason"]
    assert (review.estimated, review.bound) == ("estimated_dice", "dice_at_least")


def test_predictions_alone_have_the_same_review(reviewed):
    (source,) = read_sources([reviewed.parents[1] / "predictions" / reviewed.name])
    assert not source.has_scores
    assert review_of(source).rows == review_in(reviewed).rows


def test_no_review_and_one_of_other_predictions_are_none(scored_tasks, reviewed):
    assert review_in(scored_tasks["segmentation"][0]) is None
    folder = review_in(reviewed).folder
    whole = (folder / "review.csv").read_bytes()
    rows = read_table(folder / "review.csv", (), "")
    rows[0]["pairwise_dice"] = "0.123"
    write_csv(folder / "review.csv", rows)
    assert review_in(reviewed) is None
    (folder / "review.csv").write_bytes(whole)
    summary = (folder / "review.json").read_bytes()
    write_json(folder / "review.json", json.loads(summary) | {"samples": 99})
    assert review_in(reviewed) is None
    (folder / "review.json").write_text("{}")
    with pytest.raises(RunError, match="run tfuq review again"):
        review_in(reviewed)
    (folder / "review.json").write_bytes(summary)
