"""A case is found among those that were predicted."""

from pathlib import Path

import pytest

from tests.support.plotted import CASE, predicted_run
from tfuq.errors import DataError
from tfuq.report.shown_case import ShownCase
from tfuq.runs import results


def test_a_case_is_found_by_its_id(balls, tmp_path):
    run = predicted_run(balls, tmp_path / "run")
    folder = run.predictions("vi")
    manifest = results.read_manifest(folder)
    case = ShownCase(id=CASE, folders={"vi": folder}).found(folder, manifest, run.config)
    assert case.id == CASE
    assert Path(case.label).name == f"{CASE}.nii.gz"
    with pytest.raises(DataError, match=f"no such case.*{CASE}"):
        ShownCase(id="ball_4", folders={}).found(folder, manifest, run.config)
