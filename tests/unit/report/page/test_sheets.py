"""Volumes as sheets of slices."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.support.case_arrays import case_arrays
from tfuq.report.page.sheets import (
    Window,
    choose_window,
    grey,
    labelled_anywhere,
    picture,
    shades,
    to_sheet,
)


def decoded(address):
    head, content = address.split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_intensities_are_scaled_without_the_extremes():
    values = np.append(np.arange(1000.0), [1e9, -1e9])
    scaled = grey(values)
    assert (scaled[0], scaled[500], scaled[-1], scaled[-2]) == (
        0,
        pytest.approx(128, abs=1),
        0,
        255,
    )
    assert grey(np.full(9, 3.0)).tolist() == [0] * 9


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
    assert (window.step, window.count) == (3, 200)
    assert choose_window(np.zeros((4, 5, 6), bool), 0).slices == [0, 1, 2, 3]
