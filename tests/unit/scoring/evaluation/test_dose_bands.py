"""The band of each structure of a case."""

import numpy as np
import pytest

from tests.support.dose_phantoms import CASE, SHAPE, box, dose_at, predict_boxes
from tests.support.score_requests import request_of
from tfuq.data.readers import read
from tfuq.data.writers import write_nifti
from tfuq.errors import DataError, RunError
from tfuq.runs.results import read_manifest
from tfuq.scoring.dose_quantities import parse_requests
from tfuq.scoring.evaluation.dose_bands import CaseDose, cc_of, dose_config


def case_dose(predictions, dose_file, *requests):
    manifest = read_manifest(predictions)
    return CaseDose(
        case=CASE,
        folder=predictions / CASE,
        config=dose_config(predictions, manifest),
        dose_file=dose_file,
        others=[],
        quantities=parse_requests(requests),
    )


def test_part_of_a_structure_beyond_the_dose_is_told_and_counts_as_none(balls, tmp_path):
    predictions = predict_boxes(tmp_path, balls, [(20, 120), (20, 220)])
    label = read(predictions / CASE / "label.nii.gz")
    places = np.stack(np.indices(SHAPE), -1) @ label.affine[:3, :3].T + label.affine[:3, 3]
    half = dose_at(places).astype(np.float32)[:170]
    write_nifti(tmp_path / "half.nii.gz", label.with_array(half))
    dose = case_dose(predictions, tmp_path / "half.nii.gz", "Dmin", "V12")
    (head, band), (other_head, other) = dose.bands()
    assert head == {"case": CASE, "class": "ball", "beyond_dose_percent": pytest.approx(25.0)}
    assert band.values["min_gy"].tolist() == [pytest.approx(half[20].min(), rel=1e-5), 0]
    v12 = [100 * np.mean(half[20:120] >= 12), 75 * np.mean(half[20:170] >= 12)]
    np.testing.assert_allclose(band.values["v12_percent"], v12, rtol=1e-3)
    expected = np.count_nonzero(half[20:120, 8:40, 2:8] >= 12) * 0.5 / 1000
    assert band.values["v12_cc"][0] == pytest.approx(expected, rel=1e-3)
    assert band.most["v12_percent"][1] == pytest.approx(v12[1] + 25, rel=1e-3)
    assert (other_head["beyond_dose_percent"], other.absent) == (None, 2)
    assert box(20, 120).sum() == 100 * 32 * 6
    assert cc_of(label) == pytest.approx(0.0005)


def test_samples_are_needed(balls, tmp_path):
    predictions = predict_boxes(tmp_path, balls, [(20, 120)])
    (predictions / CASE / "samples.npz").unlink()
    with pytest.raises(RunError, match=r"samples were not kept.*--save-samples"):
        list(case_dose(predictions, tmp_path / "none.nii.gz").bands())


def test_predictions_without_structures_are_refused(scored_tasks):
    request = request_of(scored_tasks["classification"][0])
    with pytest.raises(DataError, match="predictions of classification; it serves segmentation"):
        dose_config(request.folder, request.manifest)
