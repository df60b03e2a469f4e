"""The files of a method at a severity: read as they were written, or refused."""

import json

import numpy as np
import pytest

from tfuq.errors import RunError
from tfuq.runs.results import Manifest
from tfuq.scoring.failure import Cohort
from tfuq.workflows.shift.measuring import Measured
from tfuq.workflows.shift.stored import (
    Draws,
    is_measured,
    read_severity,
    read_summary,
    write_severity,
)

MANIFEST = Manifest(run="r", method="vi", samples=4, seed=3, weights_digest=["a"], tfuq_version="1")
DRAWS = Draws.of(MANIFEST, ["x", "y"])
RISK = np.array([0.25, 0.75])


@pytest.fixture
def folder(tmp_path):
    """What was measured at severity 0.5."""
    cohort = Cohort(
        level="case",
        risk=RISK,
        failed=RISK > 0.5,
        cases=np.array(["x", "y"]),
        confidences={"mutual_information": np.array([-0.1, -0.2])},
    )
    measured = Measured(
        rows=[
            {"case": "x", "dice": 0.75, "mutual_information": 0.1},
            {"case": "y", "dice": None, "mutual_information": 0.2},
        ],
        scores={"dice": 0.75, "nll": 1.5},
        cohort=cohort,
        example={"image": np.arange(4.0)},
        wrong_ratios=[1, 0, 2],
    )
    (tmp_path / "0.5").mkdir()
    write_severity(tmp_path / "0.5", 0.5, DRAWS, measured)
    return tmp_path / "0.5"


def test_what_is_read_is_what_was_written(folder):
    found = read_severity(folder)
    assert (found.method, found.samples, found.severity, found.cases) == ("vi", 4, 0.5, 2)
    assert found.scores == {"dice": 0.75, "nll": 1.5}
    np.testing.assert_array_equal(found.measures["mutual_information"], [0.1, 0.2])
    np.testing.assert_array_equal(found.qualities["dice"], [0.75, np.nan])
    assert read_summary(folder).wrong_ratios == [1, 0, 2]
    assert np.load(folder / "example.npz")["image"].tolist() == [0, 1, 2, 3]


def test_a_severity_of_the_same_draws_is_kept(folder):
    assert is_measured(folder, DRAWS, with_predictions=False)
    assert not is_measured(folder, DRAWS, with_predictions=True)
    (folder / "predictions").mkdir()
    assert is_measured(folder, DRAWS, with_predictions=True)
    assert not is_measured(folder.with_name("1"), DRAWS, with_predictions=False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 9}, r"T = 4, seed 3, on 2 case\(s\); pass --overwrite"),
        ({"weights_digest": ["b"]}, "with other weights"),
        ({"definitions": 99}, "by a version of tfuq that measured otherwise"),
        ({"cases": ["x"]}, r"on 2 case\(s\)"),
    ],
)
def test_other_draws_are_refused(folder, change, words):
    with pytest.raises(RunError, match=words):
        is_measured(folder, DRAWS.model_copy(update=change), with_predictions=False)


def test_files_that_are_not_of_one_severity_are_refused(folder):
    summary = folder / "summary.json"
    content = json.loads(summary.read_text())
    summary.write_text(json.dumps(content | {"severity": 1.0}))
    with pytest.raises(RunError, match="is of severity 1; pass --overwrite"):
        read_severity(folder)
    content["draws"]["cases"] = ["x", "z"]
    summary.write_text(json.dumps(content))
    with pytest.raises(RunError, match=r"cases\.csv: has other cases than summary\.json"):
        read_severity(folder)
    summary.write_text("{}")
    with pytest.raises(RunError, match=r"summary\.json: "):
        read_severity(folder)
