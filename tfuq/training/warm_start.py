"""Variational training that starts from the weights of a network without a posterior."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tf_keras

from tfuq.errors import TfuqError
from tfuq.networks.weights import assign_arrays, model_arrays


def warm_start(model: tf_keras.Model, point_weights: Mapping[str, np.ndarray], source: str) -> None:
    """Start the posterior means from point weights; the widths stay as configured.

    Args:
        model: The variational network.
        point_weights: Weights by the names of variables.
        source: The file of the weights, for messages.

    Raises:
        TfuqError: The weights are of another network.
    """
    arrays = model_arrays(model)
    for name in arrays:
        if name.endswith("untransformed_scale"):
            continue
        point_name = _point_name(name)
        if point_name not in point_weights:
            raise TfuqError(
                f"variational.warm_start: {source} has no weights '{point_name}'; "
                "it must be of the same network"
            )
        arrays[name] = point_weights[point_name]
    assign_arrays(model, arrays, where=source)


def _point_name(name: str) -> str:
    """The name that the weights of a posterior mean have in a network without a posterior."""
    kernel = name.replace("/kernel_posterior_loc", "/kernel")
    return kernel.replace("/bias_posterior_loc", "/bias")
