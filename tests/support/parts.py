"""Samplers of untrained networks, and statistics of parts put together to those of the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.conftest import settings
from tfuq.calibration.reducers import Scaled, UnscaledMean
from tfuq.config import base_method, transforms_of
from tfuq.measures.reducers import PackedMasks, RegionEntropyTerms
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.sampling import compiled
from tfuq.sampling.member_moments import MemberMoments
from tfuq.sampling.members import build_member, windowed
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.sampler import Sampler
from tfuq.sampling.slabs import SlabSampler
from tfuq.sampling.transforms import ranges_of

SEED = tf.constant([1, 2])
SAMPLES = 3


def make_network(method: str, rank: int, index: int = 0, *, with_xla: bool = False, **changes):
    """A windowed network whose weights are far from zero, where they are points."""
    config = settings(Path("nowhere"), base_method(method), rank, **changes)
    model = build_member(config, channels=1)
    if method != "vi":
        rng = np.random.default_rng(index)
        model.set_weights([rng.normal(0, 0.5, array.shape) for array in model.get_weights()])
    skip_empty = config.prediction.skip_empty
    transforms = ranges_of(config, transforms_of(method))
    return windowed(
        config, model, keep=2, skip_empty=skip_empty, with_xla=with_xla, transforms=transforms
    )


def make_sampler(
    method: str, rank: int, *, members: int = 1, scaled: bool = False, **changes
) -> Sampler:
    """A sampler of all that predictions of volumes gather."""
    networks = [make_network(method, rank, index, **changes) for index in range(members)]
    posterior = Posterior(networks)
    reducers = [*voxel_reducers(), PackedMasks(), RegionEntropyTerms([[0, 1], [1]])]
    if members > 1:
        reducers.append(MemberMoments(posterior, members))
    if scaled:
        classes = max(networks[0].channels, 2)
        reducers = [Scaled(reducers, [1.3] * classes, [0.1] * classes), UnscaledMean()]
    return compiled.make_sampler(posterior, reducers, finish=_finish)


def _finish(statistics):
    dropped = ("mean", "votes", "modal_share")
    rest = {name: values for name, values in statistics.items() if name not in dropped}
    return voxel_maps(statistics) | rest


def whole(sampler: Sampler, images: np.ndarray) -> dict[str, np.ndarray]:
    """The statistics by the graph's own loop, its examples' voxels one after another."""
    examples = len(images)
    statistics = {}
    for name, values in sampler.sample(images, SEED, tf.constant(SAMPLES)).items():
        array = values.numpy()
        voxels = images[0, ..., 0].size
        if name == "masks":
            array = np.unpackbits(array, axis=-1, count=voxels, bitorder="little")
            array = np.moveaxis(array, 0, 2).reshape(*array.shape[1:3], -1)
        elif name == "members":
            array = np.moveaxis(array, 0, 1).reshape(array.shape[1], examples * voxels, -1)
        else:
            array = array.reshape(examples * voxels, -1)
        statistics[name] = array
    return statistics


def of_parts(
    sampler: Sampler, images: np.ndarray, folder: Path, part_bytes: int
) -> tuple[dict[str, np.ndarray], int]:
    """The same, part by part; and the number of parts."""
    slabs = SlabSampler(sampler, part_bytes=part_bytes)
    parts = [*slabs.parts(images, folder, seed=SEED, samples=SAMPLES)]
    statistics = {}
    for name in parts[0].statistics:
        arrays = [part.statistics[name].numpy()[0] for part in parts]
        if name == "masks":
            packed = np.concatenate(arrays, -1)
            voxels = images[..., 0].size
            array = np.unpackbits(packed, axis=-1, count=voxels, bitorder="little")
        elif name == "members":
            array = np.concatenate(arrays, 1)
        else:
            joined = np.concatenate(arrays)
            array = joined.reshape(len(joined), -1)
        statistics[name] = array
    return statistics, len(parts)
