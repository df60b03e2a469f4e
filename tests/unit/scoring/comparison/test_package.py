"""Score folders side by side: which cases count, and what is refused."""

import pytest

from tests.conftest import assert_refused
from tests.support.score_folders import scores
from tfuq.errors import DataError
from tfuq.scoring.comparison import compare


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
