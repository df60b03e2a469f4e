"""What a review promises, held against what comes out on scored cases, over random halves.

    python -m benchmarks.review_partitions runs/hippocampus/hybrid/scores/mc-dropout --quality dice:0.85
    python -m benchmarks.review_partitions

The second line is of the predictions that are stored in ``tests/data``.
The scores of a segmentation are split at random, calibrated on one half, and looked at on the other:
the estimate of the Dice beside the true one, and the rule of referral. The rule's promise is about
the population of cases, which are all that are in the table here. On the other half alone, the
share of bad cases also varies by chance.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tests.support.stored_reviews import (
    METHODS,
    STORED_ALPHA,
    STORED_DELTA,
    STORED_REVIEWS,
    structures,
)

from tfuq.calibration.observed import Observed, Part, case_quality, case_uncertainty, part_of
from tfuq.calibration.quality import fit_quality
from tfuq.calibration.quality_kinds import DICE, is_bad, parse_quality
from tfuq.calibration.referral import fit_referral
from tfuq.calibration.review import chosen_measure
from tfuq.data.json_csv import read_typed

PARTITIONS = 200


def halves(cases: int, partitions: int = PARTITIONS) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Random halves of so many cases: calibration and test."""
    rng = np.random.default_rng(2026)
    for _ in range(partitions):
        calibration, test = np.split(rng.permutation(cases), [cases // 2])
        yield calibration, test


@dataclass(frozen=True, kw_only=True)
class RuleShares:
    """What the rule did over partitions, means but for ``broken``.

    Attributes:
        broken: share of the partitions in which more than α of all kept cases of the table are bad.
        referred: share of the test cases that are referred.
        oracle: the same of an order by the truth that keeps as many as α allows.
        random: the same of the rule with a random uncertainty.
        broken_on_test: share of the partitions in which more than α of the kept test cases are bad.
        bad: share of bad cases in the table.
    """

    broken: float
    referred: float
    oracle: float
    random: float
    broken_on_test: float
    bad: float


def rule_over_partitions(
    uncertainty: np.ndarray,
    bad: np.ndarray,
    alpha: float,
    delta: float,
    partitions: int = PARTITIONS,
) -> RuleShares:
    """Fit the rule on one half and look at what it keeps.

    Args:
        uncertainty: of n cases, ``[n]``.
        bad: of the same cases, bool ``[n]``.
        alpha: the largest share of bad ones among those kept.
        delta: 1 − the confidence.
        partitions: how many.
    """
    shuffled = np.random.default_rng(7).permutation(len(bad)).astype(float)
    rows = []
    for calibration, test in halves(len(bad), partitions):
        kept = _kept(uncertainty, bad, calibration, alpha, delta)
        kept_at_random = _kept(shuffled, bad, calibration, alpha, delta)
        rows.append(
            (
                _share(bad[kept]) > alpha,
                1 - kept[test].mean(),
                oracle_share(bad[test], alpha),
                1 - kept_at_random[test].mean(),
                _share(bad[test][kept[test]]) > alpha,
            )
        )
    means = np.array(rows, float).mean(0).tolist()
    return RuleShares(
        broken=means[0],
        referred=means[1],
        oracle=means[2],
        random=means[3],
        broken_on_test=means[4],
        bad=float(bad.mean()),
    )


def _kept(
    uncertainty: np.ndarray,
    bad: np.ndarray,
    calibration: np.ndarray,
    alpha: float,
    delta: float,
) -> np.ndarray:
    rule = fit_referral(uncertainty[calibration], bad[calibration], alpha, delta)
    return np.array([rule.refers(value) is False for value in uncertainty])


def _share(bad: np.ndarray) -> float:
    if not len(bad):
        return 0.0
    return float(bad.mean())


def oracle_share(bad: np.ndarray, alpha: float) -> float:
    """The least share that has to be referred so that α of the others are bad."""
    count = int(bad.sum())
    for referred in range(count + 1):
        rest = len(bad) - referred
        if count - referred <= alpha * rest:
            return referred / len(bad)
    return 1.0


@dataclass(frozen=True, kw_only=True)
class EstimateShares:
    """The estimate against the truth on test halves, means over partitions and structures.

    Attributes:
        pearson: correlation of the estimate with the truth.
        error: mean absolute error.
        single: that of a straight line through the one measure that fits the calibration half best.
        hindsight: that of the one measure which fits the test half best.
        constant: that of the calibration half's mean.
        interval: share of the truths in the interval, which aims at 0.9.
        bound: share of the truths at the bound or better; None without a bound.
    """

    pearson: float
    error: float
    single: float
    hindsight: float
    constant: float
    interval: float
    bound: float | None


def estimate_over_partitions(
    measured: Sequence[dict[str, float]],
    quality: np.ndarray,
    alpha: float,
    partitions: int = PARTITIONS,
) -> EstimateShares:
    """Fit the estimate of one structure on one half, and look at the other.

    Args:
        measured: measures of n cases.
        quality: their Dice ``[n]``.
        alpha: 1 − the promise of the bound.
        partitions: how many.
    """
    rows = []
    for calibration, test in halves(len(quality), partitions):
        rows.append(_estimated(measured, quality, calibration, test, alpha))
    means = np.array(rows, float).mean(0).tolist()
    bound = None
    if np.isfinite(means[6]):
        bound = means[6]
    return EstimateShares(
        pearson=means[0],
        error=means[1],
        single=means[2],
        hindsight=means[3],
        constant=means[4],
        interval=means[5],
        bound=bound,
    )


def _estimated(
    measured: Sequence[dict[str, float]],
    quality: np.ndarray,
    calibration: np.ndarray,
    test: np.ndarray,
    alpha: float,
) -> list[float]:
    model = fit_quality([measured[k] for k in calibration], quality[calibration], "dice", alpha)
    assert model is not None
    truth = quality[test]
    estimates = [model.estimate(measured[k]) for k in test]
    expected = np.array([estimate.expected for estimate in estimates])
    lower = np.array([estimate.lower for estimate in estimates])
    upper = np.array([estimate.upper for estimate in estimates])
    bounds = [estimate.bound for estimate in estimates]
    held = np.nan
    if None not in bounds:
        held = float((truth >= np.array(bounds, float)).mean())
    single, hindsight = _single(measured, quality, calibration, test, model.measures)
    return [
        float(np.corrcoef(expected, truth)[0, 1]),
        float(np.abs(expected - truth).mean()),
        single,
        hindsight,
        float(np.abs(quality[calibration].mean() - truth).mean()),
        float(((lower <= truth) & (truth <= upper)).mean()),
        held,
    ]


def _single(
    measured: Sequence[dict[str, float]],
    quality: np.ndarray,
    calibration: np.ndarray,
    test: np.ndarray,
    names: Sequence[str],
) -> tuple[float, float]:
    """Errors of straight lines through one measure: chosen on the calibration half, and the least."""
    before = []
    after = []
    for name in names:
        x = np.array([of_case[name] for of_case in measured])
        slope, intercept = np.polyfit(x[calibration], quality[calibration], 1)
        errors = np.abs(slope * x + intercept - quality)
        before.append(errors[calibration].mean())
        after.append(errors[test].mean())
    return float(after[int(np.argmin(before))]), float(min(after))


def observed_cases(scores: Path) -> list[Observed]:
    """The cases of a score folder of a segmentation.

    Args:
        scores: the folder.
    """
    parts: dict[str, list[Part]] = {}
    for row in read_typed(scores / "structures.csv", ("case", "class", "component"), "score again"):
        if row["component"] == "all":
            quality = row["dice"]
            assert isinstance(quality, float)
            part = part_of(str(row["class"]), row, "structure", quality=quality)
            parts.setdefault(str(row["case"]), []).append(part)
    return [Observed(case=case, parts=found) for case, found in parts.items()]


def main() -> None:
    """Print the figures of a score folder, or of the stored predictions."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scores", type=Path, nargs="?", help="[default: the stored predictions]")
    parser.add_argument("--quality", default="dice:0.8")
    parser.add_argument("--alpha", type=float, default=0.1)
    parser.add_argument("--delta", type=float, default=0.1)
    chosen = parser.parse_args()
    if chosen.scores is None:
        print_stored_rules()
        print_stored_estimates()
    else:
        print_scored(chosen)


def print_stored_rules() -> None:
    """What the rule does with the stored predictions, a line each."""
    print(f"{PARTITIONS} random halves; δ = {STORED_DELTA}; shares of cases but for broken")
    print(f"{'':<36}  bad  broken  referred  oracle  random")
    for stored in STORED_REVIEWS:
        shares = rule_over_partitions(*stored.outcomes(), stored.alpha, STORED_DELTA)
        print(
            f"{stored.name + f', α = {stored.alpha}':<36}{shares.bad:5.3f}{shares.broken:8.3f}"
            f"{shares.referred:10.3f}{shares.oracle:8.3f}{shares.random:8.3f}"
        )


def print_stored_estimates() -> None:
    """What the estimate tells of the stored hippocampi, a line for each method and structure."""
    print("\nestimated Dice of hippocampi, anterior and posterior")
    for method in METHODS:
        for measured, dice in structures("hippocampus", method):
            print(method, estimate_over_partitions(measured, dice, STORED_ALPHA))


def print_scored(chosen: argparse.Namespace) -> None:
    """What the estimate and the rule do with the cases of a score folder."""
    cases = observed_cases(chosen.scores)
    limit, aggregation = parse_quality(chosen.quality, DICE, None)
    measure = chosen_measure(None, DICE, cases)
    print(f"{len(cases)} cases, {PARTITIONS} random halves")
    for index, part in enumerate(cases[0].parts):
        measured = [dict(case.parts[index].measures) for case in cases]
        quality = np.array([case.parts[index].quality for case in cases], float)
        print(part.name, estimate_over_partitions(measured, quality, chosen.alpha))
    uncertainty = np.array([case_uncertainty(case, measure, aggregation) for case in cases])
    qualities = [case_quality(case, DICE, aggregation) for case in cases]
    bad = np.array([is_bad(quality, DICE, limit) for quality in qualities if quality is not None])
    print(chosen.quality, rule_over_partitions(uncertainty, bad, chosen.alpha, chosen.delta))


if __name__ == "__main__":
    main()
