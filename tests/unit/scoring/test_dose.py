"""Dose–volume histograms against slow references and known answers."""

import numpy as np
import pytest

from tests.support import references
from tfuq.scoring.dose import BEYOND, dose_band, histogram
from tfuq.scoring.dose_constraints import parse_constraint
from tfuq.scoring.dose_quantities import dose_at_volume, parse_requests, volume_at_dose


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


DOSE = np.arange(10.0, 20.0).reshape(10, 1, 1)  # a row of voxels


def rows(*ranges):
    """Masks of a row, one for each range of voxels."""
    masks = []
    for start, stop in ranges:
        mask = np.zeros(DOSE.shape, bool)
        mask[start:stop] = True
        masks.append(mask)
    return masks


@pytest.mark.parametrize(
    ("text", "verdict", "met", "missed", "samples"),
    [
        ("Dmax<20Gy", "met", 3, 0, 3),
        ("Dmax<12Gy", "missed", 0, 3, 3),
        ("Dmean>=16Gy", "undecided", 1, 2, 3),
        ("V15>20%", "undecided", 2, 1, 3),
        ("D0.004cc>=10Gy", "met", 2, 0, 2),  # of the third, there are 3 voxels of 0.001 cm³
        ("D1cc>=10Gy", None, None, None, 0),
    ],
)
def test_a_constraint_is_met_in_all_samples_in_none_or_undecided(
    text, verdict, met, missed, samples
):
    constraint = parse_constraint(text, ["cord"])
    masks = rows((0, 10), (1, 5), (7, 10), (0, 0))
    band = dose_band(DOSE, masks, 20.0, 0.001, [constraint.quantity])
    row = band.verdict(constraint)
    assert (row["verdict"], row["samples"]) == (verdict, samples)
    assert (row.get("met_in"), row.get("missed_in")) == (met, missed)
    assert band.absent == 1
    if samples:
        assert row["share_met"] == met / samples
    else:
        assert row["reason"] == "no sample has a value"


def test_what_lies_beyond_the_dose_decides_nothing():
    """Whatever the voxels there receive, from none to the highest dose, the verdict has to hold."""
    dose = DOSE.copy()
    dose[8:] = BEYOND
    names = {
        "Dmax<20Gy": "met",  # the highest dose is 19
        "Dmax<18Gy": "undecided",
        "Dmax>=17Gy": "met",
        "Dmin<11Gy": "met",
        "D90>=10Gy": "undecided",  # 8 of 10 voxels are known
        "D70>=10Gy": "met",
        "V17<10%": "missed",
        "V17<25%": "undecided",
        "V17<35%": "met",
    }
    for text, verdict in names.items():
        constraint = parse_constraint(text, [])
        band = dose_band(dose, rows((0, 10)), 19.0, 0.001, [constraint.quantity])
        assert band.verdict(constraint)["verdict"] == verdict, text
    band = dose_band(dose, rows((0, 10)), 19.0, 0.001, parse_requests(["Dmin", "Dmean"]))
    assert band.values["min_gy"].tolist() == [0]
    assert band.values["mean_gy"].tolist() == [10.8]


def test_a_quantity_that_no_sample_has_is_an_empty_cell():
    quantities = parse_requests(["D1cc", "Dmax"])
    row = dose_band(DOSE, rows((0, 3)), 20.0, 0.001, quantities).row(quantities)
    assert row == {"samples": 1, "absent_from": 0, "max_gy": 12.0}
