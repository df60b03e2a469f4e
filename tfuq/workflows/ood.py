"""A set from elsewhere: how well measures of uncertainty tell it from a run's own predictions."""

from __future__ import annotations

from pathlib import Path

from tfuq import config as configuration
from tfuq import runs
from tfuq.data.cases import Case
from tfuq.data.events import SILENT, Observer
from tfuq.data.layouts import cases_of
from tfuq.errors import RunError
from tfuq.prediction import AnyPredictor, Request, inputs_of_run, make_predictor, predict
from tfuq.runs import Run, results
from tfuq.runs.results import Manifest
from tfuq.scoring.evaluation.ood import OUT_OF_DISTRIBUTION
from tfuq.scoring.rows import Row


def score_elsewhere(
    predictions: Path,
    source: str,
    *,
    observer: Observer = SILENT,
) -> dict[str, Row]:
    """Predict a set from elsewhere, and score how well each measure tells it from predictions.

    It is predicted into ``<predictions>-ood-<its name>`` with the same method, T and seed.

    Args:
        predictions: folder of the run's own predictions.
        source: a folder or a configuration.
        observer: is notified of each `CasePredicted`.

    Returns:
        Scores by measure, see `tfuq.scoring.classification.ood_scores`.

    Raises:
        RunError: the run is of another task, or no longer the one that was predicted with.
    """
    manifest = results.read_manifest(predictions)
    run = runs.open_run(Path(manifest.run))
    task = run.config.task
    if task not in OUT_OF_DISTRIBUTION:
        served = " and ".join(OUT_OF_DISTRIBUTION)
        raise RunError(f"--ood: {manifest.run} is a run of {task}; it serves {served}")
    predictor = _same_predictor(predictions, run, manifest)
    folder = predictions.with_name(f"{predictions.name}-ood-{Path(source).stem}")
    predict(predictor, _cases(run, source), folder, observer=observer)
    return OUT_OF_DISTRIBUTION[task](predictions, folder, run.config.data.classes)


def _same_predictor(predictions: Path, run: Run, manifest: Manifest) -> AnyPredictor:
    """A predictor that makes samples as those of the predictions were made."""
    request = Request(
        method=manifest.method,
        samples=manifest.samples,
        seed=manifest.seed,
        batch=run.config.prediction.batch_size,
        is_calibrated=manifest.calibration is not None,
        allow_missing=bool(manifest.missing_members),
        precision=manifest.precision,
        skip_empty=manifest.skip_empty,
        combine=manifest.combine,
    )
    predictor = make_predictor(run, request)
    if not predictor.manifest().same_draws(manifest):
        description = manifest.described_against(predictor.manifest())
        change = f"{manifest.run} draws otherwise now"
        remedy = "predict again with --overwrite"
        raise RunError(f"{predictions}: was made of {description}; {change}; {remedy}")
    return predictor


def _cases(run: Run, source: str) -> list[Case]:
    if Path(source).is_dir():
        return inputs_of_run(run, (Path(source),))
    return cases_of(configuration.load(source).data)
