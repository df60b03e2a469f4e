"""Dice that the run's calibration expects of each structure, from all of its measures together.

The regression is that of `tfuq.calibration.quality`, which ``tfuq review`` uses too. It was fitted
on calibration cases, and is scored here on others.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfuq.calibration.observed import part_of
from tfuq.calibration.quality import LEAST_CASES
from tfuq.calibration.records import how_to_calibrate, read_calibration
from tfuq.calibration.review import ReviewRules
from tfuq.config import MEAN
from tfuq.data.cases import Case
from tfuq.errors import RunError
from tfuq.measures.catalogue.aggregations import LEARNED, LEARNED_DICE
from tfuq.runs import open_run
from tfuq.runs.results import Manifest
from tfuq.scoring.rows import Row


def learned_rules(manifest: Manifest, cases: Sequence[Case]) -> ReviewRules:
    """The regression of the run's calibration.

    Args:
        manifest: of the predictions.
        cases: that are scored.

    Raises:
        RunError: the run is not calibrated for these samples, or on too few cases.
        DataError: a case is one of those that it was fitted on.
    """
    run = open_run(Path(manifest.run))
    if manifest.combine != MEAN:
        raise RunError(
            f"--aggregate {LEARNED}: a calibration is of the mean of samples, and these are "
            f"combined by {manifest.combine}; predict with --combine {MEAN}"
        )
    if manifest.calibration is not None:
        raise RunError(
            f"--aggregate {LEARNED}: the regression is of samples before scaling; predict without "
            "--calibrated"
        )
    calibration = read_calibration(run, manifest)
    calibration.refuse_overlap(cases)
    rules = calibration.review
    if rules is None or not rules.models:
        raise RunError(
            f"--aggregate {LEARNED}: the calibration of {run.path} has no estimate of Dice, which "
            f"takes {LEAST_CASES} cases or more; on more cases, "
            f"{how_to_calibrate(run, manifest, '--overwrite')}"
        )
    return rules


def with_learned(rows: Sequence[Row], rules: ReviewRules) -> list[Row]:
    """Rows of structures with the Dice that is expected; None of a component.

    Args:
        rows: of ``structures.csv``.
        rules: of the calibration.
    """
    learned = []
    for row in rows:
        expected = None
        if row["component"] == "all":
            estimate = rules.estimate(part_of(row["class"], row, "structure"))
            if estimate:
                expected = estimate.expected
        learned.append(row | {LEARNED_DICE.name: expected})
    return learned
