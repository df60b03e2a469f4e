"""What a small number of samples T does to the measures, and estimates of them that it does not bias.

T samples spread about their own mean, which lies closer to them than the mean that many samples would have. So the variance of
T samples is on average the true one times 1 − 1/T, and T = 3 seems to spread a third less than T = 30. The files that ``tfuq
predict`` writes keep these plain formulas. Where methods of different T stand side by side, tables take the estimates of
`unbiased` instead:

* Variances, times T/(T − 1): exact.
* Standard deviations, coefficients of variation and mean radial spreads, times √(T/(T − 1)): the root of the exact variance; exact
  for the mean radial spread of normally distributed samples.
* Mutual information, times T/(T − 1): to first order. It is a variance to the second order of the deviations (Σ_k Var p_k / 2 p̄_k),
  which is exact; what is left is of higher order. It needs no second look at the samples, which are not kept, and agrees with
  the jackknife to that order.

Samples count as independent. Those of one member of an ensemble are not: what a hybrid of M members says of their differences
stays too small by up to 1/M.

No estimate without bias is known of a variation ratio, of a share of voxels above a limit, or of a spread by percentiles. They
rise with T, and tables of methods of different T leave them out. Predictive entropy is that of the prediction as it was made
of its T samples, as Dice and the likelihood are, and stays. Pairwise Dice is a mean over pairs of different samples and has no
such bias.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from tfuq.data.units import in_every_unit

_VARIANCES = (
    "variance", "variance_mm", "epistemic_variance", "epistemic_variance_mm", "volume_dispersion",
    "mutual_information", "image_mutual_information", "patch_maximum_mutual_information",
    "mean_mutual_information", "boundary_mutual_information",
)  # fmt: skip
_ROOTS = (
    "standard_deviation", "image_standard_deviation", "patch_maximum_standard_deviation",
    "coefficient_of_variation", "mean_radial_spread", "mean_radial_spread_mm", *in_every_unit(["volume_std_mm3"]),
)  # fmt: skip
_SUMS = {"total_variance": "variance", "total_variance_mm": "variance_mm"}  # and the part that is a variance
BIASED = (*_VARIANCES, *_ROOTS, *_SUMS)
DEPEND_ON_SAMPLES = (
    "variation_ratio", "image_variation_ratio", "patch_maximum_variation_ratio", "uncertain_share_predictive_entropy",
    "uncertain_share_expected_entropy", "uncertain_share_mutual_information", "uncertain_share_variation_ratio",
    "uncertain_share_standard_deviation",
)  # fmt: skip


def unbiased(measures: Mapping[str, float | None], samples: int) -> dict[str, float | None]:
    """Measures (or means of them) of T samples without the bias of a small T, by name; those that have none stay as they are.

    Args:
        measures: values by the names of ``structures.csv``, ``landmarks.csv``, ``predictions.csv`` and ``cases.csv``.
        samples: T. One sample has no spread, so of it nothing changes.
    """
    if samples < 2:
        return dict(measures)
    return {name: _unbiased(name, value, measures, samples) for name, value in measures.items()}


def _unbiased(name: str, value: float | None, measures: Mapping[str, float | None], samples: int) -> float | None:
    factor = samples / (samples - 1)
    if value is None:
        return None
    if name in _VARIANCES:
        return value * factor
    if name in _ROOTS:
        return value * math.sqrt(factor)
    if name in _SUMS:
        return value + (measures.get(_SUMS[name]) or 0.0) * (factor - 1)
    return value
