"""The table of predicted classes, and damaged ones."""

import numpy as np
import pytest

from tfuq.data.writers import write_csv
from tfuq.errors import RunError
from tfuq.measures.catalogue import OF_VOXELS, names_of
from tfuq.scoring.evaluation.class_table import probabilities, read_predictions

CLASSES = ["cat", "dog"]


def row(case, p, **more):
    shares = {"probability_cat": p, "probability_dog": 1 - p}
    return {"case": case, **shares, "predictive_entropy": 0.5, **more}


def test_one_sample_has_entropy_alone(tmp_path):
    write_csv(tmp_path / "predictions.csv", [row("b", 0.25), row("a", 1.0)])
    found = read_predictions(tmp_path, CLASSES)
    assert found.ids == ["b", "a"]
    np.testing.assert_array_equal(found.p, [[0.25, 0.75], [1, 0]])
    assert list(found.measures) == ["predictive_entropy"]
    assert found.votes is None
    assert found.before is None


def test_several_samples_have_votes_and_every_measure(tmp_path):
    votes = {"votes_cat": 0.5, "votes_dog": 0.5}
    before = {"uncalibrated_cat": 0.125, "uncalibrated_dog": 0.875}
    measures = dict.fromkeys(names_of(OF_VOXELS), -0.000001)  # what rounding makes of 0
    write_csv(tmp_path / "predictions.csv", [row("a", 0.25, **votes, **before) | measures])
    found = read_predictions(tmp_path, CLASSES)
    np.testing.assert_array_equal(found.votes, [[0.5, 0.5]])
    np.testing.assert_array_equal(found.before, [[0.125, 0.875]])
    assert tuple(found.measures) == names_of(OF_VOXELS)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param([row("a", 0.5), row("a", 0.5)], "two rows of one case", id="twice"),
        pytest.param([row("a", 1.5)], "probability_cat", id="above 1"),
        pytest.param([row("a", 0.5) | {"probability_dog": 0.4}], "add up to 1", id="sum"),
        pytest.param([row("a", 0.5, predictive_entropy=-1)], "predictive_entropy", id="below 0"),
        pytest.param(
            [row("a", 0.5, votes_cat=1.0, votes_dog=0.0)], "expected_entropy", id="no measures"
        ),
        pytest.param([{"case": "a", "probability_cat": 1.0}], "probability_dog", id="no class"),
    ],
)
def test_damaged_tables_are_refused(rows, words, tmp_path):
    write_csv(tmp_path / "predictions.csv", rows)
    with pytest.raises(RunError, match=rf"predictions.csv.*{words}.*predict again"):
        read_predictions(tmp_path, CLASSES)


def test_six_digits_of_many_classes_need_not_add_up_exactly(tmp_path):
    rows = [{f"p_{k}": "0.333333" for k in range(3)}]
    p = probabilities(tmp_path / "t.csv", rows, ["p_0", "p_1", "p_2"], "again")
    np.testing.assert_allclose(p, [[1 / 3] * 3], atol=1e-6)
