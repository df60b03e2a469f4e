"""Measures of structures over cases."""

import numpy as np
import pytest
from scipy import stats

from tests.support import references
from tfuq.data.writers import write_csv
from tfuq.errors import DataError
from tfuq.scoring.evaluation.structures import (
    measure_means,
    read_structures,
    spearman_with_dice,
    spread_coverage,
    whole_structures,
)


def test_tables_of_images_are_read_by_the_names_of_scans(tmp_path):
    row = {"case": "c", "class": "a", "component": "all"}
    write_csv(tmp_path / "structures.csv", [row | {"area_mean_px2": 3.5, "reason": "", "x": None}])
    (found,) = read_structures(tmp_path / "structures.csv", ["a"])
    assert found["volume_mean_mm3"] == 3.5
    assert found["x"] is None
    with pytest.raises(DataError, match="has a class 'a' that the run has not"):
        read_structures(tmp_path / "structures.csv", ["b"])


def spread(case, low, high, truth):
    row = {"case": case, "class": "a", "component": "all"}
    return row | {"area_lower_px2": low, "area_upper_px2": high, "area_reference_px2": truth}


def test_the_spread_holds_its_ends_but_for_rounding():
    rows = [
        spread("a", 1.0, 3.0, 1.0),
        spread("b", 1.0, 3.0, 3.000001),
        spread("c", 1.0, 3.0, 3.1),
        spread("d", 1.0, 5.0, 0.5),
        spread("e", None, None, 1.0),
    ]
    found = spread_coverage(rows, 4)
    assert (found["share"], found["n"], found["samples"]) == (0.5, 4, 4)
    assert found["width"] == pytest.approx((2 + 2 + 2 + 4) / 4)
    assert found["unit"] == "pixel²"
    low, high = stats.binomtest(2, 4).proportion_ci()
    assert (found["lower"], found["upper"]) == pytest.approx((low, high))


def test_one_sample_has_no_spread():
    assert spread_coverage([{"case": "a", "volume_reference_mm3": 1.0}], 1) is None
    assert spread_coverage([], 4) is None


def test_components_are_no_structure_as_a_whole():
    rows = [{"class": c, "component": part} for c in "ab" for part in ("all", "1")]
    of_b = [{"class": "b", "component": "all"}]
    assert whole_structures(rows, ["b", "none"]) == {"b": of_b, "none": []}


def test_spearman_table():
    rng = np.random.default_rng(0)
    rows = [
        {
            "case": str(i),
            "class": "a",
            "component": "all",
            "mean_entropy": rng.random(),
            "pairwise_dice": None,
            "dice": rng.random(),
        }
        for i in range(9)
    ]
    table = spearman_with_dice(rows)
    x, d = [r["mean_entropy"] for r in rows], [r["dice"] for r in rows]
    assert table["mean_entropy"]["rho"] == pytest.approx(references.spearman(x, d))
    assert table["mean_entropy"]["p"] == pytest.approx(stats.spearmanr(x, d).pvalue)
    assert table["mean_entropy"]["n"] == 9
    assert (
        table["mean_entropy"]["lower"]
        < table["mean_entropy"]["rho"]
        < table["mean_entropy"]["upper"]
    )
    assert table["pairwise_dice"] == {"rho": None, "lower": None, "upper": None, "p": None, "n": 0}
    several = spearman_with_dice([row | {"case": str(i // 3)} for i, row in enumerate(rows)])
    assert several["mean_entropy"]["rho"] == table["mean_entropy"]["rho"]
    assert several["mean_entropy"]["p"] is None  # rows of one case are not independent
    assert measure_means(rows) == {"mean_entropy": pytest.approx(np.mean(x)), "pairwise_dice": None}
