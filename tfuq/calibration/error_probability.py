"""The probability that a class is wrong, from one measure of uncertainty: Venn–Abers prediction.

An isotonic regression of right (0) and wrong (1) on the uncertainty is fitted twice on the
calibration cases and the new one, which is once called right and once wrong. The two values at the
new case, p₀ ≤ p₁, are the interval. One of them is perfectly calibrated whatever the measure, as
long as cases are exchangeable. The estimate is p₁ / (1 − p₀ + p₁), which minimizes the regret in
logarithmic loss. The measure is chosen beforehand, so nothing has to be cross-fitted.

References:
    Vovk & Petej 2014, Venn–Abers predictors, UAI.
    Vovk, Petej & Fedorova 2015, Large-scale probabilistic predictors with and without guarantees of
    validity, NeurIPS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from tfuq.calibration.quality import Estimate

Finite = Annotated[float, Field(ge=-1e12, le=1e12)]
Group = Annotated[int, Field(ge=1, le=10**9)]


@dataclass(kw_only=True)
class ErrorProbability:
    """Calibration cases grouped by uncertainty, each list in rising order of it.

    Attributes:
        uncertainties: that occur.
        cases: that have each.
        wrong: those of them whose class is wrong.
    """

    uncertainties: list[Finite]
    cases: list[Group]
    wrong: list[Annotated[int, Field(ge=0, le=10**9)]]

    def is_consistent(self) -> bool:
        """Whether the lists belong together."""
        if not len(self.uncertainties) == len(self.cases) == len(self.wrong) > 0:
            return False
        rises = np.all(np.diff(self.uncertainties) > 0)
        return bool(rises) and all(np.array(self.wrong) <= np.array(self.cases))

    def estimate(self, uncertainty: float) -> Estimate:
        """The probability that a case is wrong.

        Args:
            uncertainty: of the case; one that is missing (NaN) counts as the largest.
        """
        if math.isnan(uncertainty):
            uncertainty = math.inf
        place = int(np.searchsorted(self.uncertainties, uncertainty))
        is_new = place == len(self.uncertainties) or self.uncertainties[place] != uncertainty
        low = self._isotonic(place, 0, is_new=is_new)
        high = self._isotonic(place, 1, is_new=is_new)
        return Estimate(expected=high / (1 - low + high), lower=low, upper=high, bound=None)

    def _isotonic(self, place: int, wrong: int, *, is_new: bool) -> float:
        """The isotonic regression at the new case, which is called wrong or not."""
        from sklearn.isotonic import isotonic_regression

        cases = np.array(self.cases, float)
        errors = np.array(self.wrong, float)
        if is_new:
            cases = np.insert(cases, place, 0.0)
            errors = np.insert(errors, place, 0.0)
        cases[place] += 1
        errors[place] += wrong
        fitted = isotonic_regression(errors / cases, sample_weight=cases, y_min=0.0, y_max=1.0)
        return float(fitted[place])


def fit_error_probability(uncertainty: np.ndarray, is_wrong: np.ndarray) -> ErrorProbability | None:
    """Group calibration cases by uncertainty.

    Args:
        uncertainty: of n cases, ``[n]``; cases whose uncertainty is infinite are left out.
        is_wrong: of the same cases, ``[n]``, bool.

    Returns:
        None where no case is left.
    """
    present = np.isfinite(uncertainty)
    if not present.any():
        return None
    values, group = np.unique(uncertainty[present], return_inverse=True)
    return ErrorProbability(
        uncertainties=values.tolist(),
        cases=np.bincount(group).tolist(),
        wrong=np.bincount(group, np.asarray(is_wrong, float)[present]).astype(int).tolist(),
    )
