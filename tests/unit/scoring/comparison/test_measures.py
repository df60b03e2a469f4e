"""Means of measures over cases, without the bias of a small T."""

import pytest

from tests.support.score_folders import scores
from tfuq.data.writers import write_csv
from tfuq.scoring.comparison.measures import measures_side_by_side


def test_means_are_over_the_cases_and_the_class_that_are_asked_for(tmp_path):
    shared = {"image_expected_entropy": [0.2, 0.4, 9.0]}
    folder = scores(tmp_path / "a", "vi", [0.5] * 3, samples=4, **shared)
    rows = []
    for case in ("c00", "c01", "c02"):
        for name, dispersion in (("liver", 3.0), ("lung", 6.0)):
            row = {"case": case, "class": name, "component": "all"}
            rows.append({**row, "volume_dispersion": dispersion})
    write_csv(folder / "structures.csv", rows)
    means = measures_side_by_side({"vi": folder}, "all", ["c00", "c01"])
    assert means["image_expected_entropy"] == {"vi": pytest.approx(0.3)}
    assert means["volume_dispersion"] == {"vi": pytest.approx(4.5 * 4 / 3)}  # a variance
    assert measures_side_by_side({"vi": folder}, "lung", ["c02"]) == {
        "volume_dispersion": {"vi": pytest.approx(6 * 4 / 3)}
    }


def test_what_depends_on_t_is_left_out_only_where_methods_that_have_it_differ_in_t(tmp_path):
    one = scores(tmp_path / "a", "a", [0.5], samples=3, image_variation_ratio=[0.1])
    other = scores(tmp_path / "b", "b", [0.5], samples=30)
    found = measures_side_by_side({"a": one, "b": other}, "all", ["c00"])
    assert found["image_variation_ratio"] == {"a": 0.1, "b": None}
    other = scores(tmp_path / "b", "b", [0.5], samples=30, image_variation_ratio=[0.2])
    found = measures_side_by_side({"a": one, "b": other}, "all", ["c00"])
    assert "image_variation_ratio" not in found
