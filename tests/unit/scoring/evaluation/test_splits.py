"""Scores of each part of the split, where predictions are of other cases than those of the test."""

import pytest

from tests.support import references
from tfuq.runs.results import Manifest
from tfuq.scoring.evaluation.scores import Scores
from tfuq.scoring.evaluation.splits import enter_splits

SPLIT = {"train": ["a", "b", "c"], "validation": ["d"], "test": ["e", "f", "g"]}
DICE = dict(zip("abcdefg", (0.9, 0.8, 0.7, 0.6, 0.3, 0.5, 0.4), strict=True))
OVERLAP = dict(zip("abcdefg", (0.7, 0.8, 0.9, 0.5, 0.1, 0.2, 0.3), strict=True))


def manifest(split):
    facts = {"run": "r", "method": "vi", "samples": 3, "seed": 0, "weights_digest": ["1"]}
    return Manifest(**facts, tfuq_version="1", split=split)


@pytest.fixture
def scores():
    cases = []
    structures = []
    for case, dice in DICE.items():
        cases.append({"case": case, "class": "ball", "dice": dice})
        row = {"case": case, "class": "ball", "component": "all", "dice": dice}
        structures.append({**row, "pairwise_dice": OVERLAP[case]})
    summary = {"spearman_with_dice": {}}
    return Scores(cases=cases, summary=summary, tables={"structures": structures})


def test_each_part_has_its_means_and_correlations(scores):
    enter_splits(scores, manifest("all"), SPLIT)
    assert [row["split"] for row in scores.cases] == [*["train"] * 3, "validation", *["test"] * 3]
    by_split = scores.summary["by_split"]
    for part, ids in SPLIT.items():
        found = by_split[part]["ball"]["dice"]
        assert found["n"] == len(ids)
        assert found["mean"] == pytest.approx(sum(DICE[case] for case in ids) / len(ids))
    correlations = scores.summary["spearman_by_split"]
    for part in ("train", "test"):
        dice = [DICE[case] for case in SPLIT[part]]
        expected = references.spearman([OVERLAP[case] for case in SPLIT[part]], dice)
        found = correlations[part]["ball"]["pairwise_dice"]
        assert (found["rho"], found["n"]) == (pytest.approx(expected), 3)
    assert correlations["validation"]["ball"]["pairwise_dice"]["rho"] is None


@pytest.mark.parametrize("split", [None, "test"])
def test_predictions_of_test_cases_alone_stay_as_they_are(scores, split):
    enter_splits(scores, manifest(split), SPLIT)
    assert "split" not in scores.cases[0]
    assert set(scores.summary) == {"spearman_with_dice"}


def test_a_case_that_no_part_has_counts_for_none(scores):
    enter_splits(scores, manifest("train"), {"train": ["a"]})
    assert [row["split"] for row in scores.cases] == ["train", *[None] * 6]
    assert list(scores.summary["by_split"]) == ["train"]
