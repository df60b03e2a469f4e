"""What a calibration knows for a review: choices, qualities of cases, and what is fitted."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from pydantic import TypeAdapter

from tfuq.calibration.review import (
    DICE,
    RADIAL_ERROR,
    WHOLE,
    WRONG_CLASS,
    Observed,
    Part,
    ReviewChoices,
    ReviewRules,
    case_quality,
    case_uncertainty,
    check_choices,
    fit_review,
    is_bad,
    parse_quality,
    part_of,
)
from tfuq.errors import DataError


def part(name, agreement, quality=None, counts=True):
    measures = {} if agreement is None else {"pairwise_dice": agreement}
    return Part(name=name, measures=measures, counts=counts, quality=quality)


TWO = Observed(
    case="a", parts=[part("x", 0.9, 0.8), part("y", 0.7, 0.5), part("both", 0.1, 0.0, False)]
)


def test_a_case_has_the_mean_or_the_worst_of_its_structures_without_regions():
    assert case_quality(TWO, DICE, "mean") == pytest.approx(0.65)
    assert case_quality(TWO, DICE, "worst") == 0.5
    assert case_quality(TWO, RADIAL_ERROR, "worst") == 0.8
    assert case_uncertainty(TWO, "pairwise_dice", "mean") == pytest.approx(-0.8)
    assert case_uncertainty(TWO, "pairwise_dice", "worst") == -0.7


def test_a_missing_measure_and_an_unlike_image_are_infinitely_uncertain():
    missing = Observed(case="a", parts=[part("x", None), part("y", 0.9)])
    unlike = Observed(case="a", parts=[part("x", 0.9)], unlike=["voxel size"])
    for case in (missing, unlike):
        assert case_uncertainty(case, "pairwise_dice", "mean") == math.inf
    assert case_quality(missing, DICE, "mean") is None


def test_what_is_bad():
    assert is_bad(0.79, DICE, 0.8)
    assert not is_bad(0.8, DICE, 0.8)
    assert is_bad(4.0, RADIAL_ERROR, 4.0)
    assert not is_bad(3.9, RADIAL_ERROR, 4.0)
    assert is_bad(1.0, WRONG_CLASS, 0.5)


def test_qualities_that_are_named():
    assert parse_quality("dice:0.7", DICE, 0.8) == (0.7, "mean")
    assert parse_quality("worst-dice", DICE, 0.8) == (0.8, "worst")
    assert parse_quality(None, DICE, 0.8) == (0.8, "mean")
    assert parse_quality("worst-radial-error:2", RADIAL_ERROR, None) == (2.0, "worst")
    assert parse_quality("wrong-class", WRONG_CLASS, 0.5) == (0.5, "mean")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("dice:1.2", DICE),
        ("dice:0", DICE),
        ("dice:nan", DICE),
        ("dice:half", DICE),
        ("hd95:3", DICE),
        ("radial-error:4", DICE),
        ("radial-error:inf", RADIAL_ERROR),
        ("wrong-class:0.3", WRONG_CLASS),
        ("", DICE),
    ],
)
def test_qualities_that_are_refused(text, kind):
    with pytest.raises(DataError, match=f"--quality {text}"):
        parse_quality(text, kind, None)


def test_a_part_has_the_ranked_measures_as_tables_round_them():
    row = {"case": "a", "volume_mm3": 3.0, "pairwise_dice": 0.123456789, "mean_entropy": None}
    made = part_of("x", row, "structure", quality=0.5)
    assert made.measures == {"pairwise_dice": 0.123457}
    assert part_of(WHOLE, {"predictive_entropy": "0.25"}, "image").measures == {
        "predictive_entropy": 0.25
    }


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
