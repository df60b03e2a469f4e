"""What a calibration knows for a review: choices, qualities of cases, and what is fitted."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from pydantic import TypeAdapter

from tests.support.observed import part
from tfuq.calibration.observed import WHOLE, Observed, Part
from tfuq.calibration.quality_kinds import DICE, WRONG_CLASS
from tfuq.calibration.review import ReviewChoices, ReviewRules, check_choices, fit_review
from tfuq.errors import DataError


def observed(count, rng):
    made = []
    for number in range(count):
        spread = rng.uniform(0, 0.3)
        dice = float(np.clip(1 - spread + rng.normal(0, 0.02), 0, 1))
        made.append(Observed(case=f"{number:03}", parts=[part("x", 1 - spread, dice)]))
    return made


def test_rules_are_fitted_and_kept_as_json():
    cases = observed(100, np.random.default_rng(0))
    rules = fit_review(cases, DICE, ReviewChoices(quality="dice:0.8"), alpha=0.1)
    bad = sum(case.parts[0].quality < 0.8 for case in cases)
    assert (rules.referral.cases, rules.referral.bad, rules.measure) == (100, bad, "pairwise_dice")
    assert rules.referral.outcome == "keeps some"
    assert rules.estimate(part("x", 0.95)).expected > rules.estimate(part("x", 0.8)).expected
    assert rules.estimate(part("unknown", 0.95)) is None
    read = TypeAdapter(ReviewRules).validate_json(json.dumps(asdict(rules)))
    assert read == rules
    assert read.is_consistent()


@pytest.mark.parametrize(
    ("measure", "name", "side"),
    [
        ("pairwise_dice", "mean pairwise Dice", "above"),
        ("mean_entropy", "mean predictive entropy in the structure", "below"),
    ],
)
def test_a_measure_of_cases_is_no_mean_of_a_mean_in_words(measure, name, side):
    cases = observed(100, np.random.default_rng(0))
    rules = replace(fit_review(cases, DICE, ReviewChoices(), alpha=0.1), measure=measure)
    assert (rules.case_measure, rules.certain_side) == (name, side)


@pytest.mark.parametrize(
    "changes",
    [{"quality": "nobody"}, {"quality": "radial-error"}, {"limit": 34.0}, {"measure": "volume"}],
)
def test_rules_that_were_altered_do_not_fit_together(changes):
    rules = fit_review(observed(100, np.random.default_rng(0)), DICE, ReviewChoices(), alpha=0.1)
    assert not replace(rules, **changes).is_consistent()
    contrary = replace(rules, referral=replace(rules.referral, threshold=None))
    assert not contrary.is_consistent(), "keeps some, and would keep all"


def test_the_order_of_cases_changes_nothing():
    cases = observed(40, np.random.default_rng(0))
    assert fit_review(cases, DICE, ReviewChoices(), alpha=0.1) == fit_review(
        cases[::-1], DICE, ReviewChoices(), alpha=0.1
    )


def test_classes_have_a_probability_of_an_error():
    rng = np.random.default_rng(0)
    cases = []
    for number in range(200):
        entropy = rng.random()
        made = Part(
            name=WHOLE,
            measures={"predictive_entropy": entropy},
            quality=float(rng.random() < 0.5 * entropy),
        )
        cases.append(Observed(case=f"{number:03}", parts=[made]))
    rules = fit_review(cases, WRONG_CLASS, ReviewChoices(), alpha=0.1)
    sure, unsure = (Part(name=WHOLE, measures={"predictive_entropy": u}) for u in (0.05, 0.95))
    assert rules.estimate(sure).expected < 0.2 < rules.estimate(unsure).expected
    assert rules.models == {}


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        (ReviewChoices(delta=1.0), "--delta 1"),
        (ReviewChoices(quality="radial-error:3"), "--quality radial-error:3"),
        (ReviewChoices(measure="volume_mm3"), "--refer-by volume_mm3: is no measure of uncert"),
        (ReviewChoices(measure="nothing"), "--refer-by nothing"),
        (ReviewChoices(measure="variation_ratio"), "is no measure of uncertainty of this task"),
        (ReviewChoices(measure="mean_entrop"), "did you mean 'mean_entropy'"),
    ],
)
def test_choices_are_refused_before_any_case_is_predicted(choices, words):
    with pytest.raises(DataError, match=words):
        check_choices(choices, DICE)
    check_choices(ReviewChoices(measure="mean_entropy"), DICE)


def test_a_measure_that_is_not_there_is_refused():
    cases = observed(30, np.random.default_rng(0))
    with pytest.raises(DataError, match="--refer-by volume: is no measure here; give one of pairw"):
        fit_review(cases, DICE, ReviewChoices(measure="volume"), alpha=0.1)
