"""Measures of structures: the columns of their table, bounds and orientation, on random samples."""

import numpy as np
import pytest

from tfuq.measures.catalogue.structures import CONFORMAL_VOLUMES, OF_STRUCTURES, SAMPLE_VOLUMES
from tfuq.measures.sample_masks import SampleMasks
from tfuq.measures.structure import ClassMaps, ImageMaps, structure_rows

ROUNDING = 1e-6
BY_NAME = {measure.name: measure for measure in OF_STRUCTURES}
TEXTS = {"component", "reason"}


def rows_of(samples, noise, *, slope=1.0):
    """The rows of a ball of radius 4, of so many samples that are as unlike as the noise is large."""
    rng = np.random.default_rng(0)
    radius = np.linalg.norm(np.indices((14, 14, 14)) - 6.5, axis=0)
    logits = slope * (4 - radius) + noise * rng.normal(size=(samples, 14, 14, 14))
    p = 1 / (1 + np.exp(-logits))
    p = np.stack([1 - p, p], -1)
    mean = p.mean(0)
    terms = -p * np.log(p)
    predictive = -(mean * np.log(mean)).sum(-1)
    masks = p[..., 1] > 0.5
    packed = np.packbits(masks.reshape(1, samples, -1), axis=-1, bitorder="little")
    maps = ClassMaps(
        label=mean[..., 1] > 0.5,
        masks=SampleMasks.of_classes(packed[:, :, None], [1], (14, 14, 14), None),
        entropy_term=terms.mean(0)[..., 1],
        image=ImageMaps(
            predictive_entropy=predictive,
            mutual_information=predictive - terms.sum(-1).mean(0),
            voxel_volume=2.0,
        ),
    )
    return structure_rows(maps, min_component_voxels=5)


@pytest.mark.parametrize("noise", [0.3, 2.0, 8.0])
def test_bounds_hold(noise):
    for row in rows_of(7, noise):
        for name in row.keys() - TEXTS:
            low, high = BY_NAME[name].bounds(2)
            if row[name] is not None:
                assert low - ROUNDING <= row[name] <= high + ROUNDING


def test_the_table_has_the_measures_of_scans():
    whole = rows_of(7, 1.0)[0]
    assert whole.keys() - TEXTS == {name for name in BY_NAME if not name.startswith("area_")}


def test_one_sample_has_the_measures_that_need_no_other():
    whole = rows_of(1, 1.0)[0]
    assert whole.keys() - TEXTS == {
        "volume_mm3",
        "volume_mean_mm3",
        "labelled_uncertainty",
        "mean_entropy",
        "boundary_entropy",
        "image_entropy",
    }
    assert all(BY_NAME[name].least_samples == 1 for name in whole.keys() - TEXTS)


@pytest.mark.parametrize(
    "name",
    [
        "pairwise_dice",
        "coefficient_of_variation",
        "volume_dispersion",
        "mean_mutual_information",
        "boundary_mutual_information",
        "image_mutual_information",
    ],
)
def test_unlike_samples_are_less_certain(name):
    alike = rows_of(9, 0.2)[0][name]
    unlike = rows_of(9, 3.0)[0][name]
    assert BY_NAME[name].uncertainty(alike) < BY_NAME[name].uncertainty(unlike)


@pytest.mark.parametrize(
    "name", ["labelled_uncertainty", "mean_entropy", "boundary_entropy", "image_entropy"]
)
def test_samples_that_are_unsure_of_every_voxel_are_less_certain(name):
    sure = rows_of(3, 0.1, slope=9.0)[0][name]
    unsure = rows_of(3, 0.1, slope=0.4)[0][name]
    assert BY_NAME[name].uncertainty(sure) < BY_NAME[name].uncertainty(unsure)


def test_all_that_ranks_structures_is_tried_above():
    ranked = {name for name, measure in BY_NAME.items() if measure.orientation is not None}
    assert len(ranked) == 10


@pytest.mark.parametrize(
    ("name", "unit"),
    [("volume_std_mm3", "mm³"), ("area_std_mm2", "mm²"), ("area_std_px2", "pixel²")],
)
def test_a_size_is_there_in_each_unit_and_ranks_nothing(name, unit):
    measure = next(measure for measure in SAMPLE_VOLUMES if measure.name == name)
    assert measure.unit == unit
    assert measure.orientation is None


def test_conformal_intervals_are_named_as_their_columns():
    names = {measure.name for measure in CONFORMAL_VOLUMES}
    assert {"volume_conformal_lower_mm3", "area_conformal_upper_px2"} <= names
