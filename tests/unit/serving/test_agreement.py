"""Outputs that follow from others must do so."""

import numpy as np
import pytest

from tfuq.serving.agreement import require_agreement, require_close
from tfuq.serving.reply_error import ReplyError

MEAN = np.array([[0.75, 0.25], [0.5, 0.5]])
ENTROPY = np.array([0.5623351446188083, 0.6931471805599453])  # −Σ p log p by hand
SOUND = {
    "probability": MEAN,
    "predictive_entropy": ENTROPY,
    "expected_entropy": ENTROPY - 0.1,
    "mutual_information": np.array([0.1, 0.1]),
    "entropy_terms": np.stack([ENTROPY - 0.3, [0.2, 0.2]], -1),
    "votes": np.array([[1.0, 0.0], [0.25, 0.75]]),
    "variation_ratio": np.array([0.0, 0.25]),
    "label": np.array([0, 1], np.uint8),
    "variance": np.array([[0.04, 0.04], [0.01, 0.09]]),
    "standard_deviation": np.array([0.2, 0.3]),  # of either class, where both are as probable
}


def test_outputs_that_agree_are_taken():
    require_agreement(SOUND)
    require_agreement({"landmarks": np.zeros((1, 2, 3))})


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("predictive_entropy", ENTROPY[::-1], "predictive_entropy is not that of probability"),
        ("mutual_information", np.array([0.1, 0.2]), "is not predictive_entropy less expected"),
        ("entropy_terms", SOUND["entropy_terms"] * 2, "do not add up to expected_entropy"),
        ("variation_ratio", np.array([0.25, 0.0]), "variation_ratio is not that of votes"),
        ("label", np.array([1, 1], np.uint8), "label is not the class of the largest"),
        ("standard_deviation", np.array([0.2, 0.2]), "is not the root of variance"),
        ("predictive_entropy", ENTROPY * np.nan, "predictive_entropy is not that of probability"),
    ],
)
def test_one_that_was_changed_is_refused(name, values, words):
    with pytest.raises(ReplyError, match=words):
        require_agreement(SOUND | {name: values})


def test_a_small_negative_difference_of_entropies_is_no_information():
    """What rounding leaves below zero is served as zero."""
    require_agreement(SOUND | {"expected_entropy": ENTROPY + 5e-4, "mutual_information": 0 * ENTROPY,
                               "entropy_terms": np.stack([ENTROPY, 0 * ENTROPY], -1)})  # fmt: skip


@pytest.mark.parametrize(("off", "is_refused"), [(0.0009, False), (0.0011, True), (np.nan, True)])
def test_values_are_close_to_a_thousandth(off, is_refused):
    values = np.array([0.5, 0.5 - off])
    if not is_refused:
        return require_close(values, 0.5, "differs")
    with pytest.raises(ReplyError, match="differs"):
        require_close(values, 0.5, "differs")


def test_nothing_agrees_with_anything():
    require_close(np.zeros((0, 3)), 1.0, "differs")
