"""Histograms of maps over right and wrong voxels."""

import numpy as np

from tests.support.figures import legend_of
from tfuq.report.histograms import BINS, count_pair, edges_of, plot_density
from tfuq.report.plotting import new_figure


def test_voxels_are_counted_apart_and_values_beyond_the_range_are_in_the_last_bin():
    values = np.array([0.0, 0.1, 0.9, 2.0, 0.5])
    is_known = np.array([True, True, True, True, False])
    is_wrong = np.array([False, True, False, True, False])
    right, wrong = count_pair(values, is_known, is_wrong, 1.0)
    np.testing.assert_array_equal(right, np.histogram([0.0, 0.9], BINS, (0, 1))[0])
    np.testing.assert_array_equal(wrong, np.histogram([0.1, 1.0], BINS, (0, 1))[0])


def test_bins_reach_to_the_largest_value_of_the_map():
    edges = edges_of("predictive_entropy", 3)
    assert (edges[0], edges[-1], len(edges)) == (0, np.log(3), BINS + 1)


def test_a_density_has_an_area_of_one():
    axes = new_figure(2, 2).add_subplot()
    edges = np.linspace(0, 0.5, 3)
    plot_density(axes, np.array([1, 3]), edges, "black", "wrong")
    axes.legend()
    values = axes.patches[0].get_data().values
    assert (values * np.diff(edges)).sum() == 1
    assert legend_of(axes) == ["wrong (4 voxels)"]
