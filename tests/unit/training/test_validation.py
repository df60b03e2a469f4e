"""Validation by the mean network, over whole cases."""

from types import SimpleNamespace

import nibabel
import numpy as np
import pytest

from tests.conftest import settings
from tests.support.pointwise import PointwiseNetwork
from tests.support.references import class_losses, dice
from tfuq.data.cases import Case
from tfuq.data.layouts import list_cases
from tfuq.data.sets.segmentation import SegmentationSet
from tfuq.networks.weights import model_arrays
from tfuq.sampling.members import build_member
from tfuq.tasks import task_of
from tfuq.training.validation import MeanNetwork, MeanNetworks, Validator
from tfuq.training.workers import ALONE

RANKS = pytest.mark.parametrize("rank", [3, 2])
BEYOND = {3: [24, 24, 24], 2: [24, 32]}  # patches that are larger than the scans of 18×17×15 voxels
WITHIN = {3: [8, 8, 8], 2: [8, 8]}


def test_a_quality_that_no_case_defines_is_left_out(balls, tmp_path):
    config = settings(balls)
    validator = Validator.__new__(Validator)
    groups = [np.full(2, np.nan), np.array([0.5, np.nan])]
    figures = {"val_loss": 1.0, "val_nll": 2.0}
    for values, expected in zip(groups, (figures, figures | {"val_dice": 0.5}), strict=True):
        validator._together = ALONE
        validator._config, validator._groups = config, [(1.0, 2.0, value) for value in values]
        validator._group = lambda pair: pair
        validator._network = SimpleNamespace(take=dict)
        assert validator({}) == expected


def training_set(root, rank: int, patch: list[int], **changes) -> SegmentationSet:
    config = settings(root, rank=rank, network={"patch_size": patch, "widths": [2, 4]}, **changes)
    return SegmentationSet(config, list_cases("decathlon", root), None)


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
        validate = Validator(
            config, groups, task.loss(config, training), MeanNetwork(config, channels=1)
        )
        found.append(validate(model_arrays(model)))
    expected = [_expected(balls, case, rank) for case in list_cases("decathlon", balls)[:2]]
    for values in found:
        assert values["val_loss"] == pytest.approx(
            np.mean([loss for loss, _ in expected]), rel=1e-5
        )
        assert values["val_dice"] == pytest.approx(
            np.mean([score for _, score in expected]), rel=1e-6
        )


def test_members_of_one_configuration_share_a_network_of_which_the_last_is_kept(balls):
    plain = settings(balls, network={"patch_size": [8, 8, 8], "widths": [2, 4]})
    other = plain.model_copy(update={"network": plain.network.model_copy(update={"blocks": 1})})
    networks = MeanNetworks()
    first = networks.of(plain, 1)
    assert networks.of(plain.model_copy(deep=True), 1) is first
    second = networks.of(other, 1)
    assert second is not first
    assert networks.of(other, 1) is second
    assert networks.of(plain, 1) is not first


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
