"""Widths of the posterior, from stored arrays."""

import math

import numpy as np
import pytest

from tfuq.networks.layers.widths import layer_widths, median_width

RAW = {
    "a/kernel_posterior_loc": np.zeros((2, 2), np.float32),
    "a/kernel_posterior_untransformed_scale": np.array([[0.0, 1.0], [-3.0, 40.0]], np.float32),
    "b/kernel_posterior_untransformed_scale": np.full(3, -200.0, np.float32),
    "code/untransformed_scale": np.float32(5.0),
}


def test_widths_are_softplus_of_what_is_stored():
    found = layer_widths(RAW)
    assert set(found) == {"a", "b"}  # the width of a code is no kernel's
    expected = [math.log(2), math.log1p(math.e), math.log1p(math.exp(-3)), 40.0]
    np.testing.assert_allclose(found["a"].ravel(), expected, rtol=1e-6)
    np.testing.assert_allclose(found["b"], math.exp(-200.0), rtol=1e-6)


def test_the_median_is_over_all_weights():
    widths = sorted([math.exp(-200.0)] * 3 + [math.log1p(math.exp(-3)), math.log(2), 1.3132617, 40])
    assert median_width(RAW) == pytest.approx(widths[3])


def test_point_weights_have_no_width():
    assert median_width({"a/kernel": np.ones(3)}) is None
    assert layer_widths({}) == {}
