"""The tour: a phantom, every method trained on it, predicted, scored, set side by side and reported."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tfuq import config as configuration
from tfuq.data.ownership import plan_removal, remove_leftovers
from tfuq.errors import RunError
from tfuq.prediction import Request, cases_of_test_split, make_predictor, predict
from tfuq.report.figures import write_figures
from tfuq.report.page import PAGE, write_page
from tfuq.runs import Run
from tfuq.scoring.comparison import Comparison, compare
from tfuq.scoring.evaluation import score_folder
from tfuq.training import train
from tfuq.training.fit import OnStep

# A hybrid run's members serve four methods; only weights with a distribution need a training of their own.
SERVED_BY = {"deterministic": "hybrid", "mc-dropout": "hybrid", "ensemble": "hybrid", "hybrid": "hybrid", "vi": "vi"}


# The configuration of each task's tour, on a phantom that is made on the way.
TOURS = {"segmentation": "quickstart", "classification": "digits", "landmarks": "cephalogram"}

_WRITTEN = ("comparison.md", "comparison.csv", PAGE, "runs", "data")


def demonstrate(
    folder: Path, task: str = "segmentation", *, on_step: OnStep, say: Callable[[str], None], overwrite: bool = False
) -> Comparison:
    """Run the tour into a folder that is new or empty and return the comparison that it wrote there.

    Raises:
        RunError: the folder holds something; with ``overwrite``, something other than an earlier demo.
    """
    _clear(folder, overwrite=overwrite)
    runs = {method: _train(folder, TOURS[task], method, on_step, say) for method in sorted(set(SERVED_BY.values()))}
    scored = [_predict_and_score(runs[trained], method, say) for method, trained in SERVED_BY.items()]
    comparison = compare(scored)
    comparison.write(folder)
    write_page(scored, folder / PAGE)
    return comparison


def _clear(folder: Path, *, overwrite: bool) -> None:
    """Remove an earlier demo."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not overwrite:
        raise RunError(f"{folder}: is not empty; pass --overwrite to replace an earlier demo, or choose another --out")
    remove_leftovers(folder)
    more = sorted(path.name for path in folder.iterdir() if not path.name.startswith(".") and path.name not in _WRITTEN)
    if more:
        raise RunError(f"{folder}: holds more than a demo ('{more[0]}') and is left alone; choose another --out")
    removal = plan_removal(folder / name for name in _WRITTEN)
    removal.refuse_foreign([folder], "choose another --out, or remove the folder by hand")
    removal.carry_out()


def _train(folder: Path, name: str, method: str, on_step: OnStep, say: Callable[[str], None]) -> Run:
    settings = configuration.load(name, (f"method={method}", f"data.root={folder / 'data'}"))
    return train(settings, folder / "runs" / settings.name / method, on_step=on_step, say=say)


def _predict_and_score(run: Run, method: str, say: Callable[[str], None]) -> Path:
    defaults = run.config.prediction
    predictor = make_predictor(run, Request(method=method, samples=defaults.samples, seed=defaults.seed, batch=defaults.batch_size))
    manifest = predict(predictor, cases_of_test_split(run), run.predictions(method), on_case=lambda *_: None)
    scores = score_folder(run.predictions(method), None, on_case=lambda _: None)
    drawn = scores.write(run.scores(method), draw=partial(write_figures, run.predictions(method), None, scores))
    say(f"{method}: {len(manifest.cases)} cases predicted with T = {predictor.samples} and scored, {len(drawn)} figures drawn")
    return run.scores(method)
