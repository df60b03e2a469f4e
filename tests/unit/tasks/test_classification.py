"""Classification: a class for every image, and its row."""

import numpy as np
import pytest

from tests.conftest import task_settings
from tests.support.drawn import make_finished_run, make_given_predictor
from tests.support.reducing import reduce_all
from tfuq.calibration.records import Calibration, Conformal
from tfuq.data.volume import Volume
from tfuq.measures.catalogue import maps_of
from tfuq.prediction import cases_of_test_split
from tfuq.prediction.tables import TablePredictor
from tfuq.runs.results import Manifest
from tfuq.tasks import NETWORK_TASKS
from tfuq.tasks.classification import Classification
from tfuq.tasks.records import ClassStatistics

P = np.array([0.1, 0.4, 0.4, 0.1, 0, 0, 0, 0, 0, 0])
IMAGE = Volume(np.zeros((28, 28, 1, 1)), np.eye(4))


def test_quality_is_the_share_of_images_whose_class_is_right():
    sample = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.2, 0.2, 0.6], [0.4, 0.4, 0.2]])
    quality = Classification().quality(None, sample, np.array([1, 2, 2, 0]))
    assert quality == 0.75  # the first of equal classes is chosen
    binary = Classification().quality(None, np.array([[0.2], [0.9]]), np.array([0, 0]))
    assert binary == 0.5


def test_a_prediction_has_votes_beside_the_measures():
    config = task_settings("classification", "nowhere")
    task = NETWORK_TASKS["classification"]
    samples = np.random.default_rng(0).dirichlet(np.ones(10), (5, 3))
    found = task.finish(reduce_all(samples, task.reducers(config)))
    np.testing.assert_allclose(found["probability"], samples.mean(0), atol=1e-6)
    for n in range(3):
        votes = np.bincount(samples[:, n].argmax(-1), minlength=10) / 5
        np.testing.assert_allclose(found["votes"][n], votes, atol=1e-6)
        assert float(found["variation_ratio"][n]) == pytest.approx(1 - votes.max())


@pytest.fixture
def predictor(digits, tmp_path):
    run = make_finished_run(tmp_path / "run", "classification", digits)
    made = make_given_predictor(run)
    assert isinstance(made, TablePredictor)
    return made


def drawn(**more):
    by_name = {"probability": P, "votes": P[::-1], **dict.fromkeys(maps_of(2), 0.25), **more}
    return ClassStatistics.of(by_name)


def row_of(predictor, **more):
    case = cases_of_test_split(predictor.run)[0]
    tables = predictor.rows(case, IMAGE, drawn(**more))
    assert {name: len(rows) for name, rows in tables.items()} == predictor.rows_per_case
    return tables


def test_a_row_has_the_label_the_probabilities_and_the_measures(predictor):
    (row,) = row_of(predictor)["predictions.csv"]
    assert row["label"] == "1"  # the first of two that are as probable
    assert [row[f"probability_{k}"] for k in range(10)] == P.tolist()
    assert [row[f"votes_{k}"] for k in range(10)] == P[::-1].tolist()
    assert {row[name] for name in maps_of(2)} == {0.25}


def test_members_have_a_row_each(predictor):
    predictor.members = 2
    both = np.stack([P, P[::-1]])
    tables = row_of(
        predictor, members=both, between_member_variance=0.5, within_member_variance=0.125
    )
    found = tables["members.csv"]
    assert [row["member"] for row in found] == [0, 1]
    assert [[row[f"probability_{k}"] for k in range(10)] for row in found] == both.tolist()
    assert tables["predictions.csv"][0]["between_member_variance"] == 0.5


@pytest.mark.parametrize(("quantile", "names"), [(0.59, ""), (0.6, "1; 2"), (0.9, "0; 1; 2; 3")])
def test_sets_are_of_the_probabilities_before_scaling(predictor, quantile, names):
    """By ``lac`` a class is in the set where 1 − p is at most the quantile."""
    draws = Manifest(run="r", method="vi", samples=4, seed=0, weights_digest=[], tfuq_version="1")
    conformal = Conformal(alpha=0.1, sets={"lac": quantile})
    predictor.calibration = Calibration(
        draws=draws, source="s", cases={}, scaling=None, conformal=conformal
    )
    (row,) = row_of(predictor, probability=np.eye(10)[9], uncalibrated=P)["predictions.csv"]
    assert row["label"] == "9"
    assert row["set_lac"] == names
    assert row["uncalibrated_1"] == 0.4
