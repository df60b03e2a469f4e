"""Widths (standard deviations) of the Gaussian posterior over weights, from stored arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfuq.networks.layers.seeded_weights import WIDTH_VARIABLE

_SUFFIX = f"/kernel_posterior_{WIDTH_VARIABLE}"


def layer_widths(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Standard deviations of the posterior of each variational layer's kernel.

    Args:
        arrays: a network's stored arrays by name.

    Returns:
        One array of the kernel's shape for each variational layer, by the layer's name. A network
        of point weights has none.
    """
    widths = {}
    for name, array in arrays.items():
        if name.endswith(_SUFFIX):
            layer_name = name.removesuffix(_SUFFIX)
            widths[layer_name] = np.logaddexp(0.0, array.astype(float))
    return widths


def median_width(arrays: Mapping[str, np.ndarray]) -> float | None:
    """Median standard deviation over all weights with a posterior; None where there are none."""
    widths = [width.ravel() for width in layer_widths(arrays).values()]
    if not widths:
        return None
    return float(np.median(np.concatenate(widths)))
