"""The tour: a model on a real scan, then a phantom and five methods trained on it.

These are predicted, scored, compared and reported.
"""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

from tfuq import config as configuration
from tfuq.data.events import SILENT, Observer
from tfuq.data.removal import plan_removal, remove_leftovers
from tfuq.errors import RunError
from tfuq.prediction import cases_of_test_split, make_predictor, predict, request_of
from tfuq.report.figures import write_figures
from tfuq.report.page.render import PAGE, write_page
from tfuq.runs import Run
from tfuq.scoring.comparison import Comparison, compare
from tfuq.scoring.evaluation import score_folder
from tfuq.training import train
from tfuq.workflows.first_picture import PREDICTIONS, SCANS, write_first_picture

# The method of the run that serves each method. A hybrid run's members serve four; only weights
# with a distribution need a training of their own.
SERVED_BY = {
    "deterministic": "hybrid",
    "mc-dropout": "hybrid",
    "ensemble": "hybrid",
    "hybrid": "hybrid",
    "vi": "vi",
}
# The configuration of each task's tour, on a phantom that is made on the way.
TOURS = {
    "segmentation": "head",
    "classification": "digits",
    "landmarks": "cephalogram",
}
# The model that comes with tfuq with which the tour of a task begins, where there is one.
MODELS = {"segmentation": "hippocampus"}

_WRITTEN = ("comparison.md", "comparison.csv", PAGE, "runs", "data", SCANS, PREDICTIONS)
_log = logging.getLogger(__name__)


def demonstrate(
    folder: Path,
    task: str = "segmentation",
    *,
    observer: Observer = SILENT,
    overwrite: bool = False,
) -> Comparison:
    """Run the tour.

    Args:
        folder: A folder that is new or empty.
        task: The task of the tour.
        observer: Is notified of each event of training, prediction and scoring.
        overwrite: Whether an earlier demo in the folder is replaced.

    Returns:
        The comparison of the methods, which is written into the folder.

    Raises:
        RunError: The folder holds something; with ``overwrite``, something other than an earlier
            demo.
    """
    _clear(folder, overwrite=overwrite)
    if task in MODELS:
        pictures = write_first_picture(folder, MODELS[task], observer=observer)
        _log.info("%s: a model that comes with tfuq on a real scan, without training", pictures[0])
    runs = {}
    for method in sorted(set(SERVED_BY.values())):
        runs[method] = _train(folder, TOURS[task], method, observer)
    scores = []
    for method, trained_as in SERVED_BY.items():
        scores.append(_predict_and_score(runs[trained_as], method, observer))
    comparison = compare(scores)
    comparison.write(folder)
    write_page(scores, folder / PAGE)
    return comparison


def _clear(folder: Path, *, overwrite: bool) -> None:
    """Remove an earlier demo."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not overwrite:
        remedy = "pass --overwrite to replace an earlier demo, or choose another --out"
        raise RunError(f"{folder}: is not empty; {remedy}")
    remove_leftovers(folder)
    for name in sorted(path.name for path in folder.iterdir()):
        if not name.startswith(".") and name not in _WRITTEN:
            problem = f"holds more than a demo ('{name}') and is left alone"
            raise RunError(f"{folder}: {problem}; choose another --out")
    removal = plan_removal(folder / name for name in _WRITTEN)
    removal.refuse_foreign([folder], "choose another --out, or remove the folder by hand")
    removal.carry_out()


def _train(folder: Path, name: str, method: str, observer: Observer) -> Run:
    overrides = (f"method={method}", f"data.root={folder / 'data'}")
    settings = configuration.load(name, overrides)
    run_folder = folder / "runs" / settings.name / method
    return train(settings, run_folder, observer=observer)


def _predict_and_score(run: Run, method: str, observer: Observer) -> Path:
    """Predict and score the test split; the folder of the scores."""
    predictor = make_predictor(run, request_of(run.config, method, None, None))
    predictions = run.predictions(method)
    cases = cases_of_test_split(run)
    manifest = predict(predictor, cases, predictions, observer=observer)
    scores = score_folder(predictions, None, observer=observer)
    plot = partial(write_figures, predictions, None, scores)
    plotted = scores.write(run.scores(method), plot=plot)
    _log.info(
        "%s: %d cases predicted with T = %d and scored, %d figures drawn",
        method,
        len(manifest.cases),
        predictor.samples,
        len(plotted),
    )
    return run.scores(method)
