"""The dose that predicted structures receive, and doses that are none."""

import numpy as np
import pytest

from tests.support.score_requests import request_of
from tfuq.data.readers import read
from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti
from tfuq.errors import DataError
from tfuq.scoring.evaluation import predictions_of
from tfuq.scoring.evaluation.doses import DoseTables, score_dose


def row(case, name, low, high, reference):
    return {
        "case": case,
        "class": name,
        "samples": 4,
        "mean_gy_lower": low,
        "mean_gy_upper": high,
        "mean_gy_reference": reference,
    }


def test_the_spread_counts_the_cases_that_have_both():
    rows = [
        row("a", "liver", 1.0, 2.0, 2.0),
        row("b", "liver", 1.0, 2.0, 2.5),
        row("c", "liver", None, None, 2.5),
        row("a", "lung", 1.0, 2.0, None),
    ]
    found = DoseTables(values=rows, curves=[]).spread_coverage()
    assert list(found) == ["liver"]
    assert list(found["liver"]) == ["mean_gy"]
    assert (found["liver"]["mean_gy"]["share"], found["liver"]["mean_gy"]["n"]) == (0.5, 2)
    assert found["liver"]["mean_gy"]["samples"] == 4


def test_a_dose_that_is_the_same_everywhere(scored_tasks, tmp_path):
    request = request_of(scored_tasks["segmentation"][0])
    for case in request.manifest.cases:
        label = read(request.folder / case / "label.nii.gz")
        dose = np.full(label.shape, 30.0, np.float32)
        write_nifti(tmp_path / f"{case}.nii.gz", label.with_array(dose))
    tables = score_dose(request.folder, None, tmp_path)
    assert len(tables.values) == 12
    for found in tables.values:
        assert found["mean_gy"] == found["d95_gy"] == found["mean_gy_reference"] == 30.0
        assert found["beyond_dose_percent"] == 0
    shares = {point["dose_gy"]: point["volume_percent"] for point in tables.curves}
    assert shares[0.0] == 100.0


def no_dose(folder):
    return folder / "none"


def one_file(folder):
    write_nifti(folder / "one.nii.gz", Volume(np.ones((4, 4, 4), np.float32), np.eye(4)))
    return folder / "one.nii.gz"


def empty_folder(folder):
    return folder


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (no_dose, "no such file or folder"),
        (one_file, "is one file for 6 cases"),
        (empty_folder, "has no file for case 'ball_000'"),
    ],
)
def test_a_case_without_a_dose_is_refused(make, words, scored_tasks, tmp_path):
    predictions = predictions_of(scored_tasks["segmentation"][0])
    with pytest.raises(DataError, match=words):
        score_dose(predictions, None, make(tmp_path))


def test_a_dose_of_another_task_is_refused(scored_tasks, tmp_path):
    with pytest.raises(DataError, match="it serves segmentation"):
        score_dose(predictions_of(scored_tasks["landmarks"][0]), None, tmp_path)
