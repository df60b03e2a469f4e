"""Scores of a predictions folder, as its task has them."""

from __future__ import annotations

from pathlib import Path

from tfuq import runs
from tfuq.config import TASKS, Config, with_reference_meaning
from tfuq.data.events import SILENT, Observer
from tfuq.data.paths import real_path
from tfuq.errors import DataError
from tfuq.execution import Executor, Serial
from tfuq.runs import results
from tfuq.runs.missing import warn_of_missing
from tfuq.scoring.evaluation import classification as classification
from tfuq.scoring.evaluation import landmarks as landmarks
from tfuq.scoring.evaluation import segmentation as segmentation
from tfuq.scoring.evaluation.failures import FailureOptions, failure_tables
from tfuq.scoring.evaluation.outputs import default_output, dose_output, predictions_of
from tfuq.scoring.evaluation.references import cases_with_references
from tfuq.scoring.evaluation.score_options import ScoreOptions, parse_tolerance
from tfuq.scoring.evaluation.scores import SCORERS, ScoreRequest, Scores
from tfuq.scoring.evaluation.splits import enter_splits
from tfuq.scoring.evaluation.subjects import enter_subjects

__all__ = [
    "FailureOptions",
    "ScoreOptions",
    "Scores",
    "cases_with_references",
    "default_output",
    "dose_output",
    "parse_tolerance",
    "predictions_of",
    "score_folder",
]


def score_folder(
    folder: Path,
    reference: Path | None,
    failures: FailureOptions | None = None,
    label_values: str | None = None,
    *,
    structure_names: str | None = None,
    options: ScoreOptions | None = None,
    observer: Observer = SILENT,
    executor: Executor | None = None,
) -> Scores:
    """Score predictions, and rank measures of uncertainty by the failures that they find.

    Where the prediction has not ended, it warns, and the summary names the cases that are missing.

    Args:
        folder: of predictions.
        reference: a folder of references; None for the data set's own.
        failures: what counts as a failure.
        label_values: what the values of the references stand for, where it is not what
            ``data.label_values`` says.
        structure_names: the classes of regions of structure sets, where they are not what
            ``data.structure_names`` says.
        options: of a segmentation, what there is a choice of.
        observer: is notified of each `CaseScored`, or of the `TableScored`.
        executor: where cases of volumes are scored; None for here, one after another.

    Raises:
        PartDoneError: the cases that are this call's are scored, and others are not its own.
        RunError: no predictions there, or a damaged table.
        DataError: a reference is missing or does not fit, or options or several processes for a
            table.
        ConfigError: label values that are none, or a tolerance of no structure of the run.
    """
    manifest = results.read_manifest(folder)
    warn_of_missing(folder, manifest)
    config = _labelled_config(folder, Path(manifest.run), label_values, structure_names)
    failures = failures or FailureOptions()
    options = options or ScoreOptions()
    executor = executor or Serial()
    request = ScoreRequest(
        folder=folder,
        manifest=manifest,
        config=config,
        reference=reference,
        failures=failures,
        observer=observer,
        options=options,
        executor=executor,
    )
    if options.given() and not TASKS[config.task].has_volumes:
        raise DataError(
            f"{options.given()[0]}: {folder} holds predictions of {config.task}; "
            "it serves segmentation"
        )
    if executor.slices > 1 and not TASKS[config.task].has_volumes:
        raise DataError(
            f"--execute or TFUQ_EXECUTE: {folder} holds predictions of {config.task}, one table "
            "that one process scores; give --execute serial"
        )
    score = SCORERS[config.task]
    scores = score(request)
    enter_splits(scores, manifest, runs.open_run(Path(manifest.run)).split)
    enter_subjects(scores, config.data.split.subject)
    tables = failure_tables(scores.cohorts, failures)
    scores.summary["task"] = config.task
    scores.summary["failure_detection"] = tables
    scores.tables["failure"] = [row for rows in tables.values() for row in rows]
    scores.summary["reference"] = _written(reference)
    scores.summary["label_values"] = label_values
    scores.summary["structure_names"] = structure_names
    results.require_one_set(folder, manifest)
    return scores


def _labelled_config(
    folder: Path, run: Path, label_values: str | None, structure_names: str | None
) -> Config:
    """The run's configuration with what references stand for, where that is another."""
    config = runs.open_run(run).config
    given = {"--label-values": label_values, "--structure-names": structure_names}
    for option, value in given.items():
        if value and not TASKS[config.task].has_volumes:
            raise DataError(
                f"{option}: {folder} holds predictions of {config.task}; it serves segmentation"
            )
    return with_reference_meaning(config, label_values, structure_names)


def _written(reference: Path | None) -> str | None:
    if reference is None:
        return None
    return str(real_path(reference))
