"""What images look like, and which are unlike the training images."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import settings
from tfuq.data.appearance import MOST_CASES, appearance_of, training_appearance
from tfuq.data.layouts import cases_of
from tfuq.data.volume import Volume


def volume(shape=(10, 12, 14), affine=None, shift=0.0, scale=1.0, seed=0):
    values = np.random.default_rng(seed).normal(size=(*shape, 1)) * scale + shift
    return Volume(values.astype(np.float32), np.eye(4) if affine is None else affine)


@pytest.fixture
def config(balls):
    return settings(balls)


def test_axes_are_in_the_order_of_ras(config):
    """An image whose first axis points to the top."""
    affine = np.array([[0, 3.0, 0, 0], [0, 0, -2.0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1]])
    found = appearance_of(config, volume(affine=affine))
    assert found.spacing == pytest.approx((3, 2, 1))
    assert found.extent == pytest.approx((36, 28, 10))


def test_standardized_intensities_do_not_depend_on_the_scanner(config):
    expected = np.quantile(np.random.default_rng(0).normal(size=1680), [0.01, 0.5, 0.99])
    found = appearance_of(config, volume()).intensities
    assert found == pytest.approx((expected - expected.mean() * 0).tolist(), abs=0.1)
    scaled = appearance_of(config, volume(shift=500, scale=40)).intensities
    assert scaled == pytest.approx(found, abs=1e-3)
    raw = config.model_copy(
        update={"preprocessing": config.preprocessing.model_copy(update={"normalization": "none"})}
    )
    assert appearance_of(raw, volume(shift=500)).intensities[1] == pytest.approx(500, abs=1)


def test_training_images_are_like_themselves(config):
    cases = cases_of(config.data)
    training = training_appearance(config, cases)
    assert training.cases == len(cases) <= MOST_CASES
    from tfuq.data.cases import read_case_image

    for case in cases:
        assert training.differences(appearance_of(config, read_case_image(case))) == []
    assert training_appearance(config, []) is None


def test_what_is_unlike_is_named(config):
    from tfuq.data.cases import read_case_image

    cases = cases_of(config.data)
    training = training_appearance(config, cases)
    image = read_case_image(cases[0])
    coarse = Volume(image.array, image.affine @ np.diag([1, 1, 3, 1]))
    (size, field) = training.differences(appearance_of(config, coarse))
    assert size.startswith("voxel size")
    assert "along bottom–top (training" in size
    assert field.startswith("field of view")
    skewed = image.with_array(np.exp(2 * (image.array - image.array.mean()) / image.array.std()))
    assert "quantile of intensity" in training.differences(appearance_of(config, skewed))[0]


def test_limits_are_those_of_what_is_unlike(config):
    training = training_appearance(config, cases_of(config.data))
    (low, high), _, _ = training.spacing
    assert training.spacing_limits[0] == pytest.approx((low / 1.25, high * 1.25))
    (low, high), _, _ = training.extent
    assert training.extent_limits[0] == pytest.approx((low / 1.5, high * 1.5))


def test_differences_of_size_leave_intensities_out(config):
    training = training_appearance(config, cases_of(config.data))
    found = appearance_of(config, volume((18, 17, 15), affine=np.diag([1.5, 1.5, 2.0, 1])))
    other = volume((18, 17, 15), affine=np.diag([1.5, 1.5, 2.0, 1]))
    other.array[:] = 0
    assert training.differences_of_size(found) == []
    assert training.differences_of_size(appearance_of(config, other)) == []
