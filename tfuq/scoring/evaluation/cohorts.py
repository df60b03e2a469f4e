"""The items of a scored predictions folder, with what failed and every measure of uncertainty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tfuq.errors import DataError
from tfuq.measures.catalogue import (
    MAXIMUM_PROBABILITY,
    MEASURES,
    OF_IMAGE_VOXELS,
    OF_IMAGES,
    OF_STRUCTURE_VOXELS,
    is_ranked,
    names_of,
    ranked_at,
)
from tfuq.scoring.evaluation.failures import FailureOptions
from tfuq.scoring.failure import Cohort
from tfuq.scoring.rows import Row, column, grouped, numbers_of, rows_of, rows_with


def segmentation_cohorts(
    cases: list[Row],
    structures: list[Row],
    components: list[Row],
    options: FailureOptions,
) -> list[Cohort]:
    """Cases, the structures of each class, and predicted components.

    The risk of a case is by its mean Dice over classes, that of a structure by its Dice, and that
    of a component is whether it is a false positive. Of a case, measures of structures are means.

    Args:
        cases: rows of ``cases.csv`` with `CaseMaps.confidences` in those of class "all".
        structures: rows of ``structures.csv`` with Dice.
        components: rows of ``components.csv``; those of missed lesions are left out.
        options: what counts as a failure.

    Raises:
        DataError: a limit that no Dice is above.
    """
    if options.limit is not None and options.limit > 1:
        raise DataError(
            f"--failure-at {options.limit:g}: no Dice is above 1; give one, such as 0.8"
        )
    whole = rows_of(structures, "component", "all")
    of_structures = _measures_of_structures(whole)
    by_class = []
    for name, rows in grouped(whole, "class").items():
        by_class.append(_dice_cohort(f"structure {name}", rows, of_structures, options))
    measured = _with_structure_means(rows_of(cases, "class", "all"), whole, of_structures)
    numbers = names_of((*OF_IMAGES, *OF_IMAGE_VOXELS))
    of_images = [name for name in numbers if name in measured[0]]
    measures = (*of_images, *of_structures)
    by_case = _dice_cohort("case", measured, measures, options)
    return [by_case, *by_class, _component_cohort(rows_with(components, "component"))]


def _measures_of_structures(structures: list[Row]) -> tuple[str, ...]:
    """The measures of structures, with those of them that were asked for."""
    on_request = names_of(OF_STRUCTURE_VOXELS)
    asked_for = [name for name in on_request if any(name in row for row in structures)]
    return (*ranked_at("structure"), *asked_for)


def _with_structure_means(
    cases: list[Row], structures: list[Row], measures: Sequence[str]
) -> list[Row]:
    """Rows of cases with the means of their structures' measures."""
    by_case = grouped(structures, "case")
    return [case | _means(by_case.get(case["case"], []), measures) for case in cases]


def _means(structures: list[Row], measures: Sequence[str]) -> dict[str, float]:
    """Means of the measures that any structure has."""
    means = {}
    for name in measures:
        values = numbers_of(structures, name)
        present = values[~np.isnan(values)]
        if len(present):
            means[name] = float(present.mean())
    return means


def _dice_cohort(
    level: str,
    rows: list[Row],
    measures: Sequence[str],
    options: FailureOptions,
) -> Cohort:
    risk = 1 - numbers_of(rows, "dice")
    limit = None
    if options.limit is not None:
        limit = 1 - options.limit + 1e-12  # a Dice at the limit has not failed
    return _cohort(level, rows, risk, options.failed(risk, limit), measures)


def _component_cohort(rows: list[Row]) -> Cohort:
    risk = numbers_of(rows, "false_positive")
    measures = []
    if rows:
        measures = [name for name in rows[0] if is_ranked(name, "component")]
    return _cohort("component", rows, risk, risk > 0, measures)


def _cohort(
    level: str,
    rows: list[Row],
    risk: np.ndarray,
    failed: np.ndarray,
    measures: Iterable[str],
) -> Cohort:
    values = {name: numbers_of(rows, name) for name in measures}
    return Cohort(
        level=level,
        risk=risk,
        failed=failed,
        cases=np.array(column(rows, "case")),
        confidences=_signed(values),
    )


def classification_cohort(
    ids: list[str],
    p: np.ndarray,
    wrong: np.ndarray,
    measures: dict[str, np.ndarray],
) -> Cohort:
    """Cases, by whether their class is wrong.

    Args:
        ids: of n cases.
        p: probabilities ``[n, K]``.
        wrong: whether each case is, ``[n]``, bool.
        measures: of uncertainty, ``[n]`` by name.
    """
    values = {MAXIMUM_PROBABILITY.name: p.max(1), **measures}
    return Cohort(
        level="case",
        risk=wrong.astype(float),
        failed=wrong,
        cases=np.array(ids),
        confidences=_signed(values),
    )


def landmark_cohorts(
    ids: list[str],
    errors: np.ndarray,
    measures: dict[str, np.ndarray],
    options: FailureOptions,
    default: float | None,
) -> list[Cohort]:
    """Cases by the mean radial error over their landmarks, and landmarks by theirs.

    Missing landmarks are left out.

    Args:
        ids: of n cases.
        errors: ``[n, L]``, NaN where a landmark is missing.
        measures: of uncertainty, ``[n, L]`` by name.
        options: what counts as a failure.
        default: the limit where the options have none; None for the worst quarter.
    """
    limit = options.limit
    if limit is None:
        limit = default
    present = ~np.isnan(errors)
    landmark_risk = errors[present]
    landmark_values = {name: values[present] for name, values in measures.items()}
    landmarks = Cohort(
        level="landmark",
        risk=landmark_risk,
        failed=options.failed(landmark_risk, limit),
        cases=np.repeat(np.array(ids), present.sum(1)),
        confidences=_signed(landmark_values),
    )
    has_any = present.any(1)
    case_risk = _row_means(errors[has_any], present[has_any])
    case_values = {name: values[has_any].mean(1) for name, values in measures.items()}
    cases = Cohort(
        level="case",
        risk=case_risk,
        failed=options.failed(case_risk, limit),
        cases=np.array(ids)[has_any],
        confidences=_signed(case_values),
    )
    return [cases, landmarks]


def _row_means(errors: np.ndarray, present: np.ndarray) -> np.ndarray:
    rows = zip(errors, present, strict=True)
    return np.array([row[is_present].mean() for row, is_present in rows])


def unsigned(cohort: Cohort) -> dict[str, np.ndarray]:
    """The measures of a cohort as they are in tables, certainties and uncertainties alike."""
    return _signed(cohort.confidences)  # its own inverse


def _signed(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: MEASURES[name].confidence(measured) for name, measured in values.items()}
