"""Voxel-level maps from the statistics that the reducers gathered (natural logarithms)."""

from __future__ import annotations

import tensorflow as tf

from tfuq.measures.reducers import EntropyTerms, Moments, Reducer, Votes, chosen_class
from tfuq.measures.reducers.combined import COMBINED

_LEAST_PROBABILITY = 1e-30  # its logarithm is finite


def voxel_reducers() -> tuple[Reducer, ...]:
    """The reducers whose statistics `voxel_maps` needs."""
    return Moments(), EntropyTerms(), Votes()


def entropy(p: tf.Tensor) -> tf.Tensor:
    """H[p] over the last axis, in nat."""
    logarithm = tf.math.log(tf.maximum(p, _LEAST_PROBABILITY))
    return -tf.reduce_sum(p * logarithm, axis=-1)


def voxel_maps(statistics: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """The probability, which is the mean unless it was combined otherwise, and uncertainty maps.

    Mutual information is predictive less expected entropy, held at 0 against rounding.

    The maps are those of the samples, however these are combined: of the mean, and of the label's
    class.

    Args:
        statistics: what `voxel_reducers` gathered, by name, and a reducer of `combined` if any.

    Returns:
        ``probability [N, *S, K]``, and maps ``[N, *S]`` by the names of
        `tfuq.measures.catalogue.OF_VOXELS`;
        entropies and mutual information are in nat.

    References:
        Gal 2016, Uncertainty in deep learning; Houlsby et al. 2011 (names of the measures).
    """
    mean = statistics["mean"]
    predictive = entropy(mean)
    expected = tf.reduce_sum(statistics["entropy_terms"], axis=-1)
    combined = statistics.get(COMBINED, mean)
    label = chosen_class(combined)
    variance = tf.gather(
        statistics["variance"],
        label,
        axis=-1,
        batch_dims=len(label.shape),
    )
    return {
        "probability": combined,
        "predictive_entropy": predictive,
        "expected_entropy": expected,
        "mutual_information": tf.maximum(predictive - expected, 0.0),
        "variation_ratio": 1.0 - statistics["modal_share"],
        "standard_deviation": tf.sqrt(tf.maximum(variance, 0.0)),
    }
