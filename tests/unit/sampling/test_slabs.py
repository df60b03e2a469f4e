"""A volume sampled part by part has the bytes of the whole, and memory does not know T."""

import numpy as np
import pytest

from tests.support.parts import SAMPLES, make_sampler, of_parts, whole
from tfuq.sampling.slabs import SlabSampler

BINARY = {"data": {"classes": ["rest", "ball"], "label_values": {0: 0, 1: 1, 2: 1}}}
ROWS = [
    # method, rank, examples, size, further arguments
    ("mc-dropout", 2, 5, (17, 16), {"prediction": {"chunk": 2}, "members": 2}),
]
SLOW = [
    ("mc-dropout", 3, 1, (25, 16, 16), {"scaled": True}),
    ("mc-dropout", 3, 1, (21, 19, 17), {"members": 2, "scaled": True}),
    ("mc-dropout", 3, 1, (37, 18, 29), {"prediction": {"chunk": 3}}),
    ("vi", 3, 1, (35, 18, 17), {}),
    ("mc-dropout", 2, 5, (16, 16), {"prediction": {"chunk": 2}, "scaled": True}),
    ("mc-dropout", 3, 1, (21, 18, 17), {"network": {"spatial_dropout": True}}),
    ("mc-dropout", 3, 1, (21, 18, 17), {"network": {"heteroscedastic": True}}),
    ("mc-dropout", 3, 1, (21, 18, 17), BINARY | {"network": {"output": "sigmoid"}, "members": 2}),
    ("mc-dropout", 3, 1, (16, 16, 16), {}),
    ("mc-dropout+flips+affine", 3, 1, (37, 18, 29), {"members": 2}),
    ("mc-dropout+flips", 2, 5, (17, 16), {"prediction": {"chunk": 2}}),
]


def rows():
    slow = [pytest.param(*row, marks=pytest.mark.slow) for row in SLOW]
    return [*ROWS, *slow]


def noise(examples, size):
    return np.random.default_rng(0).normal(size=(examples, *size, 1)).astype(np.float32)


@pytest.mark.parametrize(("method", "rank", "examples", "size", "arguments"), rows())
@pytest.mark.slow
def test_parts_have_the_bytes_of_the_whole(method, rank, examples, size, arguments, tmp_path):
    sampler = make_sampler(method, rank, **arguments)
    images = noise(examples, size)
    expected = whole(sampler, images)
    found, parts = of_parts(sampler, images, tmp_path, part_bytes=400_000)
    assert parts > 2
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].dtype == values.dtype, name
        assert found[name].tobytes() == values.tobytes(), name
    stored = sum(path.stat().st_size for path in tmp_path.iterdir())
    slabs = SlabSampler(sampler, part_bytes=1)
    assert stored == slabs.file_bytes(images.shape, SAMPLES)


@pytest.mark.slow
def test_parts_repeat_empty_windows_as_the_whole_does(tmp_path):
    sampler = make_sampler("mc-dropout", 3, prediction={"skip_empty": 0.0})
    images = noise(1, (56, 16, 16))
    images[:, 7:49] = images.min()
    # The second to the fifth of six windows are empty. Groups have two windows each.
    assert sampler.posterior.members[0].encode(images).placed.empty.is_repeat.numpy().sum() == 3
    expected = whole(sampler, images)
    found, _ = of_parts(sampler, images, tmp_path, part_bytes=400_000)
    for name, values in expected.items():
        assert found[name].tobytes() == values.tobytes(), name


def test_parts_are_as_large_as_memory_allows():
    sampler = make_sampler("mc-dropout", 2)
    slabs = SlabSampler(sampler, part_bytes=1)
    assert slabs.graph_bytes(640, 3) == 10 * slabs.graph_bytes(64, 3)
    # Of a binary network, float32: the sample, three moments, two entropies, votes, two regions;
    # and a bit of each of 100 samples.
    assert slabs.graph_bytes(64, 100) == 3 * (64 * 4 * 9 + 100 * 8)
