"""What all figures share."""

import matplotlib
import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from tfuq.report.plotting import (
    correlation_title,
    file_names,
    interval_text,
    make_logarithmic,
    new_figure,
    own_style,
    panels,
    save,
    stretched,
    words,
)


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        (("ρ", 0.414, 0.00123, 60), "ρ = 0.41, p = 0.0012, n = 60"),
        (("ρ", -0.5, None, 60), "ρ = -0.50, n = 60"),
        (("ρ", None, 0.1, 2), "ρ undefined, n = 2"),
    ],
)
def test_correlations_in_a_line(arguments, title):
    assert correlation_title(*arguments) == title


def test_intervals_in_words():
    assert interval_text("ρ", 0.4, 0.123, 0.6) == "ρ = 0.40 (0.12 to 0.60)"
    assert interval_text("ρ", 0.4, None, None) == "ρ = 0.40"
    assert interval_text("ρ", None, 0.1, 0.2) == "ρ undefined"
    assert words("mutual_information") == "mutual information"


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (3, 1, 3), (4, 2, 2), (7, 3, 3)])
def test_panels_are_in_rows_that_are_as_even_as_can_be(count, rows, columns):
    figure, axes = panels(count)
    assert len(axes) == len(figure.axes) == count
    grid = axes[0].get_subplotspec().get_gridspec()
    assert (grid.nrows, grid.ncols) == (rows, columns)


def test_the_settings_of_the_working_directory_are_theirs():
    with matplotlib.rc_context({"lines.linewidth": 7.0}):
        with own_style():
            assert matplotlib.rcParams["lines.linewidth"] == 1.5
        assert matplotlib.rcParams["lines.linewidth"] == 7.0


def test_a_figure_is_written_in_its_size(tmp_path):
    with Image.open(save(new_figure(2, 1), tmp_path / "figure.png")) as image:
        assert image.size == (220, 110)


def test_images_are_stretched_from_dark_to_bright():
    np.testing.assert_array_equal(stretched(np.array([[-2.0, 0.0, 2.0]])), [[0, 0.5, 1]])
    np.testing.assert_array_equal(stretched(np.full((2, 2), 7.0)), np.zeros((2, 2)))


def test_figures_of_like_names_are_told_apart(tmp_path):
    names = ["left lung", "left-lung", "Left lung", "left lung-2", "heart", "left lung"]
    parts = file_names(names)
    assert list(parts) == ["left lung", "left-lung", "Left lung", "left lung-2", "heart"]
    assert parts["left lung"] == "left-lung"
    assert parts["heart"] == "heart"
    assert len({part.casefold() for part in parts.values()}) == len(parts)
    for part in parts.values():
        save(new_figure(1, 1), tmp_path / f"{part}.png")
    assert len(list(tmp_path.glob("*.png"))) == len(parts)


@own_style()
def test_names_with_dollars_are_shown_as_they_are(tmp_path):
    figure = new_figure(4, 3)
    axes = figure.add_subplot()
    axes.plot([1, 2], [1e-6, 1e6], label="$\\frac$")
    axes.set(xlabel="$x_", title="$a^$")
    make_logarithmic(axes, "y")
    axes.set_xticks([1, 2], labels=["$\\bad{$", "$"])
    axes.legend(title="$\\no$")
    figure.suptitle("$\\frac$")
    assert save(figure, tmp_path / "figure.png").stat().st_size > 1000
    assert not any(text.get_parse_math() for text in figure.findobj(Text))


@own_style()
def test_powers_along_a_logarithmic_axis_are_plain_text(tmp_path):
    figure = new_figure(4, 3)
    axes = figure.add_subplot()
    axes.plot([1, 2], [1e-12, 1e3])
    make_logarithmic(axes, "y")
    save(figure, tmp_path / "figure.png")
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert {"10⁻¹²", "10⁰", "10³"} & set(labels)
    assert not any("$" in label for label in labels)


@own_style()
def test_a_short_logarithmic_axis_has_multiples_of_powers(tmp_path):
    figure = new_figure(4, 3)
    axes = figure.add_subplot()
    axes.plot([0.02, 0.05], [1, 2])
    make_logarithmic(axes, "x")
    save(figure, tmp_path / "figure.png")
    labels = [label.get_text() for label in axes.get_xticklabels(minor=True)]
    assert "2×10⁻²" in labels


def test_names_of_files_lead_out_of_no_folder():
    assert file_names(["../a b"]) == {"../a b": "---a-b"}


def test_figures_obey_no_settings_of_the_working_directory():
    with matplotlib.rc_context({"text.usetex": True, "figure.dpi": 10}):
        with own_style():
            assert not matplotlib.rcParams["text.usetex"]
            assert matplotlib.rcParams["figure.dpi"] == matplotlib.rcParamsDefault["figure.dpi"]
        assert matplotlib.rcParams["text.usetex"], "settings of a notebook are left as they were"
