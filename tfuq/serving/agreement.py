"""Outputs of a reply that follow from others must do so.

Two that were exchanged, or turned, do not.
"""

from __future__ import annotations

import numpy as np

from tfuq.measures.resampled import entropy
from tfuq.serving.expectation import ROUNDING
from tfuq.serving.reply_error import ReplyError

Decoded = dict[str, np.ndarray]
_TOLERANCE = 1e-3  # how far outputs that follow from others may be off


def require_agreement(outputs: Decoded) -> None:
    """Refuse outputs that do not follow from others.

    Args:
        outputs: The outputs of a reply by name.

    Raises:
        ReplyError: One does not.
    """
    if "probability" not in outputs:
        return
    entropy_of_mean = entropy(outputs["probability"])
    require_close(
        outputs["predictive_entropy"],
        entropy_of_mean,
        "predictive_entropy is not that of probability",
    )
    names = outputs.keys()
    if {"mutual_information", "expected_entropy"} <= names:
        _require_mutual_information(outputs)
    if {"entropy_terms", "expected_entropy"} <= names:
        _require_entropy_terms(outputs)
    if {"votes", "variation_ratio"} <= names:
        _require_votes(outputs)
    if "label" in names and outputs["label"].dtype == np.uint8:
        _require_label(outputs)
    if {"variance", "standard_deviation"} <= names:
        _require_deviation(outputs)


def _require_mutual_information(outputs: Decoded) -> None:
    difference = outputs["predictive_entropy"] - outputs["expected_entropy"]
    require_close(
        outputs["mutual_information"],
        np.maximum(difference, 0.0),
        "mutual_information is not predictive_entropy less expected_entropy",
    )


def _require_entropy_terms(outputs: Decoded) -> None:
    sums = outputs["entropy_terms"].sum(-1)
    problem = "entropy_terms do not add up to expected_entropy"
    require_close(sums, outputs["expected_entropy"], problem)


def _require_votes(outputs: Decoded) -> None:
    largest = outputs["votes"].max(-1)
    problem = "variation_ratio is not that of votes"
    require_close(1.0 - largest, outputs["variation_ratio"], problem)


def _require_label(outputs: Decoded) -> None:
    probability = outputs["probability"]
    label = outputs["label"].astype(np.intp)
    of_label = np.take_along_axis(probability, label[..., None], -1)[..., 0]
    problem = "label is not the class of the largest probability"
    require_close(of_label, probability.max(-1), problem)


def _require_deviation(outputs: Decoded) -> None:
    """The square of the deviation is the variance of a class that is as probable as any."""
    probability = outputs["probability"]
    largest = probability.max(-1, keepdims=True)
    is_largest = probability >= largest - ROUNDING
    squared = np.square(outputs["standard_deviation"])
    differences = np.abs(outputs["variance"] - squared[..., None])
    least = np.where(is_largest, differences, np.inf).min(-1)
    require_close(least, 0.0, "standard_deviation is not the root of variance")


def require_close(values: np.ndarray, expected: np.ndarray | float, problem: str) -> None:
    """Refuse values that differ from those that are expected.

    Args:
        values: The values.
        expected: What they follow to be.
        problem: The refusal.

    Raises:
        ReplyError: They differ.
    """
    if not values.size:
        return
    largest = np.abs(values - expected).max()
    if not largest <= _TOLERANCE:  # NaN is no agreement
        raise ReplyError(problem)
