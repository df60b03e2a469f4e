"""The table of a comparison, as Markdown and as rows."""

import numpy as np
import pytest

from tests.support.score_folders import scores
from tfuq.data.json_csv import read_table
from tfuq.data.writers import write_csv, write_json
from tfuq.scoring.comparison import compare
from tfuq.scoring.comparison.cells import Cell
from tfuq.scoring.comparison.table import Comparison


def test_best_is_marked_only_where_a_paired_test_supports_it(tmp_path):
    rng = np.random.default_rng(0)
    base = rng.uniform(0.5, 0.9, 20)
    a = scores(tmp_path / "a", "ensemble", base + 0.02, hd95_mm=base * 2)
    b = scores(tmp_path / "b", "vi", base, hd95_mm=base * 2 + rng.normal(0, 0.1, 20))
    found = compare([a, b])
    assert found.cells["dice"]["ensemble"].is_best
    assert not found.cells["dice"]["vi"].is_best
    assert found.cells["dice"]["vi"].mean == pytest.approx(base.mean(), abs=1e-5)
    assert found.cells["dice"]["vi"].std == pytest.approx(base.std(ddof=1), abs=1e-5)
    assert not any(cell.is_best for cell in found.cells["hd95_mm"].values())
    marked, apart = (
        [line.split(" | ") for line in part.splitlines()]
        for part in found.markdown().split("\n\n")[:3:2]
    )
    assert [
        cells[1].strip().startswith("**") for cells in marked if cells[0].strip("| ") == "dice"
    ] == [True]
    for table in (marked, apart):
        assert len({tuple(map(len, cells)) for cells in table}) == 1  # columns are aligned
    assert found.cells["dice"]["ensemble"].difference is None
    difference = found.cells["dice"]["vi"].difference
    assert (difference.estimate, difference.low, difference.high) == pytest.approx(
        (-0.02,) * 3, abs=1e-5
    )
    assert f"-0.0200 (-0.0200 to -0.0200), p {difference.p:.2g}" in found.markdown()
    assert found.rows()[1]["dice_difference_lower"] == difference.low
    assert [row["method"] for row in found.rows()] == ["ensemble", "vi"]


def test_every_table_has_the_number_of_samples_and_measures_are_without_its_bias(tmp_path):
    """With T = 3 beside T = 30, a variance is a third too small, and what rises with T alone is no score."""
    shared = {"ged": [0.5, 0.3], "ged_unbiased": [0.2, 0.1], "image_mutual_information": [0.2, 0.4]}
    shared |= {"image_variation_ratio": [0.1, 0.1], "image_expected_entropy": [0.3, 0.5]}
    three = scores(tmp_path / "a", "ensemble", [0.5, 0.7], samples=3, **shared)
    thirty = scores(tmp_path / "b", "hybrid", [0.5, 0.7], samples=30, **shared)
    for folder, dispersion in ((three, [2.0, 4.0]), (thirty, [2.0, 6.0])):
        rows = [
            {"case": "c00", "class": c, "component": "all", "volume_dispersion": d}
            for c, d in zip("xy", dispersion, strict=True)
        ]
        rows.append({"case": "c00", "class": "x", "component": "1", "volume_dispersion": 100.0})
        write_csv(folder / "structures.csv", rows)
    found = compare([three, thirty])
    assert found.left_out == ["ged"]
    assert set(found.cells) == {"dice", "ged_unbiased"}
    assert found.measures["image_mutual_information"] == pytest.approx(
        {"ensemble": 0.45, "hybrid": 0.3 * 30 / 29}
    )
    assert found.measures["image_expected_entropy"] == {"ensemble": 0.4, "hybrid": 0.4}
    assert found.measures["volume_dispersion"] == pytest.approx(
        {"ensemble": 4.5, "hybrid": 4 * 30 / 29}
    )
    assert "image_variation_ratio" not in found.measures
    text = found.markdown()
    headings = [line for line in text.splitlines() if "ensemble, T = 3 " in line]
    assert len(headings) == 3
    assert all("hybrid, T = 30 " in line for line in headings)
    assert "T differs: ged" in text
    assert [row["samples"] for row in found.rows()] == [3, 30]
    assert "of one member" not in text  # which networks drew is not noted
    write_json(
        thirty / "summary.json",
        {"method": "hybrid", "samples": 30, "weights_digest": ["a", "b", "c"]},
    )
    assert (
        "of what the 3 members of hybrid differ by, up to 1/3 is missing"
        in compare([three, thirty]).markdown()
    )
    same = compare([three, scores(tmp_path / "c", "vi", [0.5, 0.7], samples=3, **shared)])
    assert "ged" in same.cells
    assert "image_variation_ratio" in same.measures
    unknown = compare([three, scores(tmp_path / "d", "vi", [0.5, 0.7], **shared)])
    assert unknown.measures["image_mutual_information"] == pytest.approx(
        {"ensemble": 0.45, "vi": None}
    )
    assert "vi, T not noted" in unknown.markdown()


def test_what_a_comparison_writes(tmp_path):
    cells = {"nll": {"vi": Cell(mean=0.5, std=None, cases=1, is_best=False)}}
    Comparison(methods=["vi"], cases=["a"], cells=cells, samples={"vi": 4}).write(tmp_path)
    assert (
        read_table(tmp_path / "comparison.csv", (), "")[0]
        | {
            "method": "vi",
            "samples": "4",
            "cases": "1",
            "nll": "0.5",
            "nll_std": "",
            "nll_best": "0",
        }
        == read_table(tmp_path / "comparison.csv", (), "")[0]
    )
    lines = (tmp_path / "comparison.md").read_text().splitlines()
    assert lines[0] == "| score     | vi, T = 4 |"
    assert lines[2] == "| nll (nat) | 0.5000    |"
    assert "over 1 cases" in lines[4]
