"""Intervals that know which items belong together: whole cases are resampled.

Landmarks of one image, components and structures of one scan, and one case at several severities
are not independent. An interval (or a p-value) that takes them for independent is too narrow.
Every bootstrap of tfuq goes through this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from tfuq.scoring.rows import Row

DRAWS = 1000
_SHARE = 0.95
_AT_ONCE = 2**17  # items times bootstrap samples that are worked on at once
_MOST_KEPT = 4_000_000  # cases times bootstrap samples that are kept for other measures
_LEAST_DEFINED = 0.5  # of the bootstrap samples

Statistic = Callable[[np.ndarray], np.ndarray]


def bootstrap_values(
    statistic: Statistic,
    cases: np.ndarray,
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> np.ndarray:
    """A statistic's values over bootstrap samples of cases.

    Samples depend on the cases and the seed alone, so that several measures see the same ones.

    Args:
        statistic: takes ``times [d, n]``, how often each item occurs in d samples, and returns
            ``[d, …]``; NaN is undefined.
        cases: the case of each item, ``[n]``.
        seed: of the samples.
        draws: number of samples.

    Returns:
        The values ``[draws, …]``.

    References:
        Davison & Hinkley 1997, Bootstrap methods and their application, section 3.8.
    """
    names, case_of_item = np.unique(cases, return_inverse=True)
    step = max(_AT_ONCE // len(case_of_item), 1)
    if len(names) * draws > _MOST_KEPT:
        drawn = _drawn_counts(len(names), seed, draws, step)
        return _values(statistic, drawn, case_of_item)
    samples = _kept_samples(len(names), seed, draws)
    firsts = range(0, len(samples.counts), step)
    distinct = (samples.counts[first : first + step] for first in firsts)
    values: np.ndarray = _values(statistic, distinct, case_of_item)[samples.indices]
    return values


def _values(
    statistic: Statistic,
    counts_of_cases: Iterable[np.ndarray],
    case_of_item: np.ndarray,
) -> np.ndarray:
    values = [statistic(counts[:, case_of_item]) for counts in counts_of_cases]
    return np.concatenate(values)


@dataclass(frozen=True, kw_only=True)
class _Samples:
    """Bootstrap samples. Few cases have few different ones: two cases have three.

    Attributes:
        counts: how often each case occurs in each different sample, ``[different, cases]``.
        indices: the row of each sample in ``counts``, ``[draws]``.
    """

    counts: np.ndarray
    indices: np.ndarray


@lru_cache(maxsize=2)
def _kept_samples(cases: int, seed: int, draws: int) -> _Samples:
    """The samples of so many cases, which are the same for every measure."""
    drawn = next(_drawn_counts(cases, seed, draws, draws))
    counts, indices = np.unique(drawn, axis=0, return_inverse=True)
    return _Samples(counts=counts, indices=indices.reshape(draws))


def _drawn_counts(cases: int, seed: int, draws: int, step: int) -> Iterator[np.ndarray]:
    """How often each case occurs in a sample, ``[d, cases]`` of ``step`` samples or fewer."""
    rng = np.random.default_rng(seed)
    for first in range(0, draws, step):
        samples = min(step, draws - first)
        chosen = rng.integers(0, cases, (samples, cases))
        chosen += np.arange(samples)[:, None] * cases
        counts = np.bincount(chosen.ravel(), minlength=samples * cases)
        yield counts.reshape(samples, cases)


def percentile_interval(values: np.ndarray) -> list[float] | None:
    """The central 95 % of bootstrap values ``[draws]``.

    It is None where fewer than half of them are defined, that is, not NaN.
    """
    defined = values[~np.isnan(values)]
    if len(defined) < _LEAST_DEFINED * len(values):
        return None
    percentiles = [50 * (1 - _SHARE), 50 * (1 + _SHARE)]
    interval: list[float] = np.percentile(defined, percentiles).tolist()
    return interval


def cluster_interval(
    statistic: Statistic,
    cases: np.ndarray,
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> list[float] | None:
    """The 95 % percentile interval of a statistic over resampled cases.

    It is None of fewer than two cases, and where fewer than half of the samples define the
    statistic. Arguments are as in `bootstrap_values`.
    """
    if len(np.unique(cases)) < 2:
        return None
    values = bootstrap_values(statistic, cases, seed=seed, draws=draws)
    return percentile_interval(values)


def bounds(interval: list[float] | None, prefix: str = "") -> dict[str, float | None]:
    """An interval as two columns, ``lower`` and ``upper``; empty cells where there is none.

    Args:
        interval: its two ends, or None.
        prefix: of the columns' names.
    """
    low = None
    high = None
    if interval is not None:
        low, high = interval
    return {f"{prefix}lower": low, f"{prefix}upper": high}


def share_with_interval(held: np.ndarray, cases: np.ndarray) -> Row:
    """The share of items of which something holds, with a 95 % interval.

    Where each case has one item, the interval is Clopper and Pearson's. Where cases have several,
    it is that of resampled cases. If all items are alike, resampling cannot tell that from
    certainty; the interval is then Clopper and Pearson's of the number of cases.

    Args:
        held: ``[n]`` bool, n ≥ 1.
        cases: the case of each, ``[n]``.

    Returns:
        ``share``, ``n`` items, ``cases``, ``lower`` and ``upper``.
    """
    held = np.asarray(held, bool)
    count = len(np.unique(cases))
    share = float(held.mean())
    row = {"share": share, "n": len(held), "cases": count}
    if count == len(held) or share in (0.0, 1.0):
        return row | bounds(_clopper_pearson(round(share * count), count))
    interval = cluster_interval(lambda times: times @ held / times.sum(1), cases)
    return row | bounds(interval)


def _clopper_pearson(hits: int, count: int) -> list[float]:
    """The exact interval of a share, as `scipy.stats` has it, which takes long to import."""
    tail = (1 - _SHARE) / 2
    low = 0.0
    if hits > 0:
        low = float(special.betaincinv(hits, count - hits + 1, tail))
    high = 1.0
    if hits < count:
        high = float(special.betaincinv(hits + 1, count - hits, 1 - tail))
    return [low, high]
