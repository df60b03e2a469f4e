"""Doses and volumes as a clinic asks for them."""

import numpy as np
import pytest

from tests.support import references
from tfuq.errors import DataError
from tfuq.scoring.dose_quantities import (
    USUAL,
    dose_at_cc,
    dose_at_volume,
    parse_request,
    parse_requests,
    volume_at_dose,
)

RAMP = np.arange(1.0, 101.0)  # 100 voxels of 0.02 cm³: 2 cm³


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D95", {"d95_gy": 6}),
        ("d95%", {"d95_gy": 6}),
        ("D2", {"d2_gy": 99}),
        ("D99.5", {"d99.5_gy": 1}),
        ("D0.06cc", {"d0.06cc_gy": 98}),
        ("D2cc", {"d2cc_gy": 1}),
        ("D0.001cc", {"d0.001cc_gy": 100}),
        ("Dmean", {"mean_gy": 50.5}),
        ("DMAX", {"max_gy": 100}),
        ("Dmin", {"min_gy": 1}),
        ("V20", {"v20_percent": 81, "v20_cc": 1.62}),
        (" V20Gy ", {"v20_percent": 81, "v20_cc": 1.62}),
        ("V0.5", {"v0.5_percent": 100, "v0.5_cc": 2}),
    ],
)
def test_what_can_be_asked_for(text, expected):
    found = {quantity.name: quantity.of(RAMP, 0.02) for quantity in parse_request(text)}
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    "text", ["", "D", "V", "D95Gy", "V20%", "V20cc", "Dmedian", "20", "D-5", "D1e3"]
)
def test_another_request_is_refused_with_the_forms(text):
    with pytest.raises(DataError, match=r"write D95, D2, D0\.03cc, Dmean, Dmax, Dmin or V20"):
        parse_request(text)


@pytest.mark.parametrize(
    ("text", "words"), [("D0", "above 0, to 100"), ("D101", "above 0, to 100"), ("D0cc", "above 0")]
)
def test_a_share_or_volume_out_of_range_is_refused(text, words):
    with pytest.raises(DataError, match=words):
        parse_request(text)


def test_requests_are_each_there_once_and_usual_without_any():
    assert [quantity.name for quantity in parse_requests(["V20", "D95", "D95%", "V20Gy"])] == [
        "v20_percent",
        "v20_cc",
        "d95_gy",
    ]
    assert parse_requests([]) == USUAL
    assert [quantity.name for quantity in USUAL] == ["d95_gy", "d50_gy", "v20_percent", "mean_gy"]


@pytest.mark.parametrize(
    "pair", [("V20", "V20.00001"), ("D99.9999", "D100"), ("V1234.5", "V1234.56789")]
)
def test_requests_that_differ_in_a_far_digit_have_columns_of_their_own(pair):
    first, second = (parse_request(text)[0] for text in pair)
    assert (first.symbol, second.symbol) == pair
    assert first.name != second.name
    assert len(parse_requests(pair)) == sum(len(parse_request(text)) for text in pair)


def test_a_structure_that_is_smaller_than_the_volume_has_no_dose_of_it():
    assert np.isnan(dose_at_cc(RAMP, 2.01, 0.02))
    assert dose_at_cc(RAMP, 2.0, 0.02) == 1


@pytest.mark.parametrize("seed", range(5))
def test_slow_reference(seed):
    rng = np.random.default_rng(seed)
    doses = rng.integers(0, 30, rng.integers(1, 60)) * 1.5  # with ties
    for share in (0.02, 0.5, 0.95, 1.0):
        expected = references.dose_at_volume(doses, share)
        assert dose_at_volume(doses, share) == expected
        assert dose_at_cc(doses, share * len(doses) * 0.3, 0.3) == expected
    assert volume_at_dose(doses, 20.0) == pytest.approx(references.volume_at_dose(doses, 20.0))
