"""Fits whose predictors draw what is given."""

import pytest

from tests.support.drawn import make_given_predictor
from tfuq.prediction import Request
from tfuq.workflows.calibrate.fit import TASK_FITS, Choices


@pytest.fixture
def fit_of(monkeypatch):
    """``fit_of(run, draw)``: a calibration at α = 0.5 that has gathered nothing yet."""

    def make(run, draw=None, alpha=0.5, kind="temperature"):
        monkeypatch.setattr(
            "tfuq.workflows.calibrate.fit.make_predictor",
            lambda run, request, reducers: make_given_predictor(run, draw),
        )
        request = Request(method="mc-dropout", samples=4, seed=0, batch=4)
        choices = Choices(source="test:0.5", alpha=alpha, kind=kind)
        return TASK_FITS[run.config.task](run, request, choices)

    return make
