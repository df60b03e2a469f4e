"""Perturbations: what a severity means, and that labels and landmarks move with their image."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.dots import centres
from tests.support.subjects import POINTS, ellipsoid, picture
from tfuq.data.perturbations.base import PERTURBATIONS, case_seed, checked_channel, perturb
from tfuq.errors import ConfigError, DataError

MOVING = {"rotation": 25.0, "scaling": 0.15, "elastic": 2.0, "elastic-magnitude": 200.0}
VALUES = {"noise": 0.5, "rician": 0.5, "blur": 1.5, "bias": 0.5, "contrast": 0.7, "ghosting": 0.6, "downsampling": 1.5,
          "occlusion": 0.2, "missing-modality": 1.0, "inverted-contrast": 0.7, "gain": 0.3, "mean-contrast": -0.3}  # fmt: skip


def test_every_perturbation_is_tested_here():
    assert {*MOVING, *VALUES, "rotation-3d"} == set(PERTURBATIONS)


@pytest.mark.parametrize("name", sorted(PERTURBATIONS))
def test_severity_zero_is_the_identity_and_the_same_seed_gives_the_same_bytes(name):
    subject, severity = ellipsoid(), {**MOVING, **VALUES, "rotation-3d": 30.0}[name]
    assert perturb(name, subject, 0.0, 3) is subject
    before = subject.image.array.copy()
    one, two = (perturb(name, subject, severity, [3, 7]) for _ in range(2))
    assert one.image.array.tobytes() == two.image.array.tobytes()
    assert one.label.array.tobytes() == two.label.array.tobytes()
    assert one.image.array.dtype == np.float32
    assert one.label.array.dtype == np.uint8
    assert not np.array_equal(one.image.array, before)
    np.testing.assert_array_equal(subject.image.array, before)  # never changed in place
    assert np.isfinite(one.image.array).all()


@pytest.mark.parametrize("name", sorted(MOVING))
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.0, 1.6)])
def test_landmarks_follow(name, spacing):
    moved = perturb(name, picture(spacing=spacing), MOVING[name], 1)
    assert np.isnan(moved.points[-1]).all()
    assert np.abs(moved.points - POINTS)[:-1].max() > 1
    np.testing.assert_allclose(centres(moved.image.array[:, :, 0]), moved.points[:-1], atol=0.35)


@pytest.mark.parametrize("name", [*sorted(MOVING), "rotation-3d"])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 0.8, 2.0)])
def test_labels_follow(name, spacing):
    """The first channel is the label, so its transform, rounded, is what the transformed label must overlap."""
    subject = ellipsoid(spacing)
    moved = perturb(name, subject, {**MOVING, "rotation-3d": 25.0}[name], 2)
    of_image, of_label, before = (
        moved.image.array[..., 0] > 0.5,
        moved.label.array > 0,
        subject.label.array > 0,
    )
    overlap = 2 * (of_image & of_label).sum() / (of_image.sum() + of_label.sum())
    still = 2 * (of_image & before).sum() / (of_image.sum() + before.sum())
    assert overlap > 0.93
    assert overlap > still + 0.02


@pytest.mark.parametrize("name", sorted(VALUES))
def test_values_change_and_labels_do_not(name):
    subject = ellipsoid()
    changed = perturb(name, subject, VALUES[name], 0)
    assert changed.label is subject.label


@pytest.mark.parametrize(
    ("name", "severity", "words"),
    [("nois", 1.0, "did you mean 'noise'"), ("noise", -0.1, "from 0 to 100"), ("rotation", 181.0, "from -180 to 180"),
     ("ghosting", float("nan"), "nan")],
)  # fmt: skip
def test_unknown_names_and_severities_out_of_range_are_refused(name, severity, words):
    with pytest.raises(ConfigError, match=words):
        perturb(name, ellipsoid(), severity, 0)


def test_a_channel_that_is_not_there_is_refused_at_any_severity():
    for severity in (0.0, 1.0):
        with pytest.raises(ConfigError, match="channels 0 to 1"):
            perturb("missing-modality", ellipsoid(), severity, 0, channel=2)


def test_the_only_channel_is_not_taken_away():
    with pytest.raises(ConfigError, match="images have one channel"):
        checked_channel(0, 1)
    assert checked_channel(1, 2) == 1


def test_a_subject_says_what_it_lacks():
    with pytest.raises(DataError, match="no label"):
        _ = picture().present_label
    with pytest.raises(DataError, match="no landmarks"):
        _ = ellipsoid().present_points


@pytest.mark.parametrize(("axis", "space"), [(2, (60, 80)), (0, (60, 80, 1))])
def test_a_picture_is_one_plane_along_the_last_axis(axis, space):
    assert replace(picture(), axis=axis).space == space


def test_cases_have_seeds_of_their_own():
    assert case_seed(3, "a") == case_seed(3, "a") != case_seed(3, "b")
