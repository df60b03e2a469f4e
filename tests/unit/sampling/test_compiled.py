"""The sampling graph as one program of XLA: what it is made for, beside the plain graph."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.alike import assert_alike
from tests.support.parts import SAMPLES, SEED, make_sampler
from tfuq.calibration.reducers import PickedSamples
from tfuq.measures.reducers import LandmarkSamples
from tfuq.sampling.compiled import CompiledSampler
from tfuq.sampling.compiled import make_sampler as sampler_of
from tfuq.sampling.sampler import Sampler

WIDE = {"network": {"widths": [2, 4], "level_dropout": {2: 0.5}}}


def pair(method, rank, **arguments):
    """A plain and a compiled sampler of the same weights."""
    plain = make_sampler(method, rank, **arguments)
    compiled = make_sampler(method, rank, with_xla=True, **arguments)
    assert isinstance(compiled, CompiledSampler)
    networks = zip(plain.posterior.members, compiled.posterior.members, strict=True)
    for one, other in networks:
        other.model.set_weights(one.model.get_weights())
    return plain, compiled


def noise(count, *size):
    return np.random.default_rng(0).normal(size=(count, *size, 1)).astype(np.float32)


def drawn(sampler, images):
    statistics = sampler.sample(images, SEED, tf.constant(SAMPLES))
    return {name: values.numpy() for name, values in statistics.items()}


@pytest.mark.slow
def test_slices_go_through_one_program_by_chunks():
    plain, compiled = pair("mc-dropout", 2, prediction={"chunk": 2}, **WIDE)
    images = noise(5, 16, 16)
    found = drawn(compiled, images)
    assert_alike(found, drawn(plain, images))
    again = drawn(compiled, images)
    for name, values in found.items():
        assert values.tobytes() == again[name].tobytes(), name
    assert compiled.program.experimental_get_tracing_count() == 1
    assert "while" in compiled_text(compiled, images[:2])


def compiled_text(sampler, images):
    """The program for one chunk of images, in XLA's own words."""
    placed = sampler._place(images)._replace(is_tiled=False, chunks=1)
    text = sampler.program.experimental_get_compiler_ir(placed, images.shape[1:-1], SEED, SAMPLES)
    return text(stage="hlo")


ROWS = [
    ("mc-dropout", {"members": 2, "scaled": True}),
    ("mc-dropout", {"prediction": {"chunk": 3, "skip_empty": 0.0}}),
    ("vi", {}),
    ("mc-dropout+flips+affine", {}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "arguments"), ROWS)
def test_volumes_of_many_sizes_go_through_one_program(method, arguments):
    plain, compiled = pair(method, 3, **WIDE, **arguments)
    for size in ((37, 17, 20), (35, 30, 32)):
        images = noise(1, *size)
        images[:, 4:32] = images.min()
        assert_alike(drawn(compiled, images), drawn(plain, images))
    assert compiled.program.experimental_get_tracing_count() == 1
    # Of the patch's size, a volume is a chunk by itself.
    images = noise(1, 16, 16, 16)
    assert_alike(drawn(compiled, images), drawn(plain, images))


@pytest.mark.slow
@pytest.mark.parametrize("size", [(16, 16), (19, 25)])
def test_landmarks_and_chosen_voxels_of_slices_are_those_of_the_plain_graph(size):
    pictures = 0.1 * noise(3, *size)  # where probabilities reach 1, many pixels are highest
    results = []
    for sampler in pair("mc-dropout", 2, prediction={"chunk": 2}, **WIDE):
        picked = PickedSamples()
        picked.places.assign([7, 3, 200])
        reducers = [LandmarkSamples(1.5), picked]
        results.append(drawn(sampler_of(sampler.posterior, reducers, finish=dict), pictures))
    assert results[0]["landmarks"].shape == (3, SAMPLES, 1, 3)
    assert_alike(results[1], results[0])


@pytest.mark.slow
def test_chosen_voxels_of_a_volume_are_those_of_the_plain_graph():
    volume = noise(1, 20, 19, 16)
    results = []
    for sampler in pair("mc-dropout", 3, **WIDE):
        picked = PickedSamples()
        picked.places.assign(np.arange(0, 6000, 700))
        results.append(drawn(sampler_of(sampler.posterior, [picked], finish=dict), volume))
    assert_alike(results[1], results[0])


def test_networks_without_xla_have_the_plain_graph():
    plain = make_sampler("mc-dropout", 2)
    assert type(plain) is Sampler
