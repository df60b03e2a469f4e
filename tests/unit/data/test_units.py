"""Units of lengths and sizes, and the names of columns by them."""

from tfuq.data.units import PLAIN_IMAGE, SCAN, SIZED_IMAGE, in_every_unit, is_size
from tfuq.measures.structure import MEASURES
from tfuq.scoring.metrics import METRICS


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
    lengths = [name for name in METRICS if name.endswith(("_mm", "_mm2", "_mm3", "_px", "_px2"))]
    assert set(in_every_unit(lengths)) == set(
        lengths
    )  # no score is without its fellow in another unit
    for name in lengths:
        unit = METRICS[name].unit.replace("pixel", "px").replace("²", "2").replace("³", "3")
        assert name.endswith(f"_{unit}")
    assert len(in_every_unit(MEASURES)) == len(MEASURES) + 2 * sum(map(is_size, MEASURES))
