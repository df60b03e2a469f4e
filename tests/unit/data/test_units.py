"""Units of lengths and sizes, and the names of columns by them."""

import pytest

from tfuq.data.units import PLAIN_IMAGE, SCAN, SIZED_IMAGE, in_every_unit, is_size, symbol_of


def test_columns_are_named_by_their_unit():
    named = {
        "hd95_mm": 1,
        "volume_mm3": 2,
        "volume_mean_mm3": 3,
        "volume_dispersion": 4,
        "volume_difference_mm3": 5,
        "dice": 6,
    }
    plain = {
        "hd95_px": 1,
        "area_px2": 2,
        "area_mean_px2": 3,
        "volume_dispersion": 4,
        "area_difference_px2": 5,
        "dice": 6,
    }
    assert SCAN.named(named) == named
    assert PLAIN_IMAGE.named(named) == plain
    assert list(SIZED_IMAGE.named(plain)) == [
        "hd95_mm", "area_mm2", "area_mean_mm2", "volume_dispersion", "area_difference_mm2", "dice",
    ]  # fmt: skip
    assert SCAN.named(SIZED_IMAGE.named(plain)) == named
    assert [name for name in plain if is_size(name)] == [
        "area_px2",
        "area_mean_px2",
        "area_difference_px2",
    ]


def test_every_unit_names_a_column_once():
    assert in_every_unit(["hd95_mm", "dice", "hd95_px"]) == ["hd95_mm", "hd95_px", "dice"]
    assert in_every_unit(["volume_mean_mm3"]) == [
        "volume_mean_mm3",
        "area_mean_mm2",
        "area_mean_px2",
    ]


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("hd95_mm", "mm"),
        ("hd95_px", "pixel"),
        ("volume_mm3", "mm³"),
        ("area_mm2", "mm²"),
        ("area_mean_px2", "pixel²"),
        ("volume_dispersion", None),
        ("dice", None),
        ("mm", None),
    ],
)
def test_a_symbol_is_that_of_the_ending(name, symbol):
    assert symbol_of(name) == symbol
