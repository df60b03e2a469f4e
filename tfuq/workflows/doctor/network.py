"""Checks that ask the network itself: it predicts a few cases twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfuq.errors import TfuqError
from tfuq.prediction import Request, make_predictor
from tfuq.runs import Run
from tfuq.sampling.posterior import traits_of
from tfuq.tasks.records import ExampleStatistics
from tfuq.workflows.doctor.finding import Finding
from tfuq.workflows.doctor.tasks import CHECKS

_SAMPLES = 2


def network_findings(run: Run) -> Iterator[Finding]:
    """Predict the same cases in batches of two sizes, and check what comes out."""
    try:
        small = _predict(run, 1)
        large = _predict(run, 4 * run.config.chunk)
    except TfuqError as error:
        yield Finding(
            check="batches",
            severity="caution",
            problem=str(error),
            why="the network could not be asked, so its samples and batches are not checked",
            remedy="mend this first, then run tfuq doctor again",
        )
        return
    yield from predictions_depend_on_the_batch(small, large)
    if traits_of(run.config.sampled_method).is_random:
        yield from samples_are_the_same(run, small)


def _predict(run: Run, batch: int) -> ExampleStatistics:
    """Statistics of two samples, predicted in batches of a size."""
    request = Request(
        method=run.config.sampled_method,
        samples=_SAMPLES,
        seed=run.config.prediction.seed,
        batch=batch,
        allow_missing=True,
        precision=run.config.prediction.precision,
        skip_empty=run.config.prediction.skip_empty,
    )
    predictor = make_predictor(run, request)
    examples = CHECKS[run.config.task].examples(predictor)
    statistics: ExampleStatistics = predictor.draw(examples)
    return statistics


def predictions_depend_on_the_batch(
    small: ExampleStatistics, large: ExampleStatistics
) -> Iterator[Finding]:
    """Find statistics that differ between batches of two sizes.

    Seed and images are the same, so the bytes must be the same.

    Args:
        small: Statistics from small batches.
        large: Statistics from large batches.
    """
    of_large = large.arrays()
    differing = {}
    for name, array in small.arrays().items():
        if array.tobytes() != of_large[name].tobytes():
            differing[name] = _largest_difference(array, of_large[name])
    if differing:
        largest = max(differing.values())
        yield Finding(
            check="batches",
            severity="fault",
            problem=(
                f"{', '.join(differing)} differ by up to {largest:.3g} "
                "when the same images are predicted in batches of another size"
            ),
            why=(
                "a patient's result then depends on who else is in the batch, "
                "and cannot be repeated"
            ),
            remedy=(
                "look for a layer that mixes images, such as a batch normalization "
                "in training mode; report it if it is tfuq's own"
            ),
        )


def _largest_difference(first: np.ndarray, second: np.ndarray) -> float:
    differences = np.abs(first.astype(float) - second)
    return float(differences.max())


def samples_are_the_same(run: Run, statistics: ExampleStatistics) -> Iterator[Finding]:
    """Find two samples that are equal.

    Args:
        run: The run that predicted.
        statistics: Those of the samples.
    """
    if not statistics.spread.any():
        yield Finding(
            check="samples",
            severity="fault",
            problem=f"{run.path}: two samples of {run.config.method} are the same",
            why=(
                "epistemic uncertainty is the disagreement of samples; "
                "of copies it is zero, whatever the network does not know"
            ),
            remedy=(
                "look at network.level_dropout (0 drops nothing), at the members, "
                "or at the widths of the weights"
            ),
        )
