"""The rule of referral and the estimates of a review, beside what scores say."""

import numpy as np
import pytest

from tests.support.reviewed_run import reviewed_run
from tfuq.data.json_csv import read_table
from tfuq.report.page.review_promises import review_promises
from tfuq.report.page.reviewed import review_of
from tfuq.report.page.sources import read_sources


@pytest.fixture(scope="module")
def reviewed(scored_tasks, tmp_path_factory):
    return reviewed_run(scored_tasks["segmentation"][0], tmp_path_factory.mktemp("reviewed"))


def tables_of(scores):
    """Dice by case and structure, and the rows of the review."""
    dice = {}
    for row in read_table(scores / "cases.csv", (), ""):
        if row["class"] != "all":
            dice[row["case"], row["class"]] = float(row["dice"])
    path = scores.parents[1] / "reviews" / scores.name / "review.csv"
    return dice, read_table(path, (), "")


def promises(folder):
    (source,) = read_sources([folder])
    return list(review_promises(source, review_of(source)))


def test_the_share_of_bad_cases_among_those_kept(reviewed):
    dice, rows = tables_of(reviewed)
    kept = {row["case"] for row in rows if row["decision"] == "keep"}
    means = {}
    for (case, _), value in dice.items():
        means.setdefault(case, []).append(value)
    bad = [np.mean(means[case]) < 0.6 for case in kept]
    assert bad, "the test is of a rule that keeps some"
    rule, *_ = promises(reviewed)
    assert rule.seen == pytest.approx(np.mean(bad))
    assert rule.cases == len(kept)
    assert rule.promised == "at most 0.3, with confidence 0.8"
    referred = len(means) - len(kept)
    assert rule.size == f"{referred} of {len(means)} cases referred"
    assert rule.band[0] <= rule.seen
    assert rule.is_broken == (rule.seen > rule.band[1])


def test_bounds_of_each_structure(reviewed):
    dice, rows = tables_of(reviewed)
    _, *bounds = promises(reviewed)
    names = list(dict.fromkeys(row["structure"] for row in rows))
    assert [bound.text.split(":")[0] for bound in bounds] == sorted(names, key=[
        bound.text.split(":")[0] for bound in bounds].index)  # fmt: skip
    for bound in bounds:
        name = bound.text.split(":")[0]
        of_name = [row for row in rows if row["structure"] == name]
        held = [dice[row["case"], name] >= float(row["dice_at_least"]) for row in of_name]
        errors = [abs(dice[r["case"], name] - float(r["estimated_dice"])) for r in of_name]
        assert bound.seen == pytest.approx(np.mean(held))
        assert f"off by {np.mean(errors):.3g} on average" in bound.size
        assert bound.promised == "at least 0.7"
        assert bound.calibrated_on == 30


def test_without_scores_nothing_is_seen(reviewed):
    assert promises(reviewed.parents[1] / "predictions" / reviewed.name) == []
