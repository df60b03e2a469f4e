"""Which figures predictions of classes have."""

import numpy as np
import pytest

from tests.support.figures import legend_of, titles
from tests.support.scored import scored_folder
from tfuq.data.json_csv import read_table
from tfuq.report.class_figures import _extreme_indices, classification_figures


def test_predictions_without_votes_are_ordered_by_entropy(scored_tasks):
    scored = scored_folder(scored_tasks["classification"][0])
    figures = dict(classification_figures(scored))
    assert list(figures) == ["extremes", "rejection", "confusion", "roc"]
    cells = [int(text.get_text()) for text in figures["confusion"].axes[0].texts]
    assert cells == np.ravel(scored.scores.summary["confusion"]).tolist()
    wrong = [row for row in scored.scores.cases if not row["accuracy"]]
    first = min(wrong, key=lambda row: row["predictive_entropy"])
    expected = f"truth {first['truth']}\npredicted {first['label']}"
    assert titles(figures["extremes"])[0].split("\n", 1)[1] == expected


def test_extremes_are_of_right_and_of_wrong_cases():
    measure = np.arange(24.0)[::-1]
    is_correct = np.arange(24) % 2 == 0
    is_correct[20:] = True
    wrong = set(range(1, 20, 2))
    right = set(range(24)) - wrong
    expected = set()
    for group in (sorted(right), sorted(wrong)):
        expected |= {*group[:5], *group[-5:]}
    assert _extreme_indices(measure, is_correct).tolist() == sorted(expected)


@pytest.mark.parametrize("correct", [[True, True], [False, False]])
def test_few_cases_are_shown_once(correct):
    assert _extreme_indices(np.zeros(2), np.array(correct)).tolist() == [0, 1]


@pytest.fixture(scope="module")
def scored(scored_tasks):
    return scored_folder(scored_tasks["classification"][0])


@pytest.fixture(scope="module")
def figures(scored):
    return dict(classification_figures(scored))


def test_the_matrix_counts_every_case(figures, scored):
    labels = [row["label"] for row in read_table(scored.path / "predictions.csv", (), "")]
    assert list(figures) == ["extremes", "rejection", "confusion", "roc"]
    counts = [int(text.get_text()) for text in figures["confusion"].axes[0].texts]
    predicted = np.reshape(counts, (10, 10)).sum(0)
    assert predicted.tolist() == [labels.count(str(k)) for k in range(10)]


def test_every_rejection_ends_at_the_accuracy_of_all(figures, scored):
    axes = figures["rejection"].axes[0]
    accuracy = scored.scores.summary["scores"]["all"]["accuracy"]["mean"]
    ends = [line.get_xydata()[-1].tolist() for line in axes.lines]
    assert ends == [[1, pytest.approx(accuracy)]] * len(ends)
    assert "predictive entropy" in legend_of(axes)


def test_the_most_uncertain_wrong_case_is_shown(figures, scored):
    rows = {row["case"]: row for row in read_table(scored.path / "predictions.csv", (), "")}
    truth = {row["case"]: row["truth"] for row in scored.scores.cases}
    wrong = [name for name in rows if rows[name]["label"] != truth[name]]
    entropy = {name: float(rows[name]["predictive_entropy"]) for name in wrong}
    most = max(entropy, key=entropy.get)
    shown = [title.split("\n", 1)[1] for title in titles(figures["extremes"])]
    assert f"truth {truth[most]}\npredicted {rows[most]['label']}" in shown
