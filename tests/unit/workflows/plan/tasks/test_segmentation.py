"""The plan of a segmentation."""

import numpy as np
import pytest

from tests.conftest import settings
from tests.support.plans import fingerprint
from tfuq.workflows.plan.sizing import Size
from tfuq.workflows.plan.tasks import PLANNERS, segmentation

SIZE = Size(width=8, elements=64.0**3, batch=2)
PLANNER = PLANNERS["segmentation"]


def drafted(tmp_path, found, size=SIZE, **changes):
    config = settings(tmp_path, **changes)
    return PLANNER.draft(config, found, size)


def test_it_enters_itself():
    assert segmentation.__name__ == type(PLANNER).__module__.replace("base", "segmentation")


def test_a_small_volume_is_seen_whole_and_as_it_is(tmp_path):
    sections = drafted(tmp_path, fingerprint()).sections
    assert sections["network"]["patch_size"] == [48, 64, 48]
    assert sections["network"]["widths"] == [8, 16, 32, 64, 128]
    assert "kernels" not in sections["network"]
    assert "spacing" not in sections["preprocessing"]
    assert sections["preprocessing"]["normalization"] == "zscore"
    assert sections["augmentation"]["flip_axes"] == [0, 1, 2]


def test_spacings_that_differ_become_their_median(tmp_path):
    spacings = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 2.0]])
    settings_ = drafted(tmp_path, fingerprint(spacings=spacings))
    assert settings_.sections["preprocessing"]["spacing"] == [1.0, 1.0, 1.5]
    assert "median" in settings_.reasons["preprocessing.spacing"]


def test_a_volume_of_very_many_patches_is_seen_coarser(tmp_path):
    """512 × 512 × 400 voxels are 400 patches of 64³; 64 of them have voxels of 1.84 times the side."""
    draft = drafted(tmp_path, fingerprint(shape=(512, 512, 400)))
    spacing = draft.sections["preprocessing"]["spacing"]
    assert min(spacing) == pytest.approx((512 * 512 * 400 / 64**4) ** (1 / 3), rel=0.06)
    assert draft.sections["preprocessing"]["anti_aliasing"]
    assert np.prod(draft.sections["network"]["patch_size"]) <= 1.3 * SIZE.elements


def test_few_slices_are_seen_one_by_one(tmp_path):
    found = fingerprint(shape=(200, 10, 160), spacing=(0.5, 6.0, 0.5))
    sections = drafted(tmp_path, found, Size(width=8, elements=128.0**2, batch=8)).sections
    assert sections["preprocessing"]["slice_axis"] == 1
    assert len(sections["network"]["patch_size"]) == 2
    assert sections["augmentation"]["flip_axes"] == [0, 1]


def test_slices_are_few_or_many_at_the_spacing_that_the_network_sees():
    """Slices of 5 and 2 mm are seen as those of 2 mm: 20 of them instead of 8."""
    spacings = np.array([[1.0, 1.0, width] for width in (2.0, 2.0, 5.0, 5.0, 5.0)])
    shapes = np.array([[36, 50, slices] for slices in (20, 20, 8, 8, 8)])
    limits = PLANNER.limits(fingerprint(shapes=shapes, spacings=spacings))
    assert limits.smallest == Size(width=8, elements=36 * 50 * 20, batch=2)


def test_a_ct_has_a_window_and_one_scale(tmp_path):
    found = fingerprint(lowest=-1024.0, quantiles=np.array([[-60.4, 180.2]]))
    steps = drafted(tmp_path, found).sections["preprocessing"]
    assert steps["window"] == [-60.0, 180.0]
    assert steps["normalization"] == "zscore-training"


@pytest.mark.parametrize(
    ("classes", "orientation", "axes"),
    [
        (("anterior", "posterior"), "RAS", [0, 2]),
        (("anterior", "posterior"), "PSR", [1, 2]),
        (("left kidney", "right kidney"), "LPS", [1, 2]),
        (("Kidney_R", "upper pole"), "RAS", [1]),
    ],
)
def test_axes_of_which_classes_are_sides_are_not_mirrored(classes, orientation, axes, tmp_path):
    found = fingerprint(orientation=orientation)
    data = {"classes": ["background", *classes]}
    assert drafted(tmp_path, found, data=data).sections["augmentation"]["flip_axes"] == axes


def test_slices_are_mirrored_by_the_axes_that_they_have(tmp_path):
    """Slices from the front to the back: one to the right, one to the head."""
    found = fingerprint(shape=(200, 10, 160), spacing=(0.5, 6.0, 0.5))
    data = {"classes": ["background", "left kidney"]}
    size = Size(width=8, elements=128.0**2, batch=8)
    sections = drafted(tmp_path, found, size, data=data).sections
    assert sections["preprocessing"]["slice_axis"] == 1
    assert sections["augmentation"]["flip_axes"] == [1]


def test_where_all_axes_have_sides_nothing_is_mirrored(tmp_path):
    data = {"classes": ["background", "upper left", "front"]}
    draft = drafted(tmp_path, fingerprint(), data=data)
    assert "flip_axes" not in draft.sections["augmentation"]
    assert "no mirroring" in draft.reasons["augmentation.rotation_degrees"]


def test_thick_slices_turn_within_their_planes(tmp_path):
    found = fingerprint(shape=(256, 256, 40), spacing=(0.8, 0.8, 4.0))
    assert drafted(tmp_path, found).sections["augmentation"]["plane_axis"] == 2


def test_pictures_are_resized_to_what_the_network_sees(tmp_path):
    found = fingerprint(shape=(2000, 3000, 1), is_picture=True)
    sections = drafted(tmp_path, found, Size(width=8, elements=128.0**2, batch=8)).sections
    patch = sections["network"]["patch_size"]
    assert sections["preprocessing"]["size"] == [*patch, 1]
    assert patch[1] / patch[0] == pytest.approx(1.5, rel=0.2)
    assert sections["preprocessing"]["slice_axis"] == 2


@pytest.mark.parametrize(("share", "aimed"), [(0.001, 0.67), (0.1, 0.33)])
def test_more_patches_are_aimed_at_rare_structures(tmp_path, share, aimed):
    draft = drafted(tmp_path, fingerprint(class_shares=(1 - share, share)))
    assert draft.sections["training"]["foreground_share"] == aimed


def test_sizes_are_not_larger_than_the_image():
    limits = PLANNER.limits(fingerprint(shape=(32, 32, 32)))
    assert limits.smallest.elements == limits.largest.elements == 32**3
