"""Widths (standard deviations) of the Gaussian posterior over a network's weights, from its stored arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfuq.layers.variational import WIDTH_VARIABLE


def layer_widths(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Standard deviations of the posterior of each variational layer's kernel, by the layer's name; empty for point weights."""
    suffix = f"/kernel_posterior_{WIDTH_VARIABLE}"
    return {
        name.removesuffix(suffix): np.logaddexp(0.0, array.astype(float))
        for name, array in arrays.items()
        if name.endswith(suffix)
    }


def median_width(arrays: Mapping[str, np.ndarray]) -> float | None:
    """Median standard deviation over all weights that have a posterior; None where no weight has one."""
    widths = [width.ravel() for width in layer_widths(arrays).values()]
    return float(np.median(np.concatenate(widths))) if widths else None
