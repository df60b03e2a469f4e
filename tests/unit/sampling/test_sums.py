"""Sums of windows in a file are those of an array."""

import numpy as np

from tfuq.sampling.sums import sums_in

SIZE = (3, 2, 4)
SHAPE = (9, 5, 7)  # planes, rows, columns
CHANNELS = 2


def windows(rng, planes):
    for plane in planes:
        for row in (0, 2, 3):
            for column in (0, 1, 3):
                values = rng.normal(size=(*SIZE, CHANNELS)).astype(np.float32)
                yield (plane, row, column), values


def test_windows_are_added_in_their_order(tmp_path):
    rng = np.random.default_rng(0)
    expected = np.zeros((2, *SHAPE, CHANNELS), np.float32)
    with sums_in(tmp_path / "sums", SHAPE[0], (*SHAPE[1:], CHANNELS)) as sums:
        for sample in range(2):
            sums.clear(sample, range(SHAPE[0]))
            drawn = [*windows(rng, (0, 2, 6))]
            sums.add(sample, SIZE, drawn)
            for place, values in drawn:
                box = [slice(first, first + size) for first, size in zip(place, SIZE, strict=True)]
                expected[(sample, *box)] += values
        for sample in range(2):
            found = sums.box(sample, 0, 0, *SHAPE[:2])
            assert found.tobytes() == expected[sample].tobytes()
            inner = expected[sample, :, :4, :6].reshape(-1, CHANNELS)
            for first, stop in ((0, 5), (5, 100), (23, 24), (100, 216), (0, 216)):
                part = sums.voxels(sample, first, stop, (4, 6))
                np.testing.assert_array_equal(part, inner[first:stop])


def test_planes_that_are_done_make_room(tmp_path):
    path = tmp_path / "sums"
    ones = np.ones((1, 5, 7, CHANNELS), np.float32)
    with sums_in(path, 2, (5, 7, CHANNELS)) as sums:
        for plane in range(6):
            sums.clear(0, range(plane, plane + 1))
            sums.add(0, (1, 5, 7), [((plane, 0, 0), plane * ones)])
            assert (sums.box(0, plane, 0, 1, 5) == plane).all()
            if plane:
                assert (sums.box(0, plane - 1, 0, 1, 5) == plane - 1).all()
    assert path.stat().st_size == 2 * 5 * 7 * CHANNELS * 4
