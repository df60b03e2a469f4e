"""Measures of structures, by class and by connected component."""

import numpy as np
import pytest
from scipy import ndimage

from tests.support import references, whole_structures
from tests.support.class_maps import class_maps, sample_masks
from tfuq.measures.sample_masks import SampleMasks
from tfuq.measures.structure import ClassMaps, ImageMaps, structure_rows

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
        masks=SampleMasks.of_classes(packed[:, :, None], [1], label.shape, None),
        entropy_term=rng.random(label.shape),
        image=ImageMaps(
            predictive_entropy=rng.random(label.shape),
            mutual_information=rng.random(label.shape),
            voxel_volume=2.5,
        ),
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
    assert row["mean_entropy"] == pytest.approx(maps.image.predictive_entropy[label].mean())
    assert row["image_entropy"] == pytest.approx(maps.image.predictive_entropy.mean())
    shell = ndimage.binary_dilation(label) & ~ndimage.binary_erosion(label)
    assert row["boundary_entropy"] == pytest.approx(maps.image.predictive_entropy[shell].mean())


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


def test_class_row_against_the_reference():
    masks = sample_masks()
    label = masks.mean(0) > 0.5
    maps = class_maps(masks, label)
    row = structure_rows(maps, min_component_voxels=1)[0]
    volumes = masks.reshape(len(masks), -1).sum(1)
    assert row["component"] == "all"
    assert row["volume_mm3"] == label.sum() * 2.5
    assert row["volume_mean_mm3"] == pytest.approx(np.mean(volumes) * 2.5)
    assert row["volume_std_mm3"] == pytest.approx(np.std(volumes) * 2.5)
    assert row["coefficient_of_variation"] == pytest.approx(np.std(volumes) / np.mean(volumes))
    assert row["volume_dispersion"] == pytest.approx(np.var(volumes) / (np.mean(volumes) + 1))
    assert row["pairwise_dice"] == pytest.approx(references.pairwise_dice(masks))
    assert row["labelled_uncertainty"] == pytest.approx(maps.entropy_term[label].mean())
    assert row["mean_entropy"] == pytest.approx(maps.image.predictive_entropy[label].mean())
    assert row["image_mutual_information"] == pytest.approx(maps.image.mutual_information.mean())
    inner = {tuple(p) for p in np.argwhere(label)} - {
        tuple(p) for p in references.surface_points(label)
    }
    steps = [tuple(s * np.eye(3, dtype=int)[a]) for a in range(3) for s in (-1, 1)]
    near = {tuple(np.add(p, s)) for p in np.argwhere(label) for s in steps} | {
        tuple(p) for p in np.argwhere(label)
    }
    shell = [
        p for p in near - inner if all(0 <= c < n for c, n in zip(p, label.shape, strict=True))
    ]
    assert row["boundary_entropy"] == pytest.approx(
        np.mean([maps.image.predictive_entropy[p] for p in shell])
    )


def test_components_share_the_samples_among_them():
    masks = sample_masks()
    rows = structure_rows(class_maps(masks, masks.mean(0) > 0.5), min_component_voxels=1)
    assert [row["component"] for row in rows] == ["all", "1", "2"]
    assert rows[1]["volume_mm3"] > rows[2]["volume_mm3"]
    assert rows[1]["volume_mean_mm3"] + rows[2]["volume_mean_mm3"] == pytest.approx(
        rows[0]["volume_mean_mm3"]
    )
    assert len(structure_rows(class_maps(masks, masks.mean(0) > 0.5), min_component_voxels=50)) == 2


def test_absent_structures_have_defined_values_and_a_reason():
    nothing = np.zeros((4, *SHAPE), bool)
    (row,) = structure_rows(class_maps(nothing, nothing[0]), min_component_voxels=1)
    assert (row["pairwise_dice"], row["volume_mean_mm3"], row["volume_dispersion"]) == (1.0, 0, 0)
    assert row["coefficient_of_variation"] is None
    assert "absent from every sample" in row["reason"]
    rare = nothing.copy()
    rare[0, 2, 2, 2] = True
    (row,) = structure_rows(class_maps(rare, nothing[0]), min_component_voxels=1)
    assert row["pairwise_dice"] == 0.5
    assert "present in some samples" in row["reason"]
    assert all(
        value is None or isinstance(value, str) or np.isfinite(value) for value in row.values()
    )


def test_one_sample_has_volumes_and_no_spread():
    masks = sample_masks(samples=1)
    rows = structure_rows(class_maps(masks, masks[0]), min_component_voxels=1)
    assert "volume_mm3" in rows[0]
    assert not {"pairwise_dice", "volume_std_mm3", "mean_mutual_information"} & set(rows[0])


@pytest.mark.parametrize("slice_axis", [None, 0, 2])
def test_rows_are_those_of_whole_masks(slice_axis):
    """Blobs of many sizes, some of one size, some below the least, and samples that differ."""
    rng = np.random.default_rng(4)
    field = ndimage.gaussian_filter(rng.normal(size=(21, 18, 25)), 1.3)
    noise = ndimage.gaussian_filter(rng.normal(size=(5, *field.shape)), (0, 2, 2, 2))
    samples = field + noise > 0.08
    label = field > 0.1
    maps = class_maps(samples, label, slice_axis)
    rows = structure_rows(maps, min_component_voxels=3)
    expected = whole_structures.structure_rows(maps, min_component_voxels=3)
    assert len(rows) > 8
    assert [row.keys() for row in rows] == [row.keys() for row in expected]
    for row, other in zip(rows, expected, strict=True):
        assert row.pop("component") == other.pop("component")
        assert row == pytest.approx(other, rel=1e-9)
