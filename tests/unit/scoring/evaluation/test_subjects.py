"""Scores by subject, of cases written by hand."""

import itertools

import numpy as np
import pytest

from tfuq.scoring.evaluation.scores import Scores
from tfuq.scoring.evaluation.subjects import clustered, enter_subjects
from tfuq.scoring.failure import Cohort

DICE = {"s1_a": 0.9, "s1_b": 0.7, "s1_c": 0.8, "s2_a": 0.2, "s3_a": 0.5, "other": 0.6}


@pytest.fixture
def scores():
    cases = [{"case": case, "class": "all", "dice": dice} for case, dice in DICE.items()]
    cases[4]["hd95_mm"] = 3.0
    return Scores(cases=cases, summary={})


def test_every_subject_counts_alike(scores):
    enter_subjects(scores, "s[0-9]")
    assert [row["subject"] for row in scores.cases] == ["s1", "s1", "s1", "s2", "s3", "other"]
    of_first = scores.tables["subjects"][0]
    assert (of_first["subject"], of_first["scans"]) == ("s1", 3)
    assert of_first["dice"] == pytest.approx(0.8)
    dice = scores.summary["by_subject"]["all"]["dice"]
    assert dice["mean"] == pytest.approx((0.8 + 0.2 + 0.5 + 0.6) / 4)
    assert dice["n"] == 4
    distance = scores.summary["by_subject"]["all"]["hd95_mm"]
    assert (distance["mean"], distance["n"], distance["lower"]) == (3.0, 1, None)


def test_intervals_are_over_subjects(scores):
    enter_subjects(scores, "s[0-9]")
    means = [np.mean(chosen) for chosen in itertools.product((0.8, 0.2, 0.5, 0.6), repeat=4)]
    low, high = np.percentile(means, [2.5, 97.5])  # of all 256 samples
    dice = scores.summary["by_subject"]["all"]["dice"]
    assert (dice["lower"], dice["upper"]) == pytest.approx((low, high), abs=0.03)


def test_what_finds_failures_is_resampled_by_subject(scores):
    cases = np.array(["s1_a", "s1_b", "other"])
    cohort = Cohort(
        level="case", risk=np.zeros(3), failed=np.zeros(3, bool), cases=cases, confidences={}
    )
    scores.cohorts.append(cohort)
    enter_subjects(scores, "s[0-9]")
    assert scores.cohorts[0].cases.tolist() == ["s1", "s1", "other"]
    rows = clustered([{"case": "s1_a", "dice": 1}], "s[0-9]")
    assert rows == [{"case": "s1", "dice": 1}]
    assert clustered(rows, None) == rows


def test_without_subjects_nothing_changes(scores):
    enter_subjects(scores, None)
    assert "subject" not in scores.cases[0]
    assert (scores.summary, scores.tables) == ({}, {})
