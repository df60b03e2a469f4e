"""When to refer a case to a human: a threshold of uncertainty with a promise on what is kept.

A case has an uncertainty u and is bad or not. The rule keeps the cases with u < t and refers the
others. Promised is: with confidence 1 − δ over calibration sets, at most a share α of the cases
that are kept is bad. In symbols, R(t) = P(bad | u < t) ≤ α.

How the threshold is found (Learn then Test, fixed-sequence testing):

1.  Sort the n calibration cases by u. For a number k, the threshold t_k is the uncertainty of the
    (k + 1)-th of them, or infinite for k = n. Of N cases with u < t_k (k of them without ties),
    B are bad.
2.  Against the hypothesis R(t_k) > α, the p-value is the exact binomial one:
    p = P(Binomial(N, α) ≤ B), as of Clopper and Pearson. N is random and depends on the sample. But
    given t_k and N, the N cases are independent draws from the law of a case with u < t_k, so B is
    Binomial(N, R(t_k)) and P(p ≤ δ) ≤ δ.
3.  The numbers k are chosen before anything is looked at: 40 %, 45 %, …, 100 % of n. Numbers that
    keep too few cases for any p ≤ δ are left out. They are tested upwards, and the first p > δ ends
    the testing. The last threshold with p ≤ δ is the rule's.

Why one δ is enough for many tests. Let r(u) = P(bad | u) not fall as u rises, and let t* be the
largest threshold with R(t*) ≤ α. A false promise needs that the first tested threshold above t*
has p ≤ δ. Which threshold this is depends only on how many cases have u ≤ t*, and on the
uncertainties above t*. Given those, the cases up to t* are bad independently with probability at
least α, and so is each case above t*. So B is at least Binomial(N, α) in the stochastic order, and
P(p ≤ δ) ≤ δ.

Assumptions: the calibration cases and the later ones are independent draws of one population, the
measure of uncertainty was chosen without looking at the calibration cases, and cases of more
uncertainty are not less often bad. Of a measure that says nothing, or the contrary, R crosses α at
most once too, and the promise holds. An uncertainty that is missing is infinite: such a case
is always referred, and so are cases that are unlike the training data.

References:
    Angelopoulos, Bates, Candès, Jordan & Lei 2021, Learn then Test (fixed-sequence testing).
    Clopper & Pearson 1934, Biometrika.
    Geifman & El-Yaniv 2017, Selective classification for deep neural networks (the binomial bound
    on the kept cases).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from tfuq.data.on_use import ModuleOnUse
from tfuq.errors import DataError

if TYPE_CHECKING:
    from scipy import stats
else:
    stats = ModuleOnUse("scipy.stats")

SHARES = tuple(percent / 100 for percent in range(40, 101, 5))  # of the cases, to be kept
_ROUNDING = 1e-9  # of a whole number that was made of α and δ

Outcome = Literal["too few cases", "refers all", "keeps some", "keeps all"]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=0, le=10**9)]


@dataclass(kw_only=True)
class Referral:
    """A threshold of uncertainty, and what it was found on.

    Attributes:
        alpha: α, the largest share of bad cases among those kept.
        delta: δ, 1 − the confidence of the promise.
        cases: n, the number of calibration cases.
        bad: how many of them are bad.
        needed: the least n that can promise α and δ, see `needed_cases`.
        outcome: what the rule does. With too few cases, it promises nothing.
        threshold: t, cases of less uncertainty are kept; None where all of a finite uncertainty
            are, or none, and with too few cases.
        kept: calibration cases that the rule keeps.
        kept_bad: bad ones among them.
    """

    alpha: Share
    delta: Share
    cases: Count
    bad: Count
    needed: Count
    outcome: Outcome
    threshold: float | None = None
    kept: Count = 0
    kept_bad: Count = 0

    def is_consistent(self) -> bool:
        """Whether the rule is one that `fit_referral` finds, so that its promise holds."""
        counts_fit = self.kept_bad <= self.bad <= self.cases and self.kept <= self.cases
        needed_fits = self.needed == needed_cases(self.alpha, self.delta)
        has_threshold = self.threshold is not None
        if not counts_fit or not needed_fits or has_threshold != (self.outcome == "keeps some"):
            return False
        if self.cases < self.needed:
            return self.outcome == "too few cases" and not self.kept
        if self.outcome in ("keeps some", "keeps all"):
            is_enough = self.kept >= max(self.needed, self.kept_bad)
            return is_enough and p_value(self.kept_bad, self.kept, self.alpha) <= self.delta
        return self.outcome == "refers all" and not self.kept

    def refers(self, uncertainty: float) -> bool | None:
        """Whether to refer a case; None where nothing is promised.

        Args:
            uncertainty: of the case; infinite where it is missing.
        """
        if self.outcome == "too few cases":
            return None
        if self.outcome == "refers all":
            return True
        threshold = math.inf
        if self.threshold is not None:
            threshold = self.threshold
        return not uncertainty < threshold


def check_delta(delta: float) -> None:
    """Refuse a δ that is none.

    Raises:
        DataError: it is not between 0 and 1.
    """
    if not 0 < delta < 1:
        raise DataError(f"--delta {delta:g}: is not between 0 and 1; 0.1 is a confidence of 90 %")


def needed_cases(alpha: float, delta: float) -> int:
    """The least number of kept cases, none of them bad, that promises α with confidence 1 − δ.

    (1 − α)ⁿ ≤ δ, so n ≥ log δ / log(1 − α).
    """
    return math.ceil(math.log(delta) / math.log1p(-alpha) - _ROUNDING)


def p_value(bad: int, kept: int, alpha: float) -> float:
    """P(Binomial(kept, α) ≤ bad): small where the share of bad cases is surely at most α."""
    return float(stats.binom.cdf(bad, kept, alpha))


def fit_referral(
    uncertainty: np.ndarray,
    is_bad: np.ndarray,
    alpha: float,
    delta: float,
) -> Referral:
    """Find the threshold on calibration cases, as this module describes.

    Args:
        uncertainty: of n cases, ``[n]``; infinite where it is missing.
        is_bad: of the same cases, ``[n]``, bool.
        alpha: α.
        delta: δ.
    """
    order = np.argsort(uncertainty, kind="stable")
    ordered = np.asarray(uncertainty, float)[order]
    bad_up_to = np.concatenate([[0], np.cumsum(np.asarray(is_bad, bool)[order])])
    n = len(ordered)
    rule = Referral(
        alpha=alpha,
        delta=delta,
        cases=n,
        bad=int(bad_up_to[-1]),
        needed=needed_cases(alpha, delta),
        outcome="refers all",
    )
    if n < rule.needed:
        rule.outcome = "too few cases"
        return rule
    for kept in _numbers_to_keep(ordered, rule.needed):
        bad = int(bad_up_to[kept])
        if p_value(bad, kept, alpha) > delta:
            break
        rule.kept = kept
        rule.kept_bad = bad
    _set_threshold(rule, ordered)
    return rule


def _set_threshold(rule: Referral, ordered: np.ndarray) -> None:
    if not rule.kept:
        return
    rule.outcome = "keeps all"
    if rule.kept < np.count_nonzero(np.isfinite(ordered)):
        rule.outcome = "keeps some"
        rule.threshold = float(ordered[rule.kept])


def _numbers_to_keep(ordered: np.ndarray, least: int) -> Iterator[int]:
    """How many cases the tested thresholds keep, each once, upwards.

    Args:
        ordered: uncertainties, the least first, ``[n]``.
        least: thresholds that keep fewer cases are left out.
    """
    n = len(ordered)
    last = 0
    for share in SHARES:
        k = max(least, round(share * n))
        threshold = math.inf
        if k < n:
            threshold = ordered[k]
        kept = int(np.searchsorted(ordered, threshold, side="left"))
        if kept >= least and kept > last:
            last = kept
            yield kept
