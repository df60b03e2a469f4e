"""Scores of a classification, made without a network, against sklearn."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from tests.support.score_requests import request_of
from tfuq.data.json_csv import read_table
from tfuq.data.writers import write_csv
from tfuq.errors import DataError, RunError
from tfuq.scoring.evaluation.classification import score_classification, true_classes
from tfuq.scoring.evaluation.failures import FailureOptions


@pytest.fixture
def request_(scored_tasks):
    return request_of(scored_tasks["classification"][0])


def test_scores_of_predictions(request_):
    scores = score_classification(request_)
    classes = request_.config.data.classes
    table = read_table(request_.folder / "predictions.csv", (), "")
    p = np.array([[row[f"probability_{name}"] for name in classes] for row in table], float)
    truth = true_classes(request_.manifest, request_.config, None)
    y = np.array([truth[row["case"]] for row in table])
    found = {name: cell["mean"] for name, cell in scores.summary["scores"]["all"].items()}
    assert found["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(y, p.argmax(1)))
    assert found["nll"] == pytest.approx(-np.log(p[np.arange(len(y)), y]).mean())
    assert np.trace(scores.summary["confusion"]) == sum(p.argmax(1) == y)
    for row, case, true, values in zip(scores.cases, table, y, p, strict=True):
        assert (row["case"], row["truth"]) == (case["case"], classes[true])
        assert row["label"] == classes[values.argmax()]
        assert row["accuracy"] == (values.argmax() == true)
        assert row["nll"] == pytest.approx(-np.log(values[true]))
    (cohort,) = scores.cohorts
    np.testing.assert_array_equal(cohort.failed, p.argmax(1) != y)


def test_a_limit_of_failure_is_refused(scored_tasks):
    request = request_of(scored_tasks["classification"][0], failures=FailureOptions(limit=0.5))
    with pytest.raises(DataError, match=r"--failure-at 0\.5: a class is right or wrong"):
        score_classification(request)


def test_a_table_without_a_case_of_the_manifest_is_refused(scored_tasks, tmp_path):
    request = request_of(scored_tasks["classification"][0])
    rows = read_table(request.folder / "predictions.csv", (), "")
    write_csv(tmp_path / "predictions.csv", rows[1:])
    with pytest.raises(RunError, match=r"predictions.csv"):
        score_classification(request_of(scored_tasks["classification"][0], folder=tmp_path))
