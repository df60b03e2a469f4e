"""Score folders that are to stand side by side, and those that may not."""

import pytest

from tests.support.score_folders import scores
from tfuq.data.writers import write_csv, write_json
from tfuq.errors import DataError, RunError
from tfuq.scoring.comparison.folders import (
    method_names,
    read_scores,
    require_same_data,
    samples_of,
    shared_members,
)


def test_methods_of_one_name_are_told_apart_by_where_they_lie(tmp_path):
    folders = [
        scores(tmp_path / "old" / "scores", "vi", [0.5]),
        scores(tmp_path / "new" / "scores", "vi", [0.5]),
        scores(tmp_path / "other", "hybrid", [0.5]),
    ]
    assert method_names(folders) == {
        "vi (old/scores)": folders[0],
        "vi (new/scores)": folders[1],
        "hybrid": folders[2],
    }


@pytest.mark.parametrize(
    ("summary", "members"),
    [
        ({"samples": 30, "weights_digest": ["a", "b", "c"]}, {"m": 3}),
        ({"samples": 3, "weights_digest": ["a", "b", "c"]}, {}),
        ({"samples": 30, "weights_digest": ["a"]}, {}),
        ({"samples": 30}, {}),
        ({"weights_digest": ["a", "b", "c"]}, {}),
    ],
)
def test_shared_members_have_several_samples_of_several_members(summary, members, tmp_path):
    write_json(tmp_path / "summary.json", {"method": "hybrid", **summary})
    assert shared_members({"m": tmp_path}) == members
    assert samples_of(tmp_path) == summary.get("samples")


def test_scores_are_read_by_case_and_empty_cells_are_none(tmp_path):
    rows = [
        {"case": "b", "class": "all", "dice": 0.5, "hd95_mm": None},
        {"case": "a", "class": "liver", "dice": 0.1, "hd95_mm": 3},
    ]
    write_csv(tmp_path / "cases.csv", rows)
    found = read_scores(tmp_path, "all")
    assert list(found) == ["b"]
    assert found["b"]["dice"] == 0.5
    assert found["b"]["hd95_mm"] is None
    assert read_scores(tmp_path, "liver")["a"]["hd95_mm"] == 3.0
    with pytest.raises(DataError, match="no class or landmark 'lung'; it has all, liver"):
        read_scores(tmp_path, "lung")


def referenced(folder, method, reference, definitions=1, **noted):
    write_csv(
        folder / "cases.csv", [{"case": "a", "class": "all", "dice": 0.5, "reference": reference}]
    )
    write_json(folder / "summary.json", {"method": method, "definitions": definitions, **noted})
    return folder


def test_what_cannot_stand_side_by_side_is_refused(tmp_path):
    first = referenced(tmp_path / "a", "vi", "0123")
    require_same_data([first, referenced(tmp_path / "b", "hybrid", "0123")])
    require_same_data([first, referenced(tmp_path / "c", "hybrid", "")])  # of an older version
    with pytest.raises(DataError, match="given twice"):
        require_same_data([first, tmp_path / "b" / ".." / "a"])
    other = referenced(tmp_path / "d", "hybrid", "4567")
    with pytest.raises(DataError, match="case 'a' was scored against another reference"):
        require_same_data([first, other])
    newer = referenced(tmp_path / "e", "hybrid", "0123", definitions=2)
    with pytest.raises(DataError, match=r"a: was predicted by a version .* predict it again"):
        require_same_data([newer, first])


def test_surface_dice_of_two_tolerances_is_no_comparison(tmp_path):
    first = referenced(tmp_path / "a", "vi", "0123", nsd_tolerance=1.0)
    without = referenced(tmp_path / "b", "hybrid", "0123")
    require_same_data([without, first])
    other = referenced(tmp_path / "c", "hybrid", "0123", nsd_tolerance={"ball": 1.0})
    with pytest.raises(DataError, match=r"c: was scored with --nsd-tolerance .*, .*a with 1.0"):
        require_same_data([without, first, other])


def test_a_damaged_summary_is_refused(tmp_path):
    with pytest.raises(DataError, match="no scores"):
        samples_of(tmp_path)
    (tmp_path / "summary.json").write_text('{"method": "vi", "samples": 0}')
    with pytest.raises(RunError, match=r"summary.json.*run tfuq score again"):
        samples_of(tmp_path)
