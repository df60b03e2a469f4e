"""What ``tfuq view`` is of: a run, a folder of predictions or a review."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tfuq import runs
from tfuq.data.json_csv import read_json
from tfuq.errors import RunError
from tfuq.runs import Run
from tfuq.runs.missing import warn_of_missing, warn_of_missing_members
from tfuq.runs.results import MANIFEST, Manifest, read_manifest
from tfuq.workflows.review import SUMMARY, default_folder

_REMEDY = "run tfuq review again"


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is looked at.

    Attributes:
        run: that predicted.
        predictions: the folder of predictions.
        manifest: of the predictions.
        review: the folder of their review, where decisions are written; it need not be there.
    """

    run: Run
    predictions: Path
    manifest: Manifest
    review: Path

    @property
    def has_review(self) -> bool:
        """Whether the cases were reviewed."""
        return (self.review / SUMMARY).is_file()


def find_target(path: Path, method: str | None = None) -> Target:
    """Find predictions and their review.

    Args:
        path: of a run, a folder of predictions, or a review.
        method: of a run's predictions; None for the run's own, or the only one.

    Raises:
        RunError: there are no predictions, they are of another method, or files of them are
            damaged.
    """
    review = None
    if (path / SUMMARY).is_file():
        predictions = _reviewed(path)
        review = path
    elif (path / MANIFEST).is_file():
        predictions = path
    elif runs.is_run(path):
        predictions = _of_run(runs.open_run(path), method)
    else:
        remedy = "give a folder that tfuq train, tfuq predict or tfuq review wrote"
        raise RunError(f"{path}: not a run, predictions or a review; {remedy}")
    manifest = read_manifest(predictions)
    if method not in (None, manifest.method):
        problem = f"{path} is of predictions of {manifest.method}"
        raise RunError(f"--method {method}: {problem}; leave it out, or give the run")
    if not manifest.cases:
        raise RunError(f"{predictions}: holds no case; run tfuq predict")
    warn_of_missing(predictions, manifest)
    warn_of_missing_members(predictions, manifest)
    return Target(
        run=runs.open_run(Path(manifest.run)),
        predictions=predictions,
        manifest=manifest,
        review=review or default_folder(predictions),
    )


def _reviewed(folder: Path) -> Path:
    """The predictions that a review is of."""
    summary = read_json(folder / SUMMARY, dict[str, object], _REMEDY)
    predictions = summary.get("predictions")
    if not isinstance(predictions, str):
        raise RunError(f"{folder / SUMMARY}: does not say what it is of; {_REMEDY}")
    if not (Path(predictions) / MANIFEST).is_file():
        raise RunError(f"{folder}: its predictions {predictions:.200} are gone; {_REMEDY}")
    return Path(predictions)


def _of_run(run: Run, method: str | None) -> Path:
    """The predictions of a run."""
    wanted = method or run.config.method
    folder = run.predictions(wanted)
    if (folder / MANIFEST).is_file():
        return folder
    others = sorted(path.parent.name for path in run.path.glob(f"predictions/*/{MANIFEST}"))
    if method is None and len(others) == 1:
        return run.predictions(others[0])
    problem = f"{run.path}: has no predictions of {wanted}"
    if others:
        names = ", ".join(others)
        raise RunError(f"{problem}; it has {names}: give one of those folders, or --method")
    raise RunError(f"{problem}; run tfuq predict {run.path} --method {wanted}")
