"""Dose–volume histograms against slow references and known answers."""

import numpy as np
import pytest

from tests.support import references
from tfuq.scoring.dose import dose_band, histogram
from tfuq.scoring.dose_quantities import dose_at_volume, volume_at_dose


def test_known_answers():
    ramp = np.arange(1.0, 101.0)  # 95 of 100 voxels receive 6 Gy or more
    assert dose_at_volume(ramp, 0.95) == 6
    assert dose_at_volume(ramp, 0.5) == 51
    assert dose_at_volume(ramp, 1.0) == 1
    assert volume_at_dose(ramp, 20.0) == 81
    assert dose_at_volume(np.full(7, 3.5), 0.95) == 3.5
    np.testing.assert_array_equal(
        histogram(np.array([1.0, 2.0, 2.0, 4.0]), np.array([0, 1, 2, 3, 5.0])),
        [100, 100, 75, 25, 0],
    )


@pytest.mark.parametrize("seed", range(20))
def test_slow_reference(seed):
    rng = np.random.default_rng(seed)
    doses = rng.integers(0, 30, rng.integers(1, 60)) * 1.5  # with ties
    for share in (0.02, 0.5, 0.95, 1.0):
        assert dose_at_volume(doses, share) == references.dose_at_volume(doses, share)
    levels = np.linspace(0, doses.max() + 1, 13)
    np.testing.assert_allclose(
        histogram(doses, levels), [references.volume_at_dose(doses, level) for level in levels]
    )
    assert volume_at_dose(doses, 20.0) == pytest.approx(references.volume_at_dose(doses, 20.0))


def test_band_over_samples():
    rng = np.random.default_rng(1)
    dose = rng.uniform(0, 60, (6, 5, 4))
    masks = [rng.random(dose.shape) < share for share in (0.2, 0.5, 0.9)]
    band = dose_band(dose, [*masks, np.zeros(dose.shape, bool)], 60.0, 0.001)
    d95 = [references.dose_at_volume(dose[mask], 0.95) for mask in masks]
    row = band.row()
    assert (row["samples"], row["absent_from"]) == (4, 1)
    assert row["d95_gy"] == pytest.approx(np.mean(d95))
    assert row["d95_gy_lower"] == pytest.approx(np.percentile(d95, 2.5))
    assert row["d95_gy_upper"] == pytest.approx(np.percentile(d95, 97.5))
    at_30 = band.rows()[50]
    assert at_30["dose_gy"] == pytest.approx(30)
    shares = [references.volume_at_dose(dose[mask], 30.0) for mask in masks]
    assert at_30["volume_percent"] == pytest.approx(np.mean(shares))
    assert at_30["upper"] == pytest.approx(np.percentile(shares, 97.5))
    assert not any(
        name.endswith("_lower") for name in dose_band(dose, masks[:1], 60.0, 0.001).row()
    )


def test_a_structure_that_no_sample_has():
    band = dose_band(np.ones((2, 2, 2)), [np.zeros((2, 2, 2), bool)] * 3, 2.0, 0.001)
    assert band.row() == {"samples": 3, "absent_from": 3, "reason": "absent from every sample"}
    assert band.rows() == []
