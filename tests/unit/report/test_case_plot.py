"""A slice of a case by one method, and by several side by side."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import settings
from tests.support.case_arrays import case_arrays
from tests.support.figures import legend_of, titles
from tfuq.report.case_plot import slice_figures
from tfuq.report.slices import MEAN, Place

PLACE = Place(axis=2, index=1)


def case_of(**changes):
    ratio = np.zeros((4, 5, 6))
    ratio[1, 3, 1] = 0.5  # the one wrong voxel of the slice
    maps = {"predictive_entropy": np.full((4, 5, 6), 0.25), "variation_ratio": ratio}
    foreground = {MEAN: np.full((4, 5, 6), 0.75)}
    return case_arrays(maps=maps, foreground=foreground, **changes)


@pytest.fixture
def config():
    return settings(Path("data"))


def test_methods_stand_side_by_side(config):
    figures = dict(slice_figures({"vi": case_of(), "ensemble": case_of()}, config, PLACE))
    assert list(figures) == ["slice-vi", "slice-ensemble", "methods", "histograms", "difference"]
    assert figures["slice-vi"].get_suptitle() == "c, vi, slice 1 along axis 2"
    assert titles(figures["methods"])[:2] == ["vi", "ensemble"]
    names = [text.get_text() for text in figures["methods"].legends[0].get_texts()]
    assert names[:4] == ["rest", "ball", "core", "agreement: TP"]


def test_histograms_and_ratios_are_of_the_slice(config):
    figures = dict(slice_figures({"vi": case_of()}, config, PLACE))
    assert list(figures) == ["slice-vi", "histograms", "difference"]
    entropies, ratios = figures["histograms"].axes
    assert legend_of(entropies) == ["correct (19 voxels)", "wrong (1 voxels)"]
    assert (entropies.get_ylabel(), ratios.get_ylabel()) == (
        "predictive entropy",
        "variation ratio",
    )
    plane, bars = figures["difference"].axes
    assert plane.get_xlabel() == "5.00% differ"
    assert bars.get_xlabel() == "variation ratio\n(1 voxels)"
    shares = bars.patches[0].get_data()
    assert shares.edges[shares.values.argmax()] == pytest.approx(0.5)


def test_without_a_reference_all_voxels_are_alike(config):
    figures = dict(slice_figures({"vi": case_of(truth=None)}, config, PLACE))
    assert list(figures) == ["slice-vi", "histograms"]
    assert legend_of(figures["histograms"].axes[0]) == ["all (20 voxels)"]


def test_members_have_a_figure_of_their_own(config):
    mean = np.full((4, 5, 6), 0.5)
    label = np.zeros((4, 5, 6), np.uint8)
    case = case_arrays(
        maps={},
        foreground={"member-0": mean, "member-1": mean},
        member_labels={"member-0": label, "member-1": label + 1},
    )
    figures = dict(slice_figures({"hybrid": case}, config, PLACE))
    assert list(figures) == ["slice-hybrid", "difference", "members-hybrid"]
    assert titles(figures["members-hybrid"]) == ["member 0", "member 1"]
    panels = np.array(figures["members-hybrid"].axes[:10]).reshape(5, 2)
    assert panels[2, 0].get_ylabel() == "prediction"
    assert [axes.images[0].get_array().max() for axes in panels[2]] == [0, 1]
