"""Intensities as a screen shows them."""

import numpy as np
import pytest

from tfuq.report.page.intensities import (
    colour_text,
    colours,
    grey,
    is_colour,
    is_of_bytes,
    window_text,
)


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


def test_the_window_is_said():
    text = window_text(np.linspace(0, 1000, 1001))
    assert text.startswith("black at 5, white at 995")


def test_colours_of_bytes_stay_as_they_are():
    image = np.array([[[10.0, 200, 255], [0, 100, 30]]])
    np.testing.assert_array_equal(colours(image), image)
    assert colour_text(image) == "colours as stored"
    assert is_colour(image)
    assert not is_colour(image[..., :2])


def test_other_colours_keep_their_hue():
    image = np.array([[[0.0, 0.5, 1.0], [0.25, 0.25, 0.25]]]) * 4095
    assert not is_of_bytes(image)
    shown = colours(image).astype(int)
    assert shown[0, 0, 0] < shown[0, 0, 1] < shown[0, 0, 2]
    assert len(set(shown[0, 1])) == 1  # a grey stays grey
    assert colour_text(image).startswith("colours, black at ")
