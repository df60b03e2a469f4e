"""Decisions and their reasons in words."""

from __future__ import annotations

import numpy as np

from tfuq.calibration.observed import Observed, Part
from tfuq.calibration.quality import Estimate
from tfuq.calibration.quality_kinds import DICE, RADIAL_ERROR, WRONG_CLASS
from tfuq.calibration.referral import fit_referral
from tfuq.calibration.review import ReviewRules
from tfuq.workflows.review.reasons import KEEP, REFER, decide, estimate_text


def rules(bad_from, cases=100):
    agreement = np.linspace(0.99, 0.6, cases)
    return ReviewRules(
        quality="dice",
        limit=0.8,
        unit="1",
        aggregation="mean",
        measure="pairwise_dice",
        referral=fit_referral(-agreement, np.arange(cases) >= bad_from, 0.1, 0.1),
    )


def case(agreement, unlike=()):
    measures = {} if agreement is None else {"pairwise_dice": agreement}
    return Observed(case="a", parts=[Part(name="x", measures=measures)], unlike=unlike)


def test_refer_and_keep_beside_the_threshold():
    kept = decide(case(0.9), rules(60))
    assert (kept.text, kept.reasons) == (KEEP, ("mean pairwise Dice 0.9 is above 0.7536",))
    referred = decide(case(0.7), rules(60))
    assert (referred.text, referred.reasons) == (
        REFER,
        ("mean pairwise Dice 0.7 is not above 0.7536",),
    )
    assert decide(case(None), rules(60)).reasons == ("mean pairwise Dice is not defined",)


def test_an_unlike_image_is_referred_for_that_reason():
    for bad_from in (60, 100):
        found = decide(case(0.99, ("voxel size 3",)), rules(bad_from))
        assert (found.text, found.reasons) == (REFER, ("unlike the training data: voxel size 3",))


def test_rules_without_a_threshold():
    assert decide(case(0.1), rules(100)).text == KEEP
    everything = decide(case(0.99), rules(0))
    assert everything.text == REFER
    assert "every case is referred" in everything.reasons[0]
    assert decide(case(0.99), rules(10, cases=10)).text is None
    assert decide(case(0.99), None).text is None


def test_what_is_expected():
    estimate = Estimate(expected=0.712, lower=0.6, upper=0.8, bound=0.551)
    assert list(estimate_text(estimate, DICE, "1")) == ["estimated Dice 0.71, at least 0.55"]
    assert list(estimate_text(estimate, RADIAL_ERROR, "mm")) == [
        "estimated radial error 0.71 mm, at most 0.55 mm"
    ]
    unbound = Estimate(expected=0.25, lower=0.2, upper=0.3, bound=None)
    assert list(estimate_text(unbound, DICE, "1")) == ["estimated Dice 0.25"]
    assert list(estimate_text(unbound, WRONG_CLASS, "1")) == ["wrong with a probability of 0.25"]
    assert list(estimate_text(None, DICE, "1")) == []
