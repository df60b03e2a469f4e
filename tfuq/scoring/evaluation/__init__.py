"""Scores of a predictions folder, as its task has them."""

from __future__ import annotations

from pathlib import Path

from tfuq import results, runs
from tfuq.config import with_label_values
from tfuq.data.paths import real_path
from tfuq.errors import DataError
from tfuq.scoring.evaluation.classification import score_classification
from tfuq.scoring.evaluation.failures import FailureOptions, failure_tables
from tfuq.scoring.evaluation.landmarks import score_landmarks
from tfuq.scoring.evaluation.scores import OnCase, Scores
from tfuq.scoring.evaluation.segmentation import cases_with_references, score_segmentation

__all__ = ["FailureOptions", "Scores", "cases_with_references", "default_output", "predictions_of", "score_folder"]

_SCORERS = {"segmentation": score_segmentation, "classification": score_classification, "landmarks": score_landmarks}


def score_folder(
    folder: Path,
    reference: Path | None,
    on_case: OnCase,
    failures: FailureOptions | None = None,
    label_values: str | None = None,
) -> Scores:
    """Score predictions against the data set's references, or those in ``reference``, and rank measures by the failures they find.

    ``label_values``: what the values of the references stand for, where it is not what ``data.label_values`` says.

    Raises:
        RunError: no predictions there, or a damaged table. DataError: a reference is missing or does not fit. ConfigError: label
            values that are none.
    """
    manifest = results.read_manifest(folder)
    config = runs.open_run(Path(manifest.run)).config
    if label_values and config.task != "segmentation":
        raise DataError(f"--label-values: {folder} holds predictions of {config.task}; it serves segmentation")
    config = with_label_values(config, label_values)
    failures = failures or FailureOptions()
    scores = _SCORERS[config.task](folder, manifest, config, reference, on_case, failures)
    tables = failure_tables(scores.cohorts, failures)
    scores.summary["task"] = config.task
    scores.summary["failure_detection"] = tables
    scores.tables["failure"] = [row for rows in tables.values() for row in rows]
    scores.summary["reference"] = None if reference is None else str(real_path(reference))
    scores.summary["label_values"] = label_values
    results.require_one_set(folder, manifest)
    return scores


def default_output(folder: Path) -> Path:
    """``scores/<method>`` beside the ``predictions`` folder, or ``scores`` within a folder that lies elsewhere."""
    return folder.parent.parent / "scores" / folder.name if folder.parent.name == "predictions" else folder / "scores"


def predictions_of(scores: Path) -> Path:
    """The predictions folder whose `default_output` a score folder is."""
    scores = real_path(scores)
    is_beside = scores.parent.name == "scores"
    return scores.parent.parent / "predictions" / scores.name if is_beside else scores.parent
