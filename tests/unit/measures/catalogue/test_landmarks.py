"""Measures of landmarks: bounds, units and orientation, on random samples."""

import numpy as np
import pytest

from tfuq.measures.catalogue.landmarks import OF_LANDMARKS, OTHERS_OF_LANDMARKS
from tfuq.measures.landmark import landmark_measures

BY_NAME = {measure.name: measure for measure in (*OF_LANDMARKS, *OTHERS_OF_LANDMARKS)}
MM = np.array([0.5, 0.25])


def row_of(samples, deviation, *, activation=0.8):
    rng = np.random.default_rng(3)
    points = 40 + deviation * rng.normal(size=(samples, 2))
    activations = np.full(samples, activation)
    variances = deviation**2 * rng.uniform(0.9, 1.1, size=(samples, 2))
    return landmark_measures(points, activations, MM, variances)


def test_every_measure_is_a_column_of_the_table():
    assert row_of(5, 2.0).keys() >= BY_NAME.keys()


def test_one_sample_has_the_measures_that_need_no_other():
    row = row_of(1, 2.0)
    single = {name for name, measure in BY_NAME.items() if measure.least_samples == 1}
    assert row.keys() & BY_NAME.keys() == single


@pytest.mark.parametrize("deviation", [0.0, 0.1, 30.0])
def test_bounds_hold(deviation):
    row = row_of(6, deviation)
    for name, measure in BY_NAME.items():
        low, high = measure.bounds(2)
        assert low <= row[name] <= high


@pytest.mark.parametrize("measure", BY_NAME.values(), ids=lambda measure: measure.name)
def test_positions_that_spread_are_less_certain(measure):
    certain = row_of(8, 0.5, activation=0.9)[measure.name]
    uncertain = row_of(8, 5.0, activation=0.2)[measure.name]
    assert measure.uncertainty(certain) < measure.uncertainty(uncertain)


def test_units_are_those_of_the_numbers():
    """With pixels of one size, a length in mm is so many times that in pixels, and a variance its square."""
    points = np.random.default_rng(0).normal(size=(5, 2))
    row = landmark_measures(points, np.ones(5), np.array([0.5, 0.5]), np.ones((5, 2)))
    factors = {"mm": 0.5, "mm²": 0.25}
    for name, measure in BY_NAME.items():
        if measure.unit in factors:
            in_pixels = row[name.removesuffix("_mm")]
            assert row[name] == pytest.approx(factors[measure.unit] * in_pixels)
