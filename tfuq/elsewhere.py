"""A set from elsewhere, predicted as a run's own predictions were, and told from them by each measure of uncertainty."""

from __future__ import annotations

from pathlib import Path

from tfuq import config as configuration
from tfuq import results, runs
from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of
from tfuq.errors import RunError
from tfuq.prediction import Request, input_cases, make_predictor, predict
from tfuq.runs import Run
from tfuq.scoring.evaluation.classification import out_of_distribution


def score_elsewhere(predictions: Path, source: str) -> dict[str, dict]:
    """Scores by measure (see `tfuq.scoring.classification.ood_scores`) of ``source``, a folder or a configuration, which is
    predicted into ``<predictions>-ood-<its name>`` with the same method, T and seed.

    Raises:
        RunError: the run is of another task, or no longer the one that was predicted with.
    """
    manifest = results.read_manifest(predictions)
    run = runs.open_run(Path(manifest.run))
    if run.config.task != "classification":
        raise RunError(f"--ood: {manifest.run} is a run of {run.config.task}; it serves classification")
    batch, is_calibrated = run.config.prediction.batch_size, manifest.calibration is not None
    allow_missing = bool(manifest.missing_members)
    request = Request(
        method=manifest.method,
        samples=manifest.samples,
        seed=manifest.seed,
        batch=batch,
        is_calibrated=is_calibrated,
        allow_missing=allow_missing,
    )
    predictor = make_predictor(run, request)
    if not predictor.manifest().same_draws(manifest):
        made = manifest.described_beside(predictor.manifest())
        raise RunError(f"{predictions}: was made of {made}; {manifest.run} draws otherwise now; predict again with --overwrite")
    folder = predictions.with_name(f"{predictions.name}-ood-{Path(source).stem}")
    predict(predictor, _cases(run, source), folder, on_case=lambda *_: None)
    return out_of_distribution(predictions, folder, run.config.data.classes)


def _cases(run: Run, source: str) -> list[Case]:
    if Path(source).is_dir():
        return input_cases(run.config, run.facts["channels"], (Path(source),))
    return cases_of(configuration.load(source).data)
