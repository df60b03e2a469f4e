"""Perturbations: what a severity means, and that labels and landmarks move with their image."""

import numpy as np
import pytest

from tests.unit.data.test_augmentation import dots, found
from tfuq.data.perturbations import PERTURBATIONS, Subject, case_seed, perturb
from tfuq.data.volume import Volume
from tfuq.errors import ConfigError, DataError

SHAPE = (60, 80)
POINTS = np.array([[30.3, 22.8], [55.0, 30.5], [33.2, 40.9], [47.7, 18.1], [np.nan, np.nan]])
MOVING = {"rotation": 25.0, "scaling": 0.15, "elastic": 2.0}
VALUES = {"noise": 0.5, "rician": 0.5, "blur": 1.5, "bias": 0.5, "contrast": 0.7, "ghosting": 0.6, "downsampling": 1.5,
          "occlusion": 0.2, "missing-modality": 1.0}  # fmt: skip


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
    np.testing.assert_allclose(found(moved.image.array[:, :, 0]), moved.points[:-1], atol=0.35)


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


def test_a_turn_is_clockwise_and_true_to_millimetres():
    quarter = perturb(
        "rotation",
        Subject(Volume(np.arange(49.0, dtype=np.float32).reshape(7, 7, 1, 1), np.eye(4))),
        90,
        0,
    )
    np.testing.assert_allclose(
        quarter.image.array[:, :, 0, 0], np.rot90(np.arange(49).reshape(7, 7), -1), atol=1e-4
    )
    squeezed = picture(
        np.array([[39.5 + 10, 29.5]]), spacing=(2.0, 1.0)
    )  # 10 mm right of the centre
    np.testing.assert_allclose(
        perturb("rotation", squeezed, 90, 0).points, [[39.5, 29.5 + 5]], atol=1e-9
    )  # 10 mm below


def test_a_volume_turns_about_the_axis_its_slices_are_stacked_along():
    for axis in range(3):
        subject = ellipsoid(axis=axis)
        moved = perturb("rotation", subject, 30, 0).label.array
        rest = tuple(a for a in range(3) if a != axis)
        np.testing.assert_allclose(moved.sum(rest), subject.label.array.sum(rest), rtol=0.3, atol=3)


def test_scaling_by_half_makes_volumes_three_and_three_eighths_as_large():
    grown = perturb("scaling", ellipsoid(), 0.5, 0)
    assert grown.label.array.sum() / ellipsoid().label.array.sum() == pytest.approx(1.5**3, rel=0.1)


@pytest.mark.parametrize("name", sorted(VALUES))
def test_values_change_and_labels_do_not(name):
    subject = ellipsoid()
    changed = perturb(name, subject, VALUES[name], 0)
    assert changed.label is subject.label


def test_noise_has_the_standard_deviation_asked_for_and_severities_share_their_pattern():
    flat = Subject(Volume(np.zeros((40, 40, 20, 1), np.float32), np.eye(4)))
    half, whole = (perturb("noise", flat, severity, 5).image.array for severity in (0.5, 1.0))
    assert half.std() == pytest.approx(0.5, rel=0.02)
    np.testing.assert_allclose(2 * half, whole, rtol=1e-5)
    magnitude = perturb("rician", flat, 0.5, 5).image.array
    assert magnitude.mean() == pytest.approx(
        0.5 * np.sqrt(np.pi / 2), rel=0.02
    )  # Rayleigh where there is no signal


def test_values_where_they_are_known():
    subject = ellipsoid()
    array = subject.image.array
    low, high = array.min((0, 1, 2)), array.max((0, 1, 2))
    for severity in (-0.7, 0.7):
        gamma = perturb("contrast", subject, severity, 0).image.array
        expected = ((array - low) / (high - low)) ** np.exp(severity) * (high - low) + low
        np.testing.assert_allclose(gamma, expected, atol=1e-5)
    gain = (
        perturb("bias", subject, 0.5, 0).image.array[..., 1][array[..., 1] > 0.1]
        / array[..., 1][array[..., 1] > 0.1]
    )
    assert np.exp(-0.51) < gain.min() < gain.max() < np.exp(0.51)
    assert np.ptp(gain) > 0.3
    covered = perturb("occlusion", subject, 0.2, 0).image.array
    assert (covered != array).any(-1).mean() == pytest.approx(0.2, abs=0.05)
    without = perturb("missing-modality", subject, 1.0, 0, channel=1).image.array
    np.testing.assert_allclose(without[..., 1], array[..., 1].mean(), atol=1e-6)
    np.testing.assert_array_equal(without[..., 0], array[..., 0])
    smooth = [
        perturb(name, subject, severity, 0).image.array
        for name, severity in (("blur", 50.0), ("downsampling", 40.0))
    ]
    for image in smooth:
        assert image[..., 1].std() < 0.1 * array[..., 1].std()
    ghosts = perturb("ghosting", subject, 1.0, 0).image.array
    np.testing.assert_allclose(
        ghosts.mean((0, 1, 2)), array.mean((0, 1, 2)), atol=1e-5
    )  # the centre of the spectrum stays


@pytest.mark.parametrize(
    ("name", "severity", "words"),
    [("nois", 1.0, "did you mean 'noise'"), ("noise", -0.1, "from 0 to 100"), ("rotation", 181.0, "from -180 to 180"),
     ("ghosting", float("nan"), "nan")],
)  # fmt: skip
def test_unknown_names_and_severities_out_of_range_are_refused(name, severity, words):
    with pytest.raises(ConfigError, match=words):
        perturb(name, ellipsoid(), severity, 0)


def test_what_a_perturbation_cannot_change_is_refused():
    with pytest.raises(ConfigError, match="channels 0 to 1"):
        perturb("missing-modality", ellipsoid(), 1.0, 0, channel=2)
    with pytest.raises(DataError, match="one plane"):
        perturb("rotation-3d", picture(), 10.0, 0)


def test_cases_have_seeds_of_their_own():
    assert case_seed(3, "a") == case_seed(3, "a") != case_seed(3, "b")
