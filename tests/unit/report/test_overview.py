"""A case of segmentation at one slice."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import settings
from tests.support.case_arrays import case_arrays
from tests.support.figures import titles
from tfuq.report.overview import overview
from tfuq.report.slices import MEAN, Place, class_colours


def test_panels_are_those_that_there_are_at_the_slice_with_most_label():
    figure = overview(case_arrays(), settings(Path("data")), "c: Dice 0.8")
    assert titles(figure) == ["image", "truth", "prediction", "agreement", "predictive entropy"]
    assert figure.get_suptitle() == "c: Dice 0.8, slice 1 along axis 2"
    truth = figure.axes[1].images[0]
    assert truth.get_array().sum() == 2
    entropies = next(axes for axes in figure.axes if axes.get_title() == "predictive entropy")
    assert entropies.images[0].get_clim() == (0, pytest.approx(np.log(3)))


def test_the_name_of_a_class_stands_in_the_middle_of_its_colour():
    figure = overview(case_arrays(), settings(Path("data")), "c")
    image = figure.axes[1].images[0]
    bar = image.colorbar
    assert [text.get_text() for text in bar.ax.get_yticklabels()] == ["rest", "ball", "core"]
    low, high = image.get_clim()
    assert (bar.get_ticks() - low) / (high - low) == pytest.approx([1 / 6, 3 / 6, 5 / 6])
    colours = [image.cmap(image.norm(number)) for number in range(3)]
    assert colours == [class_colours(3)(number) for number in range(3)]


def test_the_mean_probability_and_members_stand_before_the_maps():
    mean = np.full((4, 5, 6), 0.75)
    label = np.ones((4, 5, 6), np.uint8)
    case = case_arrays(foreground={MEAN: mean, "member-0": mean}, member_labels={"member-0": label})
    figure = overview(case, settings(Path("data")), "c")
    assert titles(figure)[3:] == [
        "agreement",
        "mean probability",
        "prediction of member 0",
        "predictive entropy",
    ]
    shown = {axes.get_title(): axes.images[-1] for axes in figure.axes if axes.images}
    assert shown["mean probability"].get_clim() == (0, 1)
    assert shown["mean probability"].get_array().min() == 0.75
    assert shown["prediction of member 0"].get_array().min() == 1


def test_a_slice_can_be_named():
    place = Place(axis=0, index=2)
    figure = overview(case_arrays(), settings(Path("data")), "c", place)
    assert figure.get_suptitle() == "c, slice 2 along axis 0"
    shown = {axes.get_title(): axes.images[-1] for axes in figure.axes if axes.images}
    assert shown["prediction"].get_array().sum() == 1
    assert shown["agreement"].get_array().count() == 1  # one voxel is a false positive
    assert shown["agreement"].get_array().max() == 1


def test_a_case_without_a_reference_has_no_panel_of_it():
    figure = overview(case_arrays(truth=None), settings(Path("data")), "c")
    assert titles(figure) == ["image", "prediction", "predictive entropy"]


def test_slices_are_along_the_axis_of_the_run():
    config = settings(Path("data"), rank=2, preprocessing={"slice_axis": 0})
    figure = overview(case_arrays(), config, "c")
    assert figure.get_suptitle().endswith("slice 1 along axis 0")


def test_long_names_of_classes_are_in_lines_and_not_cut():
    config = settings(Path("data"))
    names = ["background", "left inferior longitudinal fasciculus", "WWWWWWWW"]
    data = config.data.model_copy(update={"classes": names})
    figure = overview(case_arrays(), config.model_copy(update={"data": data}), "c")
    figure.canvas.draw()
    edge = figure.bbox.width
    labels = [label for axes in figure.axes for label in axes.get_yticklabels()]
    shown = [label for label in labels if label.get_text().replace("\n", " ") in names]
    assert len(shown) == 2 * len(names)
    assert shown[1].get_text() == "left inferior\nlongitudinal\nfasciculus"
    for label in shown:
        assert label.get_window_extent().x1 < edge
    bars = [axes for axes in figure.axes if axes.get_ylabel() == "class"]
    pictures = [axes for axes in figure.axes if axes.get_title() == "prediction"]
    assert bars[0].get_tightbbox().x1 < pictures[0].get_window_extent().x0


@pytest.mark.parametrize(
    ("axis", "height"), [(0, 2.2 * 12 / 5), (1, 2.2 * 12 / 4), (2, 2.2 * 5 / 4)]
)
def test_a_row_is_as_high_as_the_slice_within_limits(axis, height):
    """Voxels are 2 mm high, and 1 mm wide and deep."""
    figure = overview(case_arrays(), settings(Path("data")), "c", Place(axis=axis, index=1))
    box = figure.axes[0].get_position(original=True)
    assert box.height * figure.get_figheight() == pytest.approx(min(height, 2.6))
    assert box.width * figure.get_figwidth() == pytest.approx(2.2)


def test_a_figure_has_three_columns_below_its_title():
    maps = {"predictive_entropy": np.full((4, 5, 6), 0.25)}
    maps["mutual_information"] = maps["predictive_entropy"]
    maps["variation_ratio"] = maps["predictive_entropy"]
    figure = overview(case_arrays(maps=maps), settings(Path("data")), "c")
    figure.canvas.draw()
    places = {}
    for axes in figure.axes:
        if axes.get_title():
            places.setdefault(round(axes.get_position(original=True).y0, 3), []).append(axes)
    assert [len(row) for row in places.values()] == [3, 3, 1]
    top = figure._suptitle.get_window_extent()
    assert all(axes.title.get_window_extent().y1 < top.y0 for axes in figure.axes)
