"""What a small number of samples T does to the measures, and estimates without that bias.

T samples spread about their own mean, which lies closer to them than the mean of many samples
would. So the variance of T samples is on average the true one times 1 − 1/T, and T = 3 seems to
spread a third less than T = 30. The files that ``tfuq predict`` writes keep these plain formulas.
Where a table shows methods of different T, it takes the estimates of `unbiased` instead:

* Variances, times T/(T − 1): exact.
* Standard deviations, coefficients of variation and mean radial spreads, times √(T/(T − 1)): the
  root of the exact variance. It is exact for the mean radial spread of normally distributed
  samples.
* Mutual information, times T/(T − 1): to first order. It is a variance to the second order of the
  deviations (Σ_k Var p_k / 2 p̄_k), for which the factor is exact; the rest is of higher order. It
  needs no second look at the samples, which are not kept, and agrees with the jackknife to that
  order.

Samples count as independent. Those of one member of an ensemble are not: what a hybrid of M members
says of their differences stays too small by up to 1/M.

No estimate without bias is known for a variation ratio, for a share of voxels above a limit, or for
a spread by percentiles. They rise with T, and tables of methods of different T leave them out.
Predictive entropy belongs to the prediction as it was made from its T samples, as Dice and the
likelihood do, and stays. Pairwise Dice is a mean over pairs of different samples and has no such
bias.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from tfuq.measures.catalogue import MEASURES


def unbiased(measures: Mapping[str, float | None], samples: int) -> dict[str, float | None]:
    """Measures of T samples, or means of them, without the bias of a small T.

    Args:
        measures: values by the names of ``structures.csv``, ``landmarks.csv``, ``predictions.csv``
            and ``cases.csv``.
        samples: T. One sample has no spread, so nothing changes.

    Returns:
        Values by the same names. Those without a bias stay as they are.
    """
    if samples < 2:
        return dict(measures)
    estimates: dict[str, float | None] = {}
    for name, value in measures.items():
        if value is None:
            estimates[name] = None
        else:
            estimates[name] = _unbiased(name, value, measures, samples)
    return estimates


def _unbiased(name: str, value: float, measures: Mapping[str, float | None], samples: int) -> float:
    factor = samples / (samples - 1)
    measure = MEASURES.get(name)
    if measure is None:
        return value
    if measure.bias == "variance":
        return value * factor
    if measure.bias == "root of a variance":
        return value * math.sqrt(factor)
    if measure.biased_summand is not None:
        biased_summand = measures.get(measure.biased_summand) or 0.0
        return value + biased_summand * (factor - 1)
    return value
