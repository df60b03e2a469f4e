"""Measures of structures, by class and by connected component."""

import numpy as np
import pytest
from scipy import ndimage

from tests.support import references
from tfuq.measures.sample_masks import SampleMasks
from tfuq.measures.structure import (
    ClassMaps,
    pairwise_dice,
    structure_rows,
)

SHAPE = (9, 8, 7)
OF_ONE_SAMPLE = {
    "component",
    "volume_mm3",
    "volume_mean_mm3",
    "labelled_uncertainty",
    "mean_entropy",
    "boundary_entropy",
    "image_entropy",
}
OF_SEVERAL = {
    "volume_std_mm3",
    "volume_lower_mm3",
    "volume_upper_mm3",
    "coefficient_of_variation",
    "volume_dispersion",
    "pairwise_dice",
    "mean_mutual_information",
    "boundary_mutual_information",
    "image_mutual_information",
}


def maps_of(label, samples, seed=0):
    """What is known of a class whose label and samples ``[T, X, Y, Z]`` are given."""
    rng = np.random.default_rng(seed)
    flat = np.asarray(samples).reshape(1, len(samples), -1)
    packed = np.packbits(flat, axis=-1, bitorder="little")
    return ClassMaps(
        label=label,
        masks=SampleMasks(packed, label.shape, None),
        entropy_term=rng.random(label.shape),
        predictive_entropy=rng.random(label.shape),
        mutual_information=rng.random(label.shape),
        voxel_volume=2.5,
    )


def boxes(*corners):
    """A mask of cubes of two voxels at the corners."""
    mask = np.zeros(SHAPE, bool)
    for x, y, z in corners:
        mask[x : x + 2, y : y + 2, z : z + 2] = True
    return mask


def test_volumes_and_their_spread_are_of_the_samples():
    samples = [boxes((1, 1, 1)), boxes((1, 1, 1), (5, 5, 4)), boxes(), boxes((1, 1, 1))]
    row = structure_rows(maps_of(samples[1], samples), min_component_voxels=100)[0]
    voxels = np.array([8, 16, 0, 8])
    expected = {
        "volume_mm3": 16 * 2.5,
        "volume_mean_mm3": voxels.mean() * 2.5,
        "volume_std_mm3": voxels.std() * 2.5,
        "volume_lower_mm3": np.percentile(voxels, 2.5) * 2.5,
        "volume_upper_mm3": np.percentile(voxels, 97.5) * 2.5,
        "coefficient_of_variation": voxels.std() / voxels.mean(),
        "volume_dispersion": voxels.var() / (voxels.mean() + 1),
        "pairwise_dice": references.pairwise_dice(samples),
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected)


def test_means_are_over_the_label_its_boundary_and_the_image():
    label = np.zeros(SHAPE, bool)
    label[3:6, 3:6, 2:5] = True
    maps = maps_of(label, [label, label])
    row = structure_rows(maps, min_component_voxels=1)[0]
    assert row["labelled_uncertainty"] == pytest.approx(maps.entropy_term[label].mean())
    assert row["mean_entropy"] == pytest.approx(maps.predictive_entropy[label].mean())
    assert row["image_entropy"] == pytest.approx(maps.predictive_entropy.mean())
    shell = ndimage.binary_dilation(label) & ~ndimage.binary_erosion(label)
    assert row["boundary_entropy"] == pytest.approx(maps.predictive_entropy[shell].mean())


def test_components_are_the_largest_first_and_their_shares_add_up():
    label = boxes((1, 1, 1), (6, 5, 4))
    label[1:4, 1:3, 1:3] = True
    samples = [label, boxes((1, 1, 1), (6, 5, 4)), boxes((4, 3, 2))]
    whole, first, second = structure_rows(maps_of(label, samples), min_component_voxels=2)
    assert (whole["component"], first["component"], second["component"]) == ("all", "1", "2")
    assert (first["volume_mm3"], second["volume_mm3"]) == (12 * 2.5, 8 * 2.5)
    shares = first["volume_mean_mm3"] + second["volume_mean_mm3"]
    assert shares == pytest.approx(whole["volume_mean_mm3"])


def test_components_that_are_too_small_have_no_row():
    label = boxes((1, 1, 1))
    label[8, 7, 6] = True
    rows = structure_rows(maps_of(label, [label, label]), min_component_voxels=2)
    assert [row["component"] for row in rows] == ["all", "1"]


@pytest.mark.parametrize(
    ("label", "samples", "reason", "dice"),
    [
        (boxes(), [boxes(), boxes()], "absent from every sample and from the label", 1.0),
        (boxes(), [boxes((1, 1, 1)), boxes()], "absent from the label, present in some", 0.0),
        (~boxes(), [~boxes(), ~boxes()], "fills the volume, so it has no boundary in it", 1.0),
    ],
    ids=["absent", "in a sample", "everywhere"],
)
def test_a_row_says_why_it_lacks_a_measure(label, samples, reason, dice):
    (row, *_) = structure_rows(maps_of(label, samples), min_component_voxels=1)
    assert row["reason"].startswith(reason)
    assert row["pairwise_dice"] == dice
    assert row["volume_mm3"] == label.sum() * 2.5


def test_one_sample_compares_nothing():
    label = boxes((2, 2, 2))
    rows = structure_rows(maps_of(label, [label]), min_component_voxels=1)
    for row in rows:
        assert set(row) == OF_ONE_SAMPLE
        assert row["volume_mean_mm3"] == 8 * 2.5
    both = structure_rows(maps_of(label, [label, label]), min_component_voxels=1)
    assert set(both[0]) == OF_ONE_SAMPLE | OF_SEVERAL


def test_dice_of_pairs_against_the_reference():
    masks = np.random.default_rng(0).random((5, 40)) < 0.3
    masks[[1, 3]] = False
    assert pairwise_dice(masks) == pytest.approx(references.pairwise_dice(masks))
