"""Means over repetitions of a study, with intervals, and paired differences from a baseline."""

import pytest

from tfuq.config import StudyConfig
from tfuq.workflows.study.means import means_of
from tfuq.workflows.study.table import Table

DICE = {"a": (0.8, 0.9, 0.85), "b": (0.82, 0.93, None)}


def study(**changes):
    tree = {
        "name": "s",
        "config": "c",
        "axes": {
            "kind": {"a": {}, "b": {"training.epochs": 2}},
            "seed": {"training.seed": [0, 1, 2]},
        },
        "table": ["dice"],
        "over": "seed",
        "baseline": {"kind": "a"},
    }
    return StudyConfig.model_validate(tree | changes)


@pytest.fixture
def table():
    rows = [
        {"kind": kind, "seed": str(seed), "dice": value}
        for kind, values in DICE.items()
        for seed, value in enumerate(values)
    ]
    return Table(axes=["kind", "seed"], columns=["dice"], rows=rows)


def test_intervals_are_student_s(table):
    """0.8, 0.9 and 0.85 have a standard deviation of 0.05; t of 2 degrees of freedom is 4.3027."""
    first, second = means_of(study(), table).rows
    half = 4.302653 * 0.05 / 3**0.5
    assert (first["kind"], first["n"], first["dice"]) == ("a", 3, pytest.approx(0.85))
    assert first["dice_lower"] == pytest.approx(0.85 - half)
    assert first["dice_upper"] == pytest.approx(0.85 + half)
    assert (second["kind"], second["n"], second["dice"]) == ("b", 2, pytest.approx(0.875))


def test_differences_are_of_pairs_of_one_repetition(table):
    """0.02 and 0.03 are 0.005 √2 apart; t of 1 degree of freedom is 12.7062."""
    first, second = means_of(study(), table).rows
    assert "dice_difference" not in first
    assert second["dice_difference"] == pytest.approx(0.025)
    half = 12.7062 * 0.005
    assert second["dice_difference_lower"] == pytest.approx(0.025 - half, abs=1e-6)
    assert second["dice_difference_upper"] == pytest.approx(0.025 + half, abs=1e-6)


def test_without_a_baseline_there_are_no_differences(table):
    rows = means_of(study(baseline={}), table).rows
    assert not any("dice_difference" in row for row in rows)


def test_one_repetition_has_no_interval(table):
    table.rows[:] = [row for row in table.rows if row["seed"] == "0"]
    rows = means_of(study(), table).rows
    assert [(row["n"], row["dice"], row["dice_upper"]) for row in rows] == [
        (1, 0.8, None),
        (1, 0.82, None),
    ]


def test_a_study_that_repeats_nothing_has_no_means(table):
    assert means_of(study(over=None, baseline={}), table) is None


def test_markdown_has_half_of_each_interval(table):
    table.rows[3:] = [{"kind": "b", "seed": "0", "error": "it failed"}]
    assert means_of(study(), table).markdown().splitlines() == [
        "| kind | n | dice        | difference |",
        "| ---- | - | ----------- | ---------- |",
        "| a    | 3 | 0.85 ± 0.12 | –          |",
        "| b    | 0 | –           | –          |",
    ]
