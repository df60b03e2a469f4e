"""Subjects of perturbations: a picture of dots, and a volume with an ellipsoid."""

import numpy as np

from tests.support.dots import SHAPE, dots
from tfuq.data.perturbations import Subject
from tfuq.data.volume import Volume

POINTS = np.array([[30.3, 22.8], [55.0, 30.5], [33.2, 40.9], [47.7, 18.1], [np.nan, np.nan]])


def picture(points=POINTS, spacing=(1.0, 1.0)) -> Subject:
    """A channel for each point that is there."""
    image = Volume(
        dots(points[~np.isnan(points[:, 0])], SHAPE)[:, :, None], np.diag([*spacing, 1.0, 1.0])
    )
    return Subject(image, points=points)


def ellipsoid(spacing=(1.0, 1.0, 1.0), axis=2) -> Subject:
    """A volume of two channels whose first is its own label, blurred by nothing."""
    positions = np.moveaxis(np.indices((24, 20, 16)), 0, -1) - np.array([13, 9, 7])
    label = ((positions / np.array([8, 4, 3])) ** 2).sum(-1) < 1
    array = np.stack([label, np.random.default_rng(0).random(label.shape)], -1).astype(np.float32)
    affine = np.diag([*spacing, 1.0])
    return Subject(Volume(array, affine), Volume(label.astype(np.uint8), affine), axis=axis)
