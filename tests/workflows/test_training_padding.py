"""Training and validation are over the scan's own voxels, whatever the network's patch adds around them."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings
from tests.support.pointwise import PointwiseNetwork
from tests.support.references import class_losses, dice
from tfuq.config import LossConfig
from tfuq.data.cases import Case
from tfuq.data.layouts import list_cases
from tfuq.data.preprocessing import PADDING
from tfuq.data.sets.segmentation import SegmentationSet
from tfuq.networks.losses import log_probabilities, make_class_loss
from tfuq.sampling.members import build_member
from tfuq.tasks import task_of
from tfuq.training.validation import Validator

RANKS = pytest.mark.parametrize("rank", [3, 2])
BEYOND = {3: [24, 24, 24], 2: [24, 32]}  # patches that are larger than the scans of 18×17×15 voxels
WITHIN = {3: [8, 8, 8], 2: [8, 8]}
LOSSES = ("cross-entropy", "weighted-cross-entropy", "soft-dice", "dice-ce")


def training_set(root, rank: int, patch: list[int], **changes) -> SegmentationSet:
    config = settings(root, rank=rank, network={"patch_size": patch, "widths": [2, 4]}, **changes)
    return SegmentationSet(config, list_cases("decathlon", root), None)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_that_of_the_scans_own_voxels(name):
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 3, (2, 7, 6)), rng.normal(size=(2, 7, 6, 3)).astype(np.float32)
    boxes = [(slice(1, 6), slice(0, 6)), (slice(2, 4), slice(1, 5))]
    padded = np.full_like(labels, PADDING)
    for number, box in enumerate(boxes):
        padded[(number, *box)] = labels[(number, *box)]
    weights = [1.0, 2.0, 5.0]
    loss = make_class_loss(LossConfig(name=name, dice_weight=0.9), weights)
    found = loss(tf.constant(padded, tf.int32), log_probabilities(tf.constant(logits)))
    for number, box in enumerate(boxes):
        own = logits[(number, *box)].reshape(-1, 3).astype(float)
        p = np.exp(own) / np.exp(own).sum(-1, keepdims=True)
        expected = class_losses(p, labels[(number, *box)].ravel(), weights, dice_weight=0.9)[name]
        assert float(found[number]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_padding_has_no_gradient_and_a_patch_of_it_no_loss(name):
    logits = tf.Variable(np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype(np.float32))
    labels = np.full((2, 5, 4), PADDING)
    labels[0, 1:4] = np.arange(12).reshape(3, 4) % 3
    with tf.GradientTape() as tape:
        losses = make_class_loss(LossConfig(name=name), [1.0, 2.0, 5.0])(
            tf.constant(labels, tf.int32), log_probabilities(logits)
        )
        total = tf.reduce_sum(losses)
    gradient = tape.gradient(total, logits).numpy()
    assert losses[1] == 0
    assert np.isfinite(gradient).all()
    assert gradient[labels != PADDING].any()
    assert not gradient[labels == PADDING].any()


@RANKS
def test_validation_is_over_the_scans_own_voxels(rank, balls, monkeypatch):
    """Of a network that takes padding for a structure: loss and Dice as the files' own voxels have them, by any patch."""
    classes = 2 if rank == 2 else 3
    network = PointwiseNetwork(rank, classes, 0.0, 0)
    monkeypatch.setattr("tfuq.training.validation.windowed", lambda *_, **__: network)
    found = []
    for patch in (WITHIN[rank], BEYOND[rank]):
        training = training_set(balls, rank, patch)
        config, cases = training._config, list_cases("decathlon", balls)[:2]
        task = task_of(config)
        groups = task.validation(config, cases, training, None)
        model = build_member(config, channels=1, sources=())
        found.append(Validator(config, groups, task.loss(config, training), 1)(model))
    expected = [_expected(balls, case, rank) for case in list_cases("decathlon", balls)[:2]]
    for values in found:
        assert values["val_loss"] == pytest.approx(
            np.mean([loss for loss, _ in expected]), rel=1e-5
        )
        assert values["val_dice"] == pytest.approx(
            np.mean([score for _, score in expected]), rel=1e-6
        )


def _expected(root, case: Case, rank: int) -> tuple[float, float]:
    """Loss and Dice of a case by `PointwiseNetwork`'s formula, of the files as they are."""
    image = nibabel.load(root / "imagesTr" / f"{case.id}.nii.gz").get_fdata()
    label = np.asarray(nibabel.load(root / "labelsTr" / f"{case.id}.nii.gz").dataobj).astype(int)
    x = (image - image.mean()) / image.std()
    logits = np.stack([np.zeros_like(x), 1.5 - 4 * np.abs(x), 3 * x - 4], -1)
    if rank == 2:
        label, logits = (label > 0).astype(int), logits[..., :2]
    p = np.maximum(
        np.exp(logits) / np.exp(logits).sum(-1, keepdims=True), 1e-7
    )  # the least that validation knows
    parts = (
        [(p[:, :, z], label[:, :, z]) for z in range(label.shape[2])] if rank == 2 else [(p, label)]
    )
    losses = [
        class_losses(q.reshape(-1, q.shape[-1]), y.ravel(), None, dice_weight=0.5)["dice-ce"]
        for q, y in parts
    ]
    chosen = p.argmax(-1)
    scores = [dice(chosen == k, label == k) for k in range(1, p.shape[-1]) if (label == k).any()]
    return float(np.mean(losses)), float(np.mean(scores))
