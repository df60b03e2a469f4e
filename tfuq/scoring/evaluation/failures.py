"""Which items of a scored predictions folder failed, and how well each measure of uncertainty tells them, level by level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tfuq.errors import DataError
from tfuq.scoring.failure import Cohort, rank_measures
from tfuq.scoring.metrics import LEVELS

CERTAINTIES = ("pairwise_dice", "max_activation", "maximum_probability")  # larger where more certain; the others, less
STRUCTURE_MEASURES = (
    "pairwise_dice", "coefficient_of_variation", "volume_dispersion", "labelled_uncertainty", "mean_entropy",
    "mean_mutual_information", "boundary_entropy", "boundary_mutual_information",
)  # fmt: skip
_WORST_SHARE = 0.25


@dataclass(frozen=True)
class FailureOptions:
    """The levels to rank measures at, and the quality that counts as a failure: a Dice below ``limit``, a radial error of it or
    more; None for the worst quarter (and 4 mm of landmarks in mm)."""

    levels: Sequence[str] = LEVELS
    limit: float | None = None

    def __post_init__(self):
        """Raises:
        DataError: a limit that no Dice and no radial error can be on either side of.
        """
        if self.limit is not None and not 0 < self.limit < np.inf:
            raise DataError(f"--failure-at {self.limit:g}: is not above 0; give a Dice, such as 0.8, or a radial error")

    def failed(self, risk: np.ndarray, limit: float | None) -> np.ndarray:
        """Which risks ``[n]`` reach the limit; without one, those above all but a quarter."""
        if limit is None:
            return risk > np.quantile(risk, 1 - _WORST_SHARE) if len(risk) else np.zeros(0, bool)
        return risk >= limit


def failure_tables(cohorts: Iterable[Cohort], options: FailureOptions) -> dict[str, list[dict]]:
    """Rows of `tfuq.scoring.failure.rank_measures` by level, of the levels that are asked for."""
    return {cohort.level: rank_measures(cohort) for cohort in _asked(cohorts, options)}


def _asked(cohorts: Iterable[Cohort], options: FailureOptions) -> list[Cohort]:
    return [cohort for cohort in cohorts if cohort.level.split(" ")[0] in options.levels and len(cohort.risk)]


def segmentation_cohorts(
    cases: list[dict], structures: list[dict], components: list[dict], options: FailureOptions
) -> list[Cohort]:
    """Cases (by mean Dice over classes; measures of structures are averaged over them), the structures of each class (by Dice),
    and predicted components (false positives).

    Args:
        cases: rows of ``cases.csv`` with `CaseMaps.confidences` in those of class "all".
        structures: rows of ``structures.csv`` with Dice.
        components: rows of ``components.csv``.
    """
    if options.limit is not None and options.limit > 1:
        raise DataError(f"--failure-at {options.limit:g}: no Dice is above 1; give one, such as 0.8")
    whole = [row for row in structures if row["component"] == "all"]
    names = dict.fromkeys(row["class"] for row in whole)
    limit = None if options.limit is None else 1 - options.limit + 1e-12  # a Dice at the limit has not failed
    per_class = [
        _structure_cohort([row for row in whole if row["class"] == name], f"structure {name}", options, limit) for name in names
    ]
    everything = [row for row in cases if row["class"] == "all"]
    measured = [row | _means([s for s in whole if s["case"] == row["case"]]) for row in everything]
    found = [name for name in measured[0] if name.startswith(("image_", "patch_maximum_", "uncertain_share_"))]
    by_case = _structure_cohort(measured, "case", options, limit, (*found, "maximum_probability", *STRUCTURE_MEASURES))
    return [by_case, *per_class, _component_cohort(components)]


def _structure_cohort(
    rows: list[dict],
    level: str,
    options: FailureOptions,
    limit: float | None,
    measures: Sequence[str] = STRUCTURE_MEASURES,
) -> Cohort:
    risk = 1 - _column(rows, "dice")
    return _cohort(level, rows, risk, options.failed(risk, limit), measures)


def _component_cohort(rows: list[dict]) -> Cohort:
    risk = _column(rows, "false_positive")
    fixed = ("case", "class", "component", "false_positive", "voxels")
    measures = [name for name in (rows[0] if rows else ()) if name not in fixed]
    return _cohort("component", rows, risk, risk > 0, measures)


def classification_cohort(ids: list[str], p: np.ndarray, wrong: np.ndarray, measures: dict[str, np.ndarray]) -> Cohort:
    """Cases, by whether their class is wrong."""
    values = {"maximum_probability": p.max(1), **measures}
    return Cohort("case", wrong.astype(float), wrong, np.array(ids), _signed(values))


def landmark_cohorts(
    ids: list[str], errors: np.ndarray, measures: dict[str, np.ndarray], options: FailureOptions, default: float | None
) -> list[Cohort]:
    """Landmarks ``[n, L]`` by radial error, and cases by the mean over their landmarks; missing ones are left out."""
    limit = default if options.limit is None else options.limit
    present = ~np.isnan(errors)
    cases = np.repeat(np.array(ids), present.sum(1))
    each = {name: values[present] for name, values in measures.items()}
    marks = Cohort("landmark", errors[present], options.failed(errors[present], limit), cases, _signed(each))
    some = present.any(1)
    risk = np.array([row[there].mean() for row, there in zip(errors[some], present[some], strict=True)])
    means = {name: values[some].mean(1) for name, values in measures.items()}
    return [Cohort("case", risk, options.failed(risk, limit), np.array(ids)[some], _signed(means)), marks]


def refuse_limit(options: FailureOptions) -> None:
    """Refuse a limit of a task whose cases are right or wrong.

    Raises:
        DataError: there is one.
    """
    if options.limit is not None:
        raise DataError(
            f"--failure-at {options.limit:g}: a class is right or wrong; the option serves segmentation and landmarks"
        )


def _cohort(level: str, rows: list[dict], risk: np.ndarray, failed: np.ndarray, measures: Iterable[str]) -> Cohort:
    values = {name: _column(rows, name) for name in measures}
    return Cohort(level, risk, failed, np.array([row["case"] for row in rows]), _signed(values))


def unsigned(cohort: Cohort) -> dict[str, np.ndarray]:
    """The measures of a cohort as they are in tables, certainties and uncertainties alike."""
    return _signed(cohort.confidences)  # its own inverse


def _signed(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: column if name in CERTAINTIES else -column for name, column in values.items()}


def _column(rows: list[dict], name: str) -> np.ndarray:
    """A column of numbers, NaN where a row has none."""
    return np.array([np.nan if row.get(name) is None else float(row[name]) for row in rows])


def _means(rows: list[dict]) -> dict[str, float]:
    columns = {name: _column(rows, name) for name in STRUCTURE_MEASURES}
    return {name: float(values[~np.isnan(values)].mean()) for name, values in columns.items() if not np.isnan(values).all()}
