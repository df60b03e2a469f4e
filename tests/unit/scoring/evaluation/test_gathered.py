"""What is gathered begins empty, each time anew; it adds up, and a file of it says the same."""

import numpy as np
import pytest

from tfuq.errors import RunError
from tfuq.scoring.calibration import Bins
from tfuq.scoring.evaluation.gathered import Gathered


def gathered_of(case, members=2):
    """What a case with predictions of members gives."""
    gathered = Gathered(averaged=1, empty=[case])
    gathered.cases.append({"case": case, "class": "all", "dice": 0.1 + 0.2, "hd95_mm": None})
    gathered.bounds.append({"class": "ball", "volume_held": True, "upper": 3})
    gathered.bins.append(Bins(np.array([1, 2]), np.array([0.3, 1.1]), np.array([0, 1])))
    p = np.tile([[0.9, 0.1], [0.6, 0.4]], (members, 1, 1))
    gathered.diversity.add(p, np.array([0, 0]), lambda label: 1.0, [0.25, 1 / 3])
    return gathered


def test_two_scorings_share_nothing():
    first = Gathered()
    first.cases.append({"case": "c"})
    first.bins.append(None)
    second = Gathered()
    assert (second.cases, second.bins, second.averaged) == ([], [], 0)
    assert second.diversity is not first.diversity
    assert second.diversity.quality == "dice"


def test_cases_add_up():
    gathered = gathered_of("a")
    gathered.extend(gathered_of("b"))
    assert [row["case"] for row in gathered.cases] == gathered.empty == ["a", "b"]
    assert gathered.averaged == len(gathered.bins) == len(gathered.bounds) == 2
    gathered.diversity.enter({}, {}, cases=2)
    with pytest.raises(RunError, match=r"3 member\(s\) where 2 are needed"):
        gathered.extend(gathered_of("c", members=3))


def test_a_file_says_the_same(tmp_path):
    gathered = gathered_of("a")
    gathered.write(tmp_path / "slice.json")
    read = Gathered.read(tmp_path / "slice.json")
    assert (read.cases, read.bounds, read.empty) == (gathered.cases, gathered.bounds, ["a"])
    np.testing.assert_array_equal(np.array(read.bins), np.array(gathered.bins))
    # No member is ever wrong, so that the correlation of their errors is not defined.
    assert read.diversity.pair_rows()[0]["error_correlation"] is None
    assert read.diversity.summary() == gathered.diversity.summary()
