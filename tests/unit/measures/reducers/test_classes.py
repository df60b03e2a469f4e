"""Reducers of class probabilities: moments, entropies, votes, masks."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.class_maps import packed, sample_masks
from tests.support.reducing import reduce_all
from tfuq.measures.reducers.classes import (
    PackedMasks,
    RegionEntropyTerms,
    Votes,
    at_most_one,
    chosen_class,
    class_masks,
)
from tfuq.measures.sample_masks import SampleMasks
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.sampling.member_moments import MemberMoments
from tfuq.sampling.posterior import Posterior


def test_a_binary_network_is_reduced_by_its_foreground_alone():
    p = np.random.default_rng(0).random((6, 3, 4, 1))
    reducers = [*voxel_reducers(), PackedMasks()]
    one, two = (reduce_all(samples, reducers) for samples in (p, np.concatenate([1 - p, p], -1)))
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_allclose(one[name], two[name], atol=2e-6, err_msg=name)


@pytest.mark.parametrize(
    ("votes", "ratio"), [([1, 1, 1, 1, 1, 0], 1 / 6), ([1, 0, 1, 0, 1, 0], 0.5), ([1, 1, 1], 0.0)]
)
def test_known_variation_ratios(votes, ratio):
    samples = np.eye(2)[votes][:, None, None] * 0.8 + 0.1
    share = reduce_all(samples, [Votes()])["modal_share"].numpy()
    np.testing.assert_allclose(1 - share, ratio, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_equal_samples_have_exactly_no_spread(classes):
    samples = np.tile(
        np.random.default_rng(0).dirichlet(np.ones(classes), size=(1, 999)), (7, 1, 1)
    )
    samples = samples[..., 1:] if classes == 2 else samples
    members = MemberMoments(Posterior([None] * 3), 3)
    out = reduce_all(samples, [*voxel_reducers(), members])
    np.testing.assert_array_equal(out["variance"], 0)
    np.testing.assert_array_equal(out["mean"][..., -1], samples[0, ..., -1].astype(np.float32))
    maps = voxel_maps(out)
    for name in ("mutual_information", "variation_ratio", "standard_deviation"):
        np.testing.assert_array_equal(maps[name], 0, err_msg=name)
    for name in ("between_member_variance", "within_member_variance"):
        np.testing.assert_array_equal(out[name], 0, err_msg=name)


def test_region_terms_and_masks_are_those_of_unions():
    rng, regions = np.random.default_rng(0), [[1, 2, 3], [1, 3]]
    p = rng.dirichlet([0.4] * 4, (5, 1, 6, 5, 4)).astype(np.float32)  # [T, N, *S, K]
    found = {}
    for reducer in (RegionEntropyTerms(regions), PackedMasks()):
        state = reducer.initialize([*(tf.constant(n) for n in p.shape[1:-1]), 4], tf.constant(5))
        for t, sample in enumerate(p):
            state = reducer.update(state, tf.constant(sample), tf.constant(t))
        found |= {
            name: value.numpy() for name, value in reducer.finalize(state, tf.constant(5)).items()
        }
    for place, classes in enumerate(regions):
        q = p[..., classes].astype(float).sum(-1)
        np.testing.assert_allclose(
            found["region_entropy_terms"][..., place], -(q * np.log(q)).mean(0), atol=1e-5
        )
        masks = SampleMasks.of_classes(found["masks"], classes, (6, 5, 4), None)
        expected = np.isin(p.argmax(-1), classes)[:, 0]
        np.testing.assert_array_equal(list(masks.unpacked()), expected)
        assert not (expected == expected[0]).all()


@pytest.mark.parametrize("classes", [1, 3])
def test_probabilities_rounded_to_above_one_have_entropies(classes):
    """Blended windows of a saturated network add up to 1 but for rounding."""
    p = np.zeros((1, 4, classes), np.float32)
    p[..., 0] = np.nextafter(np.float32(1), np.float32(2))
    reducers = [*voxel_reducers(), *([RegionEntropyTerms([[1, 2], [1]])] if classes > 1 else [])]
    found = {}
    for reducer in reducers:
        state = reducer.initialize([tf.constant(1), tf.constant(4), classes], tf.constant(2))
        for t in range(2):
            state = reducer.update(state, tf.constant(p), tf.constant(t))
        found |= reducer.finalize(state, tf.constant(2))
    maps = voxel_maps(found) | {name: found[name] for name in found if name.endswith("terms")}
    for name, values in maps.items():
        assert np.isfinite(values).all(), name
        assert (values.numpy() >= 0).all(), name
    assert (maps["probability"].numpy() <= 1).all()


def test_the_first_of_equal_classes_is_chosen():
    p = np.array([[0.2, 0.4, 0.4], [0.5, 0.5, 0.0], [0.1, 0.2, 0.7]], np.float32)
    np.testing.assert_array_equal(chosen_class(tf.constant(p)), p.argmax(-1))


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_masks_are_where_a_class_is_chosen(classes):
    p = np.random.default_rng(classes).dirichlet(np.ones(max(classes, 2)), 50).astype(np.float32)
    given = p[:, 1:] if classes == 1 else p
    found = class_masks(tf.constant(given), tf.uint8).numpy()
    expected = np.stack([p.argmax(-1) == k for k in range(1, p.shape[-1])], -1)
    np.testing.assert_array_equal(found, expected)


def test_not_a_number_is_not_made_a_probability():
    found = at_most_one(tf.constant([np.nan, 1.5, 1.0, 0.2]))
    np.testing.assert_array_equal(found, np.array([np.nan, 1, 1, 0.2], np.float32))


def test_masks_of_a_number_of_voxels_that_fills_no_byte_end_in_zeros():
    p = np.full((2, 1, 11, 2), [0.2, 0.8], np.float32)
    masks = reduce_all(p, [PackedMasks()])["masks"].numpy()
    assert masks.shape == (1, 2, 1, 2)
    np.testing.assert_array_equal(masks[0, :, 0], [[0xFF, 0b111]] * 2)


def test_votes_add_up_to_one():
    p = np.random.default_rng(0).dirichlet(np.ones(4), (7, 2, 5))
    votes = reduce_all(p, [Votes()])["votes"].numpy()
    labels = p.astype(np.float32).argmax(-1)
    expected = np.stack([(labels == k).mean(0) for k in range(4)], -1)
    np.testing.assert_allclose(votes, expected, atol=1e-6)


@pytest.mark.parametrize("slice_axis", [None, 0, 1, 2])
def test_packed_masks_come_back(slice_axis):
    masks = sample_masks()
    found = packed(masks, slice_axis)
    np.testing.assert_array_equal(list(found.unpacked()), masks)
    np.testing.assert_array_equal(found.union(), masks.any(0))
