"""Classification: the doctor looks at entropies, and at the deviation of the samples."""

import pytest

from tests.support.made import make_run
from tfuq.data.writers import write_csv
from tfuq.runs.results import Manifest
from tfuq.workflows.doctor.tasks.classification import CHECKS

ROW = {"predictive_entropy": 0.5, "mutual_information": 0.1, "standard_deviation": 0.2}


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ({"predictive_entropy": 0.6, "mutual_information": 0.2, "standard_deviation": 0.2}, []),
        ({"predictive_entropy": 0.6, "mutual_information": 0.1}, ["mutual_information"]),
    ],
)
def test_a_measure_that_never_varies_is_found(digits, tmp_path, second, found):
    run = make_run(tmp_path / "run", "classification", digits)
    rows = [{"case": "a", **ROW}, {"case": "b", **ROW, **second}]
    write_csv(tmp_path / "predictions.csv", rows)
    manifest = Manifest(
        run="r", method="vi", samples=4, seed=0, weights_digest=[], tfuq_version="1"
    )
    findings = list(CHECKS["classification"].predictions(run, tmp_path, manifest))
    assert len(findings) == len(found)
    assert all(name in finding.problem for name, finding in zip(found, findings, strict=True))
