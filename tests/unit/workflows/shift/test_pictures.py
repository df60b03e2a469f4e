"""Perturbed pictures with a class."""

import numpy as np
import pytest

from tests.support.drawn import make_finished_run, make_given_predictor
from tfuq.data.json_csv import read_table
from tfuq.data.volume import Volume
from tfuq.measures.catalogue import maps_of
from tfuq.prediction import cases_of_test_split
from tfuq.workflows.shift.pictures import ClassMeasurer, size_of
from tfuq.workflows.shift.plan import Plan

PLAN = Plan(perturbation="noise", severities=(1.0,))
OF_TRUTH = np.array([0.9, 0.6, 0.3, 0.05])  # the last is taken for another class


@pytest.fixture
def measurer(digits, tmp_path):
    """Four digits whose true classes have these probabilities."""
    run = make_finished_run(tmp_path / "run", "classification", digits)
    classes = [int(case.truth) for case in cases_of_test_split(run)[:4]]
    p = np.repeat((1 - OF_TRUTH)[:, None] / 9, 10, 1)
    p[range(4), classes] = OF_TRUTH
    drawn = {"probability": p, "votes": p[:, ::-1]}
    drawn |= {name: np.arange(4) / 10 for name in maps_of(2)}
    return ClassMeasurer(make_given_predictor(run, lambda *_: drawn), PLAN)


def test_scores_are_those_of_the_true_classes(measurer):
    cases = cases_of_test_split(measurer.predictor.run)[:4]
    found = measurer.measure(cases, 0.0, None)
    assert found.scores["accuracy"] == 0.75
    assert found.scores["nll"] == pytest.approx(-np.log(OF_TRUTH).mean())
    brier = (1 - OF_TRUTH) ** 2 + 9 * ((1 - OF_TRUTH) / 9) ** 2
    assert found.scores["brier"] == pytest.approx(brier.mean())
    assert [row["accuracy"] for row in found.rows] == [1, 1, 1, 0]
    assert [row["mutual_information"] for row in found.rows] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert found.example["truth"].tolist() == [int(cases[0].truth)]
    assert found.example["image"].shape == (28, 28, 1)


def test_predictions_are_written_where_they_are_kept(measurer, tmp_path):
    cases = cases_of_test_split(measurer.predictor.run)[:4]
    measurer.measure(cases, 1.0, tmp_path / "kept")
    rows = read_table(tmp_path / "kept" / "predictions.csv", ("case",), "")
    assert [row["case"] for row in rows] == [case.id for case in cases]


def test_pictures_stay_in_memory(measurer):
    case = cases_of_test_split(measurer.predictor.run)[0]
    assert measurer.subject(case) is measurer.subject(case)
    assert measurer.sizes[case.id] == (28, 28, 1)
    assert size_of(Volume(np.zeros((5, 7, 1, 3)), np.eye(4))) == (5, 7, 1)
