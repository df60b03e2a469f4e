"""Methods side by side."""

import numpy as np
import pytest

from tests.conftest import assert_refused
from tfuq.data.writers import write_csv, write_json
from tfuq.errors import DataError
from tfuq.scoring.comparison import compare, supported_best


def scores(folder, method, dice, cases=None, samples=None, **more):
    ids = cases or [f"c{i:02d}" for i in range(len(dice))]
    rows = [
        {"case": c, "class": "all", "dice": d, **{k: v[i] for k, v in more.items()}}
        for i, (c, d) in enumerate(zip(ids, dice, strict=False))
    ]
    write_csv(folder / "cases.csv", rows)
    write_json(
        folder / "summary.json",
        {"method": method} | ({} if samples is None else {"samples": samples}),
    )
    return folder


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


def test_orientation_and_ties():
    x = np.linspace(1, 2, 12)
    assert supported_best({"a": x, "b": x + 1}, "lower") == "a"
    assert supported_best({"a": x, "b": x + 1}, "higher") == "b"
    assert supported_best({"a": x - 1.5, "b": x + 1}, "nearer zero") == "a"
    assert supported_best({"a": x, "b": x}, "lower") is None
    assert supported_best({"a": x, "b": x + 1}, None) is None
    assert (
        supported_best({"a": x[:3], "b": x[:3] + 1}, "lower") is None
    )  # three cases support nothing


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


def test_only_shared_cases_count(tmp_path):
    a = scores(tmp_path / "a", "vi", [0.5, 0.7, 0.9], ["x", "y", "z"])
    b = scores(tmp_path / "b", "vi", [0.1, 0.2], ["y", "z"])
    found = compare([a, b])
    assert found.cases == ["y", "z"]
    assert found.cells["dice"]["vi (a)"].mean == pytest.approx(0.8)


def test_refusals(tmp_path, tfuq):
    a = scores(tmp_path / "a", "vi", [0.5], ["x"])
    other = scores(tmp_path / "b", "ensemble", [0.5], ["y"])
    with pytest.raises(DataError, match="no case in common"):
        compare([a, other])
    with pytest.raises(DataError, match="no class or landmark 'liver'; it has all"):
        compare([a, a], "liver")
    assert_refused(tfuq("compare", a), "two score folders")
    assert_refused(tfuq("compare", a, tmp_path), "no scores")
    result = tfuq(
        "compare", a, scores(tmp_path / "c", "ensemble", [0.6], ["x"]), "--out", tmp_path / "out"
    )
    assert result.exit_code == 0, result.output
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "comparison.md",
        "comparison.csv",
        ".tfuq",
    }
