"""What is gathered of a structure goes through a file without a change."""

import numpy as np
import pytest

from tfuq.calibration.risk_control import THRESHOLDS
from tfuq.workflows.calibrate.structures import STORED, Extent, StructureCases


def extent(reference, *, is_whole=True):
    return Extent(
        reached=np.linspace(40, 0, len(THRESHOLDS)),
        reference=reference,
        image=100,
        voxel_volume=0.1,
        low=1.0,
        high=1 / 3,
        sampled_voxel=0.7,
        is_whole=is_whole,
    )


@pytest.fixture
def structure():
    rng = np.random.default_rng(0)
    shares = rng.random((2, len(THRESHOLDS)))
    extents = [extent(3), extent(5, is_whole=False)]
    return StructureCases(missed=list(shares), excess=list(1 - shares), extents=extents)


def test_what_is_stored_adds_up(structure):
    both = StructureCases()
    arrays = structure.stored()
    assert set(arrays) == set(STORED)
    both.add_stored(arrays)
    both.add_stored(arrays)
    assert len(both.missed) == len(both.extents) == 4
    np.testing.assert_array_equal(both.missed[2:], structure.missed)
    np.testing.assert_array_equal(both.excess[:2], structure.excess)
    for read, kept in zip(both.extents, structure.extents * 2, strict=True):
        assert read.numbers() == kept.numbers()
        assert isinstance(read.reference, int)
        assert read.is_whole is kept.is_whole
        np.testing.assert_array_equal(read.reached, kept.reached)


def test_only_cases_whose_volume_is_known_promise_one(structure):
    assert structure.has_volumes(alpha=0.5)
    assert not structure.has_volumes(alpha=0.3)  # which needs two
