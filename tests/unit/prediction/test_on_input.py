"""Maps of a case on the grid of its image as given."""

import numpy as np
import pytest

from tests.support import whole_maps
from tests.support.drawn import voxel_statistics
from tfuq.data.volume import Volume
from tfuq.measures.catalogue import maps_of
from tfuq.prediction.on_input import HeldMaps, InputGrid, MapChannel, MapsOnInput
from tfuq.prediction.voxel_channels import ChannelsInMemory

RNG = np.random.default_rng(0)
IMAGE = Volume(np.zeros((4, 4, 4, 1)), np.eye(4))
MOVED = np.eye(4)
MOVED[:3, 3] = 1  # begins a voxel further along each axis
PREPARED = {
    "cropped": Volume(np.zeros((2, 2, 2, 1)), MOVED),
    "finer": Volume(np.zeros((8, 8, 8, 1)), np.diag([0.5, 0.5, 0.5, 1.0])),
    "turned": Volume(np.zeros((5, 7, 6, 1)), np.diag([-0.7, 0.6, 0.5, 1.0]) + 2.5 * np.eye(4, k=3)),
}
CLASSES = ("background", "a", "b")
WEIGHTS = np.array([0.75, 0.25], np.float32)
BOUNDS = {"a": {"lower": 0.5, "upper": 0.1}, "b": {"lower": 0.9, "upper": 0.31}}


def drawn_on(shape, classes=3, slice_axis=None):
    """Statistics of chance of a volume of this shape."""
    examples = (1, *shape)
    if slice_axis is not None:
        examples = (shape[slice_axis], *(n for axis, n in enumerate(shape) if axis != slice_axis))
    chance = {name: RNG.random(examples, np.float32) for name in maps_of(2)}
    for name in ("between_member_variance", "within_member_variance"):
        chance[name] = RNG.random(examples, np.float32)
    members = RNG.dirichlet([1] * classes, (examples[0], 2, *examples[1:])).astype(np.float32)
    return voxel_statistics(
        members[:, 0],
        members=members,
        uncalibrated=members[:, 1],
        variance=RNG.random((*examples, classes), np.float32),
        **chance,
    )


def maps_on(prepared, statistics, slice_axis=None, **changes):
    given = {"classes": CLASSES, "maps": maps_of(2), "member_weights": WEIGHTS, "bounds": BOUNDS}
    return MapsOnInput(
        channels=ChannelsInMemory(statistics=statistics, slice_axis=slice_axis),
        grid=InputGrid(image=IMAGE, prepared=prepared),
        **given | changes,
    )


def held(maps):
    return {name: volume.array for name, volume in HeldMaps.of(maps, IMAGE).volumes.items()}


@pytest.mark.parametrize("slice_axis", [None, 1])
@pytest.mark.parametrize("prepared", PREPARED.values(), ids=PREPARED)
@pytest.mark.parametrize("names", [maps_of(2), maps_of(1)], ids=len)
def test_channels_have_the_bytes_of_maps_of_whole_arrays(prepared, slice_axis, names):
    statistics = drawn_on(prepared.shape, slice_axis=slice_axis)
    maps = held(maps_on(prepared, statistics, slice_axis, maps=names))
    grid = whole_maps.WholeGrid(image=IMAGE, prepared=prepared, slice_axis=slice_axis, classes=3)
    expected = whole_maps.maps_of(grid, statistics, names, WEIGHTS, BOUNDS)
    assert maps.keys() == expected.keys()
    for name, volume in expected.items():
        assert (maps[name].dtype, maps[name].shape) == (volume.array.dtype, volume.array.shape)
        assert maps[name].tobytes() == volume.array.tobytes(), name


def test_what_the_network_did_not_see_is_background():
    statistics = drawn_on((2, 2, 2))
    found = held(maps_on(PREPARED["cropped"], statistics))["probability"]
    np.testing.assert_array_equal(found[1:3, 1:3, 1:3], statistics.probability[0])
    outside = np.ones((4, 4, 4), bool)
    outside[1:3, 1:3, 1:3] = False
    assert (found[outside] == [1, 0, 0]).all()


def test_grids_of_the_same_voxels_are_copied():
    assert maps_on(PREPARED["cropped"], drawn_on((2, 2, 2))).grid.copies_voxels
    assert not maps_on(PREPARED["finer"], drawn_on((8, 8, 8))).grid.copies_voxels


def test_entropies_elsewhere_are_those_of_the_interpolated_probability():
    """So that the maps of a case fit each other on any grid."""
    maps = held(maps_on(PREPARED["finer"], drawn_on((8, 8, 8))))
    q = np.maximum(maps["probability"].astype(float), 1e-12)
    expected = -(q * np.log(q)).sum(-1)
    np.testing.assert_allclose(maps["predictive_entropy"], expected, atol=1e-5)


def test_mutual_information_is_at_most_the_predictive_entropy():
    sure = np.eye(3, dtype=np.float32)[np.zeros((1, 8, 8, 8), int)]
    statistics = voxel_statistics(
        sure,
        mutual_information=np.full((1, 8, 8, 8), 0.5, np.float32),
        variance=np.zeros_like(sure),
    )
    maps = held(maps_on(PREPARED["finer"], statistics, member_weights=None, bounds=None))
    assert not maps["mutual_information"].any()
    assert not maps["expected_entropy"].any()


def test_one_sample_has_predictive_entropy_alone():
    changes = {"maps": maps_of(1), "member_weights": None, "bounds": None}
    statistics = voxel_statistics(np.full((1, 8, 8, 8, 3), 1 / 3, np.float32))
    maps = held(maps_on(PREPARED["finer"], statistics, **changes))
    assert set(maps) == {"probability", "label", "predictive_entropy"}


def test_the_variance_between_members_is_of_their_maps():
    maps = held(maps_on(PREPARED["finer"], drawn_on((8, 8, 8))))
    first, second = maps["member-0"], maps["member-1"]
    mean = 0.75 * first + 0.25 * second
    variance = 0.75 * (first - mean) ** 2 + 0.25 * (second - mean) ** 2
    np.testing.assert_allclose(maps["between_member_variance"], variance.mean(-1), atol=1e-6)


def test_bounds_are_where_a_probability_reaches_its_threshold():
    p = np.array([[[[[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]]]], np.float32)
    prepared = Volume(np.zeros((1, 1, 2, 1)), np.eye(4))
    statistics = voxel_statistics(p, uncalibrated=p)
    changes = {"maps": (), "member_weights": None}
    maps = maps_on(prepared, statistics, **changes)
    found = held(maps)
    assert found["label_lower"][0, 0, :2].tolist() == [[1, 0], [0, 0]]
    assert found["label_upper"][0, 0, :2].tolist() == [[1, 0], [1, 1]]
    single = held(maps_on(prepared, statistics, classes=CLASSES[:2], **changes))["label_lower"]
    assert (single.shape, single.dtype) == ((4, 4, 4), np.uint8)  # no channel of one class


def test_held_maps_are_given_a_channel_at_a_time():
    channels = [
        MapChannel(name="label", values=np.ones((2, 2, 2), np.uint8)),
        *(MapChannel(name="p", values=np.full((2, 2, 2), k / 4), channels=2) for k in (1, 3)),
    ]
    again = list(HeldMaps.of(channels, IMAGE))
    assert [(channel.name, channel.channels) for channel in again] == [
        ("label", None),
        ("p", 2),
        ("p", 2),
    ]
    for channel, other in zip(again, channels, strict=True):
        np.testing.assert_array_equal(channel.values, other.values)


@pytest.mark.parametrize("prepared", PREPARED.values(), ids=PREPARED)
def test_maps_that_are_not_chosen_are_not_made(prepared):
    statistics = drawn_on(prepared.shape)
    every = held(maps_on(prepared, statistics))
    changes = {"maps": ["standard_deviation"], "member_weights": None, "bounds": None}
    some = held(maps_on(prepared, statistics, writes_probability=False, **changes))
    assert set(some) == {"label", "standard_deviation"}
    for name, array in some.items():
        assert array.tobytes() == every[name].tobytes()
