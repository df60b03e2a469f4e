"""Windows as planes: which are taken together, and which voxels are finished after them."""

import numpy as np
import pytest

from tfuq.sampling.window_plan import WindowPlan


@pytest.fixture
def volume():
    """Windows of 4 × 4 × 4 at planes 0, 2, 5 of a volume of 9 × 4 × 6, two in a plane; in chunks of four."""
    corners = [[0, x, 0, z] for x in (0, 2, 5) for z in (0, 2)]
    filler = [[-1, 0, 0, 0]] * 2
    return WindowPlan(
        corners=np.array([*corners, *filler], np.int32),
        patch=(4, 4, 4),
        chunk=4,
        shape=(1, 9, 4, 6),
        mirrored=(1, 9, 4, 6),
        keep=1,
    )


@pytest.fixture
def slices():
    """Slices of 5 × 3, the last row of each mirrored."""
    return WindowPlan(
        corners=np.array([[n, x, 0] for n in range(3) for x in (0, 2)], np.int32),
        patch=(4, 3),
        chunk=2,
        shape=(3, 5, 3),
        mirrored=(3, 6, 3),
        keep=4,
    )


def test_voxels_are_finished_where_no_window_is_left(volume):
    assert [*volume.groups()] == [range(0, 1), range(1, 2)]
    # The third pair begins at plane 5: 5 · 24 = 120 voxels, of which 64 are aligned.
    assert volume.finished_voxels(1) == 64
    assert volume.finished_voxels(2) == 9 * 24
    assert [volume.last_plane(group) for group in volume.groups()] == [6, 9]
    # From plane 0 to 6, then from plane 2 (64 / 24) to 9.
    assert volume.planes_at_once == 7


def test_a_filler_has_no_place(volume):
    assert volume.place(1) == (0, 0, 2)
    assert volume.place(7) is None
    assert volume.windows_of_first_image() == [*range(6)]


def test_slices_are_planes(slices):
    assert slices.planes == 3
    assert slices.size == (1, 4, 3)
    assert slices.place(3) == (1, 2, 0)
    assert slices.place_of_weight(3) == (0, 2, 0)
    assert slices.windows_of_first_image() == [0, 1]
    assert [*slices.groups()] == [range(0, 2), range(2, 3)]
    assert slices.finished_voxels(2) == 0  # 30 voxels, less than 64
    assert slices.finished_voxels(3) == 45


def test_patches_are_mirrored_beyond_the_image(slices):
    stack = np.arange(45.0).reshape(3, 5, 3, 1)
    found = slices.patch_at(stack, 3)
    np.testing.assert_array_equal(found, np.pad(stack[1, 2:], [(0, 1), (0, 0), (0, 0)], "edge"))
    np.testing.assert_array_equal(slices.patch_at(stack, 4), stack[2, :4])
    np.testing.assert_array_equal(slices.corners_of(1), [[0, 0], [2, 0]])
