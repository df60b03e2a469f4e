"""Doses without references: tables, verdicts over cases, and what is written."""

import json

import numpy as np
import pytest

from tests.support.dose_phantoms import CASE, predict_boxes, write_plan
from tests.support.made import make_predictions, make_run
from tfuq.data.json_csv import read_typed
from tfuq.data.readers import read
from tfuq.data.writers import write_nifti
from tfuq.errors import DataError
from tfuq.scoring.dose import LEVELS
from tfuq.scoring.evaluation.dose_effects import dose_effects
from tfuq.scoring.evaluation.scores import require_one_scoring


@pytest.fixture(scope="module")
def several(balls, tmp_path_factory):
    """Predictions of three cases, and a folder with doses of 10, 20 and 30 Gy everywhere."""
    folder = tmp_path_factory.mktemp("several")
    run = make_run(folder / "run", "segmentation", balls)
    predictions = make_predictions(run, "hybrid", most=3)
    for number, case in enumerate(sorted(path.name for path in predictions.glob("ball_*"))):
        label = read(predictions / case / "label.nii.gz")
        dose = np.full(label.shape, 10.0 * (number + 1), np.float32)
        write_nifti(folder / "doses" / f"{case}.nii.gz", label.with_array(dose))
    return predictions, folder / "doses"


def test_verdicts_are_counted_over_cases(several):
    constraints = ["Dmean<25Gy", "core: Dmin>=25Gy"]
    effects = dose_effects(*several, ["Dmean"], constraints)
    assert [row["mean_gy"] for row in effects.values] == [10, 10, 20, 20, 30, 30]
    assert effects.summary["constraints"] == [
        {"class": "ball", "constraint": "Dmean<25Gy", "cases": 3, "met": 2, "missed": 1},
        {"class": "core", "constraint": "Dmean<25Gy", "cases": 3, "met": 2, "missed": 1},
        {"class": "core", "constraint": "Dmin>=25Gy", "cases": 3, "met": 1, "missed": 2},
    ]
    assert len(effects.constraints) == 9
    assert "min_gy" not in effects.values[0], "it is of a constraint, and was not asked for"
    assert len(effects.curves) == 6 * LEVELS


def test_what_is_written_reads_back(several, tmp_path):
    effects = dose_effects(*several, ["D95", "V20"], ["V20<50%"])

    def plot(folder):
        folder.mkdir()
        (folder / "dose.png").write_bytes(b"a figure")
        return [folder / "dose.png"]

    assert effects.write(tmp_path / "doses", plot=plot) == ["dose.png"]
    rows = read_typed(tmp_path / "doses" / "dose.csv", ("case", "class"), "")
    assert [row["d95_gy"] for row in rows] == [10, 10, 20, 20, 30, 30]
    verdicts = read_typed(tmp_path / "doses" / "constraints.csv", ("case", "verdict"), "")
    assert [row["verdict"] for row in verdicts[::2]] == ["met", "missed", "missed"]
    summary = json.loads((tmp_path / "doses" / "summary.json").read_text())
    assert summary["quantities"]["v20_cc"] == {"symbol": "V20", "unit": "cc"}
    require_one_scoring(tmp_path / "doses", ("*",))
    dose_effects(*several).write(tmp_path / "doses")
    assert not (tmp_path / "doses" / "constraints.csv").exists(), "it is of the earlier call"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"requests": ["D95Gy"]}, "'D95Gy': is no dose or volume"),
        ({"constraints": ["V20<35"]}, "bound and its unit"),
        ({"constraints": ["liver: V20<35%"]}, "no structure 'liver'; known: ball, core"),
    ],
)
def test_what_cannot_be_told_is_refused(how, words, several):
    with pytest.raises(DataError, match=words):
        dose_effects(*several, **how)


def test_one_sample_has_no_spread(balls, tmp_path):
    predictions = predict_boxes(tmp_path, balls, [(20, 120)])
    effects = dose_effects(predictions, write_plan(tmp_path / "RD"), ["Dmean"], ["Dmean<30Gy"])
    row = effects.values[0]
    assert row["case"] == CASE
    assert "mean_gy_lower" not in row
    assert effects.constraints[0]["verdict"] == "met"
    assert effects.values[1]["reason"] == "absent from every sample"
