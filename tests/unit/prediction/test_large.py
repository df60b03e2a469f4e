"""Which cases are large, and what they need."""

import pytest

from tests.support.parts import SAMPLES, make_sampler
from tfuq.data.budget import limit_memory
from tfuq.errors import DataError
from tfuq.measures.reducers import PackedMasks
from tfuq.measures.voxel import voxel_reducers
from tfuq.prediction import large
from tfuq.prediction.large import LargeVolumes
from tfuq.sampling.sampler import Sampler
from tfuq.tasks import NETWORK_TASKS

SHAPE = (1, 512, 512, 300, 1)
VOXELS = 512 * 512 * 300


@pytest.fixture(scope="module")
def volumes():
    posterior = make_sampler("mc-dropout", 3).posterior
    finish = NETWORK_TASKS["segmentation"].finish
    sampler = Sampler(posterior, [*voxel_reducers(), PackedMasks()], finish=finish)
    return LargeVolumes(sampler, seed=0, samples=SAMPLES)


def test_a_ct_is_large_and_a_hippocampus_is_not(volumes):
    assert volumes.is_large(SHAPE)
    assert not volumes.is_large((1, 48, 64, 48, 1))


def test_less_memory_makes_more_cases_large(volumes, monkeypatch):
    shape = (1, 128, 128, 64, 1)
    assert not volumes.is_large(shape)
    monkeypatch.setattr(large, "free_memory", lambda: 2**28)
    assert volumes.is_large(shape)


def test_needs_are_those_of_the_files(volumes):
    """Of three classes: 2 · 3 channels and 5 maps of statistics; two bits a sample, twice if they are cropped."""
    needs = volumes.needs(SHAPE)
    spool = VOXELS * (11 * 4 + 2 * SAMPLES * 2 / 8)
    weights = VOXELS * 4
    planes = (needs.disk - spool - weights) / (512 * 300 * SAMPLES * 3 * 4)
    assert 16 <= planes <= 24  # two windows are taken together, and may lie in two rows of planes
    assert needs.memory < 4e9


def test_cases_without_room_are_refused(volumes, monkeypatch):
    monkeypatch.setattr(large, "temporary_room", lambda: 2**30)
    with pytest.raises(
        DataError, match="1×512×512×300 voxels, T = 3: take .* GB of temporary .*TMPDIR"
    ):
        volumes.require_room(SHAPE)
    monkeypatch.setattr(large, "temporary_room", lambda: 2**50)
    try:
        limit_memory("1GB")
        with pytest.raises(DataError, match="raise --memory"):
            volumes.require_room(SHAPE)
    finally:
        limit_memory(None)
