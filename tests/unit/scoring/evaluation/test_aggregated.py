"""Numbers of an image and about its structures, against loops over voxels."""

import numpy as np
import pytest

from tests.support import references
from tfuq.measures.catalogue import MEASURES
from tfuq.measures.catalogue.aggregations import OF_MAPS, column_of
from tfuq.scoring.evaluation.aggregated import Aggregated

NAME = "mutual_information"
SPACING = (1.0, 2.0, 0.5)


def label() -> np.ndarray:
    """A box of class 1 with a core of class 2, and a class 3 that no voxel has."""
    label = np.zeros((9, 8, 7), np.uint8)
    label[2:7, 2:7, 2:6] = 1
    label[4:6, 4:5, 3:5] = 2
    return label


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).random((9, 8, 7)).astype(np.float32)


def aggregated(kinds=OF_MAPS) -> Aggregated:
    structures = {"box": [1], "core": [2], "none": [3], "both": [1, 2]}
    return Aggregated(kinds=kinds, label=label(), spacing=SPACING, structures=structures)


def expected(values, chosen) -> list[float]:
    """Quantile, top and interior over the voxels that are chosen."""
    listed = values[chosen]
    weights = references.interior_weights(label(), SPACING)[chosen]
    return [
        float(np.quantile(listed.astype(float), 0.95)),
        references.mean_of_highest(listed, 0.05),
        float((listed * weights).sum() / weights.sum()),
    ]


@pytest.mark.parametrize("is_partly_known", [False, True])
def test_numbers_of_the_image(values, is_partly_known):
    known = np.random.default_rng(1).random(values.shape) < 0.6
    found = aggregated().image_numbers(NAME, values, known if is_partly_known else None)
    chosen = known if is_partly_known else np.ones(values.shape, bool)
    assert list(found) == [column_of(kind, NAME, is_of_image=True) for kind in OF_MAPS]
    assert list(found.values()) == pytest.approx(expected(values, chosen), rel=1e-5)


@pytest.mark.parametrize("is_partly_known", [False, True])
def test_numbers_about_structures_are_of_them_and_two_steps_around(values, is_partly_known):
    known = np.random.default_rng(1).random(values.shape) < 0.6
    found = aggregated().structure_numbers(NAME, values, known if is_partly_known else None)
    for name, classes in {"box": [1], "core": [2], "none": [3], "both": [1, 2]}.items():
        chosen = references.grown(np.isin(label(), classes), 2)
        if is_partly_known:
            chosen &= known
        if not chosen.any():
            assert set(found[name].values()) == {None}
            continue
        assert list(found[name].values()) == pytest.approx(expected(values, chosen), rel=1e-5)


def test_kinds_that_are_not_asked_for_are_not_made(values):
    assert list(aggregated(["top", "learned"]).image_numbers(NAME, values, None)) == [
        f"image_top_{NAME}"
    ]


def test_columns_are_measures_that_are_there_on_request_alone(values):
    columns = aggregated().image_numbers(NAME, values, None)
    columns |= aggregated().structure_numbers(NAME, values, None)["box"]
    for column in columns:
        assert MEASURES[column].is_on_request
