"""The quality of a case that nobody has labelled, from its measures of uncertainty.

The shortfall of a structure is 1 − Dice, or log(1 + radial error). It is estimated by a ridge
regression on all measures that order structures by certainty, each as a standardized logarithm. No
weight is negative, so the estimate never gets better as a measure becomes less certain. The ridge
penalty is that of `_PENALTY` cases: few calibration cases give an estimate near their mean.

* The estimate is fitted on all calibration cases. Its interval holds the middle 90 % of the
  residuals of cross-fitting: each case is estimated by a fit on the other folds.
* The bound is split-conformal, and a case is its unit. A second fit on one half of the cases is
  shifted by the ⌈(m + 1)(1 − α)⌉-th smallest residual of the m cases of the other half. A new case
  of the same population is better than the bound with a probability of at least 1 − α, whatever the
  fit is worth. This is so for each structure by itself, on average over calibration sets.

References:
    Papadopoulos et al. 2002, Inductive confidence machines for regression (split conformal).
    Hoerl & Kennard 1970 (ridge regression).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from tfuq.calibration.conformal import conformal_quantile, quantile_rank
from tfuq.measures.catalogue import MEASURES

LEAST_CASES = 6  # that an estimate is fitted on
_PENALTY = 60.0  # of the ridge, in cases
_FOLDS = 10
_TAIL = 0.05  # of the residuals, on either side
_LEAST = 1e-6  # of a measure whose logarithm is taken
_FARTHEST = 3.0  # standard deviations from the mean that a measure counts for
_SEED = 0

Scale = Literal["dice", "error"]
Finite = Annotated[float, Field(ge=-1e12, le=1e12)]
NotNegative = Annotated[float, Field(ge=0, le=1e12)]
Measured = Mapping[str, float]  # measures by name


@dataclass(kw_only=True)
class Fit:
    """A linear estimate of the shortfall; every list has the length of the measures.

    Attributes:
        means: of the transformed measures.
        spreads: their standard deviations.
        weights: at least 0.
        intercept: the shortfall at the means.
    """

    means: list[Finite]
    spreads: list[NotNegative]
    weights: list[NotNegative]
    intercept: Finite

    def shortfall(self, transformed: np.ndarray) -> np.ndarray:
        """Estimate n cases, ``[n]``, from their measures ``[n, m]`` as `transform` gives them."""
        standard = _standardized(transformed, np.array(self.means), np.array(self.spreads))
        estimated: np.ndarray = self.intercept + standard @ np.array(self.weights)
        return estimated


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What is expected of a structure of a case, in the scale of the quality.

    Attributes:
        expected: the estimate.
        lower: lower end of the interval of cross-fitted residuals.
        upper: upper end.
        bound: a Dice is at least that, or an error at most, with 1 − α; None where the calibration
            cases were too few.
    """

    expected: float
    lower: float
    upper: float
    bound: float | None


@dataclass(kw_only=True)
class QualityModel:
    """Estimates the quality of one structure.

    Attributes:
        scale: what the quality is.
        measures: names of the m measures that it uses.
        cases: how many it was fitted on.
        error: mean absolute error of the cross-fitted estimates, in the scale of the quality.
        whole: fitted on all cases.
        residuals: the ends of the middle 90 % of the cross-fitted residuals of the shortfall.
        half: fitted on one half of the cases; None where they are too few for a bound.
        shift: the conformal quantile of the residuals of the other half.
    """

    scale: Scale
    measures: list[str]
    cases: Annotated[int, Field(ge=LEAST_CASES, le=10**9)]
    error: NotNegative
    whole: Fit
    residuals: tuple[Finite, Finite]
    half: Fit | None = None
    shift: Finite | None = None

    @property
    def bound_cases(self) -> int:
        """How many cases the conformal quantile of the bound is of."""
        return self.cases - self.cases // 2

    def is_consistent(self) -> bool:
        """Whether every fit has a number for each measure, and every measure is known."""
        count = len(self.measures)
        fits = [fit for fit in (self.whole, self.half) if fit]
        for fit in fits:
            if not len(fit.means) == len(fit.spreads) == len(fit.weights) == count:
                return False
        return (self.half is None) == (self.shift is None) and set(self.measures) <= set(MEASURES)

    def estimate(self, measured: Measured) -> Estimate:
        """Estimate a structure from its measures; a missing one counts as very uncertain."""
        transformed = transform([measured], self.measures)
        middle = float(self.whole.shortfall(transformed)[0])
        ends = [self._quality(middle + residual) for residual in self.residuals]
        bound = None
        if self.half is not None and self.shift is not None:
            bound = self._quality(float(self.half.shortfall(transformed)[0]) + self.shift)
        return Estimate(
            expected=self._quality(middle),
            lower=min(ends),
            upper=max(ends),
            bound=bound,
        )

    def _quality(self, shortfall: float) -> float:
        return quality_of(shortfall, self.scale)


def shortfall_of(quality: np.ndarray, scale: Scale) -> np.ndarray:
    """1 − Dice, or log(1 + error); larger is worse."""
    if scale == "dice":
        return 1 - np.asarray(quality, float)
    shortfall: np.ndarray = np.log1p(quality)
    return shortfall


def quality_of(shortfall: float, scale: Scale) -> float:
    """The quality of a shortfall, within what it can be; the inverse of `shortfall_of`."""
    if scale == "dice":
        return float(np.clip(1 - shortfall, 0.0, 1.0))
    return math.expm1(min(max(shortfall, 0.0), 50.0))


def transform(measured: Sequence[Measured], names: Sequence[str]) -> np.ndarray:
    """Measures of n cases as the estimate takes them: larger is less certain.

    Those that are never negative are logarithms.

    Args:
        measured: of each case.
        names: of the m measures.

    Returns:
        ``[n, m]``; infinite where a measure is missing.
    """
    columns = []
    for name in names:
        values = np.array([of_case.get(name, np.nan) for of_case in measured], float)
        columns.append(_transformed(name, values))
    return np.stack(columns, 1)


def _transformed(name: str, values: np.ndarray) -> np.ndarray:
    measure = MEASURES[name]
    uncertainty = measure.uncertainty(values)
    least = measure.low
    if measure.orientation == "more certain":
        least = None
        if isinstance(measure.high, float):
            uncertainty = uncertainty + measure.high
            least = 0.0
    if least == 0.0:
        uncertainty = np.log(np.maximum(uncertainty, _LEAST))
    return np.where(np.isnan(values), np.inf, uncertainty)


def fit_quality(
    measured: Sequence[Measured],
    quality: np.ndarray,
    scale: Scale,
    alpha: float,
) -> QualityModel | None:
    """Fit the estimate of a structure.

    Args:
        measured: measures of n calibration cases.
        quality: of the same cases, ``[n]``.
        scale: what the quality is.
        alpha: 1 − the promise of the bound.

    Returns:
        None where there are fewer than `LEAST_CASES` cases, or no measure.
    """
    names = _common_measures(measured)
    if len(quality) < LEAST_CASES or not names:
        return None
    x = transform(measured, names)
    y = shortfall_of(quality, scale)
    estimated = cross_fitted(x, y)
    errors = []
    for each, truth in zip(estimated, quality, strict=True):
        errors.append(abs(quality_of(float(each), scale) - float(truth)))
    residuals = np.sort(y - estimated)
    model = QualityModel(
        scale=scale,
        measures=names,
        cases=len(y),
        error=float(np.mean(errors)),
        whole=fit_line(x, y),
        residuals=_middle(residuals),
    )
    _add_bound(model, x, y, alpha)
    return model


def _middle(residuals: np.ndarray) -> tuple[float, float]:
    """The ends between which a new residual lies nine times of ten, of n sorted ones.

    They are the ⌊(n + 1)·5 %⌋-th from either end, and the outermost of fewer than 19.
    """
    n = len(residuals)
    outside = max(math.floor((n + 1) * _TAIL + 1e-9), 1)
    return float(residuals[outside - 1]), float(residuals[n - outside])


def _common_measures(measured: Sequence[Measured]) -> list[str]:
    """The measures that most cases have."""
    counts: dict[str, int] = {}
    for of_case in measured:
        for name in of_case:
            counts[name] = counts.get(name, 0) + 1
    return [name for name, count in counts.items() if 2 * count > len(measured)]


def cross_fitted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Estimate each case by a fit on the other folds.

    Args:
        x: measures ``[n, m]``.
        y: shortfalls ``[n]``.

    Returns:
        ``[n]``.
    """
    folds = _shuffled(len(y)) % min(_FOLDS, len(y))
    estimated = np.empty(len(y))
    for fold in np.unique(folds):
        is_out = folds == fold
        estimated[is_out] = fit_line(x[~is_out], y[~is_out]).shortfall(x[is_out])
    return estimated


def _shuffled(count: int) -> np.ndarray:
    return np.random.default_rng(_SEED).permutation(count)


def _add_bound(model: QualityModel, x: np.ndarray, y: np.ndarray, alpha: float) -> None:
    """Fit on one half, and take the conformal quantile on the other, if that is large enough."""
    order = _shuffled(len(y))
    fitted_on = order[: len(y) // 2]
    others = order[len(y) // 2 :]
    if quantile_rank(len(others), alpha) > len(others):
        return
    model.half = fit_line(x[fitted_on], y[fitted_on])
    residuals = y[others] - model.half.shortfall(x[others])
    model.shift = conformal_quantile(residuals, alpha)


def fit_line(x: np.ndarray, y: np.ndarray) -> Fit:
    """Ridge regression without negative weights.

    Args:
        x: measures ``[n, m]``; infinite ones are very uncertain.
        y: shortfalls ``[n]``.
    """
    from sklearn.linear_model import Ridge

    finite = np.where(np.isfinite(x), x, np.nan)
    means = np.nan_to_num(np.nanmean(finite, 0))
    spreads = np.nan_to_num(np.nanstd(finite, 0))
    standard = _standardized(x, means, spreads)
    ridge = Ridge(_PENALTY, positive=True)
    ridge.fit(standard, y)
    return Fit(
        means=means.tolist(),
        spreads=spreads.tolist(),
        weights=ridge.coef_.tolist(),
        intercept=float(ridge.intercept_),
    )


def _standardized(x: np.ndarray, means: np.ndarray, spreads: np.ndarray) -> np.ndarray:
    """Standard deviations above the mean, `_FARTHEST` at most; 0 of a measure that is constant."""
    is_constant = spreads < _LEAST
    standard = (x - means) / np.where(is_constant, 1.0, spreads)
    standard = np.where(is_constant, 0.0, standard)
    clipped: np.ndarray = np.clip(standard, -_FARTHEST, _FARTHEST)
    return clipped
