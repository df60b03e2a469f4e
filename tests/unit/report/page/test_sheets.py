"""Volumes as sheets of slices."""

import base64
import io

import numpy as np
from PIL import Image

from tests.support.case_arrays import case_arrays
from tfuq.report.page.sheets import (
    Window,
    choose_window,
    labelled_anywhere,
    picture,
    shades,
    to_sheet,
)


def decoded(address):
    head, content = address.split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_maps_have_few_levels_from_zero_to_their_top():
    shown = shades(np.linspace(0, 2, 1000), 2.0)
    assert (shown[0], shown[-1]) == (0, 255)
    assert len(np.unique(shown)) == 49
    assert shades(np.array([5.0, -1.0]), 2.0).tolist() == [255, 0]


def test_slices_are_below_each_other():
    planes = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.testing.assert_array_equal(decoded(picture(planes)), planes.reshape(6, 4))


def test_a_sheet_has_the_windows_slices_thinned_out():
    volume = np.arange(120).reshape(4, 5, 6)
    window = Window(axis=2, slices=[1, 3], step=2, count=6)
    sheet, aspect = to_sheet(volume, np.diag([-1.0, -2.0, 1.0, 1.0]), window)
    # Its voxels run to the patient's left and back.
    np.testing.assert_array_equal(sheet, volume[::2, ::2, [1, 3]].transpose(2, 1, 0))
    assert aspect == 2.0
    assert not window.is_whole
    assert Window(axis=0, slices=[0, 1], step=1, count=2).is_whole


def test_what_any_method_or_the_reference_labels():
    first = case_arrays()
    second = case_arrays(label=np.zeros((4, 5, 6), np.uint8))
    expected = (first.truth > 0) | (first.label > 0)
    np.testing.assert_array_equal(labelled_anywhere([second, first]), expected)
    np.testing.assert_array_equal(labelled_anywhere([second]), first.truth > 0)


def test_large_volumes_are_thinned_out():
    labelled = np.zeros((400, 300, 200), bool)
    labelled[100, 100, 20:180] = True
    window = choose_window(labelled, 2)
    assert len(window.slices) == 32
    assert (window.slices[0], window.slices[-1]) == (18, 181)
    assert (window.step, window.count) == (1, 200)
    assert window.box == (slice(76, 125), slice(76, 125))  # one voxel and 24 to either side
    assert not window.is_whole
    assert choose_window(np.zeros((4, 5, 6), bool), 0).slices == [0, 1, 2, 3]


def test_pictures_have_the_datas_own_pixels_up_to_a_limit():
    everywhere = np.ones((600, 512, 3), bool)
    assert choose_window(everywhere, 2).step == 2  # 600 are more than 512
    assert choose_window(everywhere[:512], 2).step == 1
    assert choose_window(np.ones((1000, 800, 1), bool), 2).step == 1  # the case's only picture
    assert choose_window(np.ones((1100, 800, 1), bool), 2).step == 2
    corner = np.zeros((1000, 800, 1), bool)
    corner[:5, :5] = True
    assert choose_window(corner, 2).box is None  # a plain image is not cut


def test_fewer_slices_have_the_one_that_counts():
    window = Window(axis=2, slices=list(range(10, 42)), step=1, count=50)
    fewer = window.showing(4, 23)
    assert fewer.slices == [10, 23, 31, 41]
    assert window.showing(1, 23).slices == [23]
    assert window.showing(99, 10) == window


def test_a_reduced_pixel_is_the_mean_of_those_it_stands_for():
    volume = np.arange(30, dtype=np.uint8).reshape(5, 6, 1)
    window = Window(axis=2, slices=[0], step=2, count=1)
    sheet, _ = to_sheet(volume, np.diag([-1.0, -1.0, 1.0, 1.0]), window, is_averaged=True)
    expected = [[volume[i : i + 2, j : j + 2].mean().round() for i in (0, 2, 4)] for j in (0, 2, 4)]
    np.testing.assert_array_equal(sheet[0], expected)
    colours = np.repeat(volume[..., None], 3, -1)
    coloured, _ = to_sheet(colours, np.diag([-1.0, -1.0, 1.0, 1.0]), window, is_averaged=True)
    np.testing.assert_array_equal(coloured[0, ..., 1], expected)


def test_large_tones_are_smaller_than_exact_and_labels_stay_exact():
    planes = np.random.default_rng(0).integers(0, 255, (1, 300, 300), dtype=np.uint8)
    assert picture(planes, is_exact=False).startswith("data:image/jpeg")
    np.testing.assert_array_equal(decoded(picture(planes)), planes[0])
    assert picture(planes[:, :100, :100], is_exact=False).startswith("data:image/png")
