"""Voxel-level maps from the statistics that the reducers gathered (natural logarithms)."""

from __future__ import annotations

import tensorflow as tf

from tfuq.reducers import EntropyTerms, Moments, Reducer, Votes, chosen_class

_TINY = 1e-30
SINGLE_SAMPLE_MAPS = ("predictive_entropy",)
UNCERTAINTY_MAPS = (
    "predictive_entropy",
    "expected_entropy",
    "mutual_information",
    "variation_ratio",
    "standard_deviation",
)


def voxel_reducers() -> tuple[Reducer, ...]:
    """What must be gathered for `voxel_maps`."""
    return Moments(), EntropyTerms(), Votes()


def entropy(p: tf.Tensor) -> tf.Tensor:
    """H[p] over the last axis."""
    return -tf.reduce_sum(p * tf.math.log(tf.maximum(p, _TINY)), axis=-1)


def voxel_maps(statistics: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """``probability [N, *S, K]`` and the uncertainty maps ``[N, *S]``; their names follow Gal 2016 and Houlsby 2011.

    ``mutual_information`` is predictive less expected entropy, held at 0 against rounding.
    """
    mean = statistics["mean"]
    predictive = entropy(mean)
    expected = tf.reduce_sum(statistics["entropy_terms"], axis=-1)
    label = chosen_class(mean)
    variance = tf.gather(statistics["variance"], label, axis=-1, batch_dims=len(label.shape))
    return {
        "probability": mean,
        "predictive_entropy": predictive,
        "expected_entropy": expected,
        "mutual_information": tf.maximum(predictive - expected, 0.0),
        "variation_ratio": 1.0 - statistics["modal_share"],
        "standard_deviation": tf.sqrt(tf.maximum(variance, 0.0)),
    }
