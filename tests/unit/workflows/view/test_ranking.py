"""The list of cases is ordered as a review orders it."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from tfuq.measures.catalogue import MEASURES
from tfuq.workflows.review import review
from tfuq.workflows.view.ranking import Ranked, described_measure


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_without_a_review_the_order_is_that_of_one(targets, tmp_path, task):
    target = replace(targets(task), review=tmp_path / "none")
    ranking = Ranked(target).ranking()
    reviewed = review(target.predictions, tmp_path / "review")
    with (reviewed.folder / "review.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [ranked.case for ranked in ranking.cases] == list(
        dict.fromkeys(row["case"] for row in rows)
    )
    assert ranking.measure == reviewed.summary["ordered_by"]
    assert "Nothing is promised" in ranking.promise
    assert all(ranked.referral == "" for ranked in ranking.cases)
    with_review = Ranked(replace(target, review=reviewed.folder)).ranking()
    assert [ranked.case for ranked in with_review.cases] == [each.case for each in ranking.cases]
    assert with_review.promise == reviewed.summary["why_no_promise"]
    reasons = with_review.cases[0].reasons
    assert set(reasons.values()) == {
        row["reason"] for row in rows if row["case"] == with_review.cases[0].case
    }


def test_values_are_those_of_the_measure(targets, tmp_path):
    target = replace(targets("classification"), review=tmp_path)
    ranking = Ranked(target).ranking()
    with (target.predictions / "predictions.csv").open() as file:
        entropy = {row["case"]: float(row["predictive_entropy"]) for row in csv.DictReader(file)}
    assert {ranked.case: ranked.value for ranked in ranking.cases} == pytest.approx(entropy)


def test_cases_that_a_review_lacks_come_last(targets, tmp_path):
    target = targets("segmentation")
    folder = review(target.predictions, tmp_path / "review").folder
    first, *others = (folder / "review.csv").read_text().splitlines()
    case = others[0].split(",")[0]
    kept = [row for row in others if not row.startswith(f"{case},")]
    (folder / "review.csv").write_text("\n".join([first, *kept]) + "\n")
    ranking = Ranked(replace(target, review=folder)).ranking()
    assert len(ranking.cases) == len(target.manifest.cases)
    assert ranking.cases[-1].case == case


def test_measures_are_told_in_words():
    told = described_measure("predictive_entropy")
    assert told == {
        "name": "predictive_entropy",
        "title": "predictive entropy",
        "unit": "nat",
        "better": "lower is more certain",
    }
    assert described_measure("max_activation")["better"] == "higher is more certain"
    assert described_measure("of_a_later_version")["title"] == "of a later version"
    for name in MEASURES:
        assert "_" not in described_measure(name)["title"]
