"""Structure-level measures, scores and losses against slow references and the libraries that overlap."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn import metrics as sklearn_metrics

from tests.support import references
from tests.support.class_maps import class_maps, packed
from tfuq.config import LossConfig
from tfuq.measures.structure import pairwise_dice, structure_rows
from tfuq.networks.losses import (
    cross_entropy,
    log_probabilities,
    make_class_loss,
    probabilities,
    soft_dice,
)
from tfuq.scoring.calibration import (
    brier,
    error_auroc,
    expected_calibration_error,
    negative_log_likelihood,
)
from tfuq.scoring.metrics import METRICS
from tfuq.scoring.segmentation import dice, overlap_scores, surface_scores

SHAPE = (12, 11, 10)


def sample_masks(seed=0, samples=6, shape=SHAPE):
    """Two blobs of wobbling size, and one that only some samples have."""
    rng = np.random.default_rng(seed)
    grid = np.indices(shape)
    masks = []
    for t in range(samples):
        mask = 2.5 + rng.uniform(-0.8, 0.8) > np.linalg.norm(grid.T - (3, 3, 3), axis=-1).T
        mask |= 1.8 + rng.uniform(-0.5, 0.5) > np.linalg.norm(grid.T - (9, 8, 6), axis=-1).T
        if t % 3 == 0:
            mask[0, -1, -1] = True
        masks.append(mask)
    return np.array(masks)


@pytest.mark.parametrize("slice_axis", [None, 0, 1, 2])
def test_packed_masks_come_back(slice_axis):
    masks = sample_masks()
    found = packed(masks, slice_axis)
    np.testing.assert_array_equal(found.within((slice(None),) * 3), masks)
    np.testing.assert_array_equal(found.union(), masks.any(0))


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
    assert row["mean_entropy"] == pytest.approx(maps.predictive_entropy[label].mean())
    assert row["image_mutual_information"] == pytest.approx(maps.mutual_information.mean())
    inner = {tuple(p) for p in np.argwhere(label)} - {
        tuple(p) for p in references.surface_points(label)
    }
    steps = [tuple(s * np.eye(3, dtype=int)[a]) for a in range(3) for s in (-1, 1)]
    near = {tuple(np.add(p, s)) for p in np.argwhere(label) for s in steps} | {
        tuple(p) for p in np.argwhere(label)
    }
    shell = [p for p in near - inner if all(0 <= c < n for c, n in zip(p, SHAPE, strict=True))]
    assert row["boundary_entropy"] == pytest.approx(
        np.mean([maps.predictive_entropy[p] for p in shell])
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


def test_pairwise_dice_conventions():
    a, b, empty = np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 0], bool), np.zeros(4, bool)
    assert pairwise_dice(np.array([a, b])) == pytest.approx(0.5)
    assert pairwise_dice(np.array([empty, empty])) == 1
    assert pairwise_dice(np.array([a, empty])) == 0


@pytest.mark.parametrize("seed", range(3))
def test_segmentation_scores_against_the_reference(seed):
    a, b = sample_masks(seed, samples=2)
    spacing = np.array([0.7, 1.3, 2.0])
    scores = overlap_scores(a, b, 1.5) | surface_scores(a, b, spacing)
    assert scores["dice"] == pytest.approx(references.dice(a, b))
    assert scores["iou"] == pytest.approx(sklearn_metrics.jaccard_score(b.ravel(), a.ravel()))
    assert scores["precision"] == pytest.approx(
        sklearn_metrics.precision_score(b.ravel(), a.ravel())
    )
    assert scores["recall"] == pytest.approx(sklearn_metrics.recall_score(b.ravel(), a.ravel()))
    assert scores["volume_difference_mm3"] == (int(a.sum()) - int(b.sum())) * 1.5
    to_b, to_a = references.surface_distances(a, b, spacing)
    assert scores["hd95_mm"] == pytest.approx(max(np.percentile(to_b, 95), np.percentile(to_a, 95)))
    assert scores["average_surface_distance_mm"] == pytest.approx(
        np.concatenate([to_b, to_a]).mean()
    )


def test_scores_of_empty_masks_are_defined():
    full, empty = np.ones((3, 3, 3), bool), np.zeros((3, 3, 3), bool)
    assert dice(empty, empty) == 1
    assert dice(full, empty) == 0
    assert overlap_scores(empty, empty, 1)["iou"] == 1
    assert overlap_scores(empty, full, 1)["precision"] is None
    assert surface_scores(full, empty, np.ones(3))["hd95_mm"] is None
    assert surface_scores(full, full, np.ones(3))["hd95_mm"] == 0
    part = full.copy()
    part[0] = False
    assert (
        surface_scores(full, part, np.ones(3))["hd95_mm"] is None
    )  # the full mask has no surface within the volume


def test_scores_stay_within_their_stated_bounds():
    for seed in range(5):
        a, b = sample_masks(seed, samples=2)
        for name, value in (overlap_scores(a, b, 1.0) | surface_scores(a, b, np.ones(3))).items():
            metric = METRICS[name]
            assert metric.low is None or value >= metric.low
            assert metric.high is None or value <= metric.high


@pytest.mark.parametrize("classes", [2, 4])
def test_calibration_scores_against_references_and_sklearn(classes):
    rng = np.random.default_rng(classes)
    p = rng.dirichlet(np.ones(classes), size=400)
    y = rng.integers(0, classes, 400)
    assert negative_log_likelihood(p, y) == pytest.approx(sklearn_metrics.log_loss(y, p))
    assert brier(p, y) == pytest.approx(
        np.mean([np.sum((p[i] - np.eye(classes)[y[i]]) ** 2) for i in range(400)])
    )
    assert expected_calibration_error(p, y) == pytest.approx(
        references.expected_calibration_error(p, y)
    )
    wrong = p.argmax(1) != y
    assert error_auroc(1 - p.max(1), wrong) == pytest.approx(
        references.area_under_roc(1 - p.max(1), wrong)
    )
    assert error_auroc(p.max(1), np.zeros(400, bool)) is None


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(3, 4, 5, 3)).astype(np.float32) * 2
    return rng.integers(0, 3, (3, 4, 5)).astype(np.int32), logits


def test_losses_against_the_reference(batch):
    labels, logits = batch
    log_p = log_probabilities(tf.constant(logits))
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(tf.exp(log_p), p, atol=1e-6)
    np.testing.assert_allclose(probabilities(tf.constant(logits)), p, atol=1e-6)
    weights = [1.0, 2.0, 5.0]
    y = tf.constant(labels)
    for n in range(3):
        expected = references.class_losses(
            p[n].reshape(-1, 3), labels[n].ravel(), weights, dice_weight=0.9
        )
        for name, value in expected.items():
            loss = make_class_loss(LossConfig(name=name, dice_weight=0.9), weights)
            assert float(loss(y, log_p)[n]) == pytest.approx(value, rel=1e-5), name


def test_the_class_of_an_image_has_its_weight():
    """It is the only term of its example, so that a mean over terms would leave no weight."""
    log_p = tf.math.log(tf.constant([[0.7, 0.3], [0.2, 0.8]]))
    loss = make_class_loss(LossConfig(name="weighted-cross-entropy"), [0.5, 4.0])
    np.testing.assert_allclose(
        loss(tf.constant([0, 1]), log_p), [-0.5 * np.log(0.7), -4 * np.log(0.8)], rtol=1e-6
    )


def test_binary_networks_have_two_probabilities():
    logits = tf.constant([[[-40.0], [0.0], [3.0]]])
    expected = 1 / (1 + np.exp([40.0, 0.0, -3.0]))
    np.testing.assert_allclose(probabilities(logits)[0, :, 1], expected, atol=1e-7)
    np.testing.assert_allclose(tf.reduce_sum(probabilities(logits), -1), 1, atol=1e-6)
    labels = tf.constant([[1, 0, 1]])
    assert float(cross_entropy(labels, log_probabilities(logits))[0]) == pytest.approx(
        (40 + np.log(2) - np.log(expected[2])) / 3, rel=1e-5
    )
    assert soft_dice(labels, log_probabilities(logits)).shape == (1,)
