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
    return LargeVolumes(sampler, seed=0)


def test_a_ct_is_large_and_a_hippocampus_is_not(volumes):
    assert volumes.is_large(VOXELS, SAMPLES)
    assert not volumes.is_large(48 * 64 * 48, SAMPLES)


def test_less_memory_makes_more_cases_large(volumes, monkeypatch):
    voxels = 128 * 128 * 64
    assert not volumes.is_large(voxels, SAMPLES)
    monkeypatch.setattr(large, "free_memory", lambda: 2**28)
    assert volumes.is_large(voxels, SAMPLES)


def test_needs_are_those_of_the_files(volumes):
    """Of three classes: 2 · 3 channels and 5 maps of statistics; two bits a sample, twice if they are cropped."""
    needs = volumes.needs(SHAPE, SAMPLES)
    spool = VOXELS * (11 * 4 + 2 * SAMPLES * 2 / 8)
    weights = VOXELS * 4
    planes = (needs.disk - spool - weights) / (512 * 300 * SAMPLES * 3 * 4)
    assert 16 <= planes <= 24  # two windows are taken together, and may lie in two rows of planes
    assert needs.memory < 4e9


def test_cases_without_room_are_refused(volumes, monkeypatch):
    monkeypatch.setattr(large, "temporary_room", lambda: 2**30)
    with pytest.raises(
        DataError, match=r"1×512×512×300 voxels, T = 3: take .* GB of temporary .*TMPDIR"
    ):
        volumes.require_room(SHAPE, SAMPLES)
    monkeypatch.setattr(large, "temporary_room", lambda: 2**50)
    try:
        limit_memory("1GB")
        with pytest.raises(DataError, match="raise --memory"):
            volumes.require_room(SHAPE, SAMPLES)
    finally:
        limit_memory(None)
