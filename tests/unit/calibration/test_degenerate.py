"""Fits that their cases do not determine, and promises that exclude nothing."""

import math
import re

import numpy as np
import pytest

from tests.support.oversure import sampled
from tfuq.calibration.degenerate import degeneracies
from tfuq.calibration.records import Calibration, Conformal, Scaling
from tfuq.calibration.scaling import FITS, mean_nll
from tfuq.runs.results import Manifest

CLASSES = ["rest", "core", "rim", "shadow"]
SOUND = {"weights": [0.5] * 4, "bias": [0.0] * 4, "nll_before": 0.9, "nll_after": 0.7}


def calibration(scaling=None, **conformal):
    draws = Manifest(run="r", method="vi", samples=4, seed=0, weights_digest=[], tfuq_version="1")
    return Calibration(
        draws=draws,
        source="test",
        cases={"a": ["a.png"], "b": ["b.png"]},
        scaling=scaling,
        conformal=Conformal(alpha=0.1, **conformal),
    )


def fitted(kind, p, y):
    """The record of a fit of samples ``[T, n, K]``."""
    logs = np.log(p)
    weights, bias = FITS[kind](logs, y)
    return Scaling(
        kind=kind,
        weights=weights.tolist(),
        bias=bias.tolist(),
        nll_before=mean_nll(logs, y, np.ones(4), np.zeros(4))[0],
        nll_after=mean_nll(logs, y, weights, bias)[0],
        items=len(y),
        absent=np.setdiff1d(np.arange(4), y).tolist(),
    )


def lines(scaling=None, **conformal):
    return [item.line() for item in degeneracies(calibration(scaling, **conformal), CLASSES)]


def two_items(true):
    """Two images, seen right or wrong."""
    p = np.full((1, 2, 4), 0.2)
    p[0, [0, 1], [1, 2]] = 0.4
    return p, np.array(true)


@pytest.mark.parametrize("kind", FITS)
def test_a_fit_of_many_items_is_sound(kind):
    p, y = sampled(1, n=400)
    assert lines(fitted(kind, p, y)) == []


@pytest.mark.parametrize(
    ("true", "words"),
    [
        ([1, 2], r"temperature 0.05\d* is at the end of its search range, 0.05 to 20"),
        ([3, 3], r"temperature (20|19.9\d*) is at the end of its search range, 0.05 to 20"),
    ],
)
def test_a_temperature_of_two_items_is_at_an_end(true, words):
    (line,) = lines(fitted("temperature", *two_items(true)))
    assert re.match(words, line)
    assert "fitted on 2 items of 2 case(s)" in line
    assert "calibrate on more cases" in line


def test_a_loss_of_nothing_and_one_of_a_guess():
    perfect = Scaling(kind="temperature", items=100, **SOUND | {"nll_after": 1e-6})
    assert "none of them in doubt" in lines(perfect)[0]
    sure = np.full((1, 2, 4), 1e-9)
    sure[0, [0, 1], [1, 2]] = 1
    (line,) = lines(fitted("temperature", sure, np.array([1, 2])))
    assert "leaves a loss of 0 nat" in line or "at the end of its search range" in line
    guess = Scaling(kind="temperature", items=100, **SOUND | {"nll_after": math.log(4)})
    assert "a guess among 4 classes" in lines(guess)[0]


def test_vector_scaling_without_a_class_or_of_an_extreme_weight():
    p, y = sampled(1, n=400)
    y = np.where(y == 3, 0, y)
    assert "no item of class 'shadow'" in lines(fitted("vector", p, y))[-1]
    extreme = Scaling(kind="vector", items=100, **SOUND | {"weights": [0.5, 0.0, 30.0, 1.0]})
    first, second = lines(extreme)
    assert "class 'core' the weight 0, which is not between 0.05 and 20" in first
    assert "class 'rim' the weight 30" in second


def test_a_weight_of_zero_is_no_division_by_it():
    (line,) = lines(Scaling(kind="temperature", items=9, **SOUND | {"weights": [0.0] * 4}))
    assert "at the end of its search range" in line


@pytest.mark.parametrize(
    ("conformal", "words"),
    [
        ({"sizes": {"lac": {"set": {"vacuous": 1.0}}}}, "lac: the set says nothing of any"),
        ({"sizes": {"core": {"lower": {"vacuous": 1.0}}}}, "core: the lower says nothing"),
        ({"bounds": {"core": {"lower": 0.5, "upper": 0.0}}}, "bound is the whole image"),
        ({"bounds": {"core": {"lower": 2.0, "upper": 0.1}}}, "the bound is empty"),
        ({"volumes": {"core": math.log(25)}}, "core: volume intervals are 25 times as wide"),
        (
            {"bounds": {"core": {"lower": 0.5, "upper": 0.1}}, "sizes": {"core": {}}},
            "no intervals of volumes: fewer than 9 calibration cases are labelled whole",
        ),
        ({"sets": {"lac": 0.0}}, "lac: the quantile is 0"),
        ({"radii": {"sella": 0.0}}, "sella: the radius is 0"),
    ],
)
def test_a_promise_of_nothing_is_told(conformal, words):
    (line,) = lines(**conformal)
    assert words in line


def test_promises_that_say_something_are_not_told():
    assert not lines(
        sets={"lac": 0.4, "aps": 0.0},
        bounds={"core": {"lower": 0.8, "upper": 0.1}},
        volumes={"core": 0.3},
        radii={"sella": 2.0},
        sizes={"lac": {"set": {"vacuous": 0.9}}},
    )
