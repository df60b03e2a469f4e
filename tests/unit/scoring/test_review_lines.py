"""What a calibration says of reviews."""

from __future__ import annotations

import numpy as np

from tfuq.calibration.referral import fit_referral
from tfuq.calibration.review import ReviewRules
from tfuq.scoring.review_lines import promise_text, review_lines


def rules(uncertainty, is_bad, **changes):
    settings = {
        "quality": "dice",
        "limit": 0.8,
        "unit": "1",
        "aggregation": "mean",
        "measure": "pairwise_dice",
    }
    referral = fit_referral(np.array(uncertainty, float), np.array(is_bad, bool), 0.1, 0.1)
    return ReviewRules(**(settings | changes), referral=referral)


def test_what_is_promised():
    agreement = np.linspace(0.99, 0.6, 100)
    some = promise_text(rules(-agreement, np.arange(100) >= 60))
    assert "cases with a mean pairwise Dice above 0.7536 are kept" in some
    assert "with confidence 0.9, at most 0.1 of the kept cases have a mean Dice below 0.8" in some
    everything = promise_text(rules(-agreement, [False] * 100))
    assert everything.startswith("every case is kept, however uncertain (a smaller --alpha of tfuq")
    assert "sets a threshold); with confidence 0.9, at most 0.1" in everything
    nothing = promise_text(rules(-agreement, [True] * 100))
    assert nothing.startswith("every case is referred: no threshold keeps the promise (100 of 100")


def test_how_many_cases_are_needed():
    text = promise_text(rules(range(20), [False] * 20))
    assert "needs 22 calibration cases even if none is bad, and there are 20" in text


def test_other_tasks():
    of_landmarks = rules(
        range(30), [False] * 30, quality="radial-error", limit=4.0, unit="mm", aggregation="worst"
    )
    assert "a worst radial error of 4 mm or more" in promise_text(of_landmarks)
    of_classes = rules(range(30), [False] * 30, quality="wrong-class", limit=0.5)
    assert "have a wrong class" in promise_text(of_classes)
    (line,) = review_lines(None)
    assert "--quality radial-error:10" in line
