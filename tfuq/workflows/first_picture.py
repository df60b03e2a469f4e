"""A picture before anything is trained: a model that comes with tfuq, and a scan that does too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tfuq.data.events import SILENT, Observer
from tfuq.data.example import write_example
from tfuq.prediction import inputs_of_run, make_predictor, predict, request_of
from tfuq.report.case_figures import write_case_figures
from tfuq.runs.models import open_model

SCANS = "scan"
PREDICTIONS = "model"
_LEFT_RIGHT = 0  # across this axis of the scan, a slice shows front and back


def write_first_picture(folder: Path, model: str, *, observer: Observer = SILENT) -> list[Path]:
    """Write the scan into `SCANS`, and what the model predicts into `PREDICTIONS`.

    Args:
        folder: The folder to write to.
        model: The name of a model that comes with tfuq, which takes the scan.
        observer: Is notified of each event of the prediction.

    Returns:
        The figures of the scan, the one that shows all of it first.
    """
    opened = open_model(model)
    scan = write_example(folder / SCANS)
    request = request_of(opened.run.config, opened.run.config.method, None, None)
    request = replace(request, refuses_unlike=opened.refuses_unlike)
    cases = inputs_of_run(opened.run, (scan,))
    predictions = folder / PREDICTIONS
    predict(make_predictor(opened.run, request), cases, predictions, observer=observer)
    figures = predictions / "figures"
    return write_case_figures([predictions], cases[0].id, figures, axis=_LEFT_RIGHT)
