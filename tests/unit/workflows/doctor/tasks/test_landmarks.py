"""Landmarks: the doctor looks at the variance of positions and at the maxima of heatmaps."""

import pytest

from tests.support.made import make_run
from tfuq.data.writers import write_csv
from tfuq.runs.results import Manifest
from tfuq.workflows.doctor.tasks.landmarks import CHECKS


@pytest.mark.parametrize(
    ("variances", "activations", "checks"),
    [
        ((1.0, 2.0), (0.5, 0.6), []),
        ((1.0, 2.0), (0.5, 0.5), ["constant maps"]),
        ((0.0, 1e-9), (0.5, 0.6), ["samples"]),
        ((0.0, 0.0), (0.5, 0.5), ["samples", "constant maps", "constant maps"]),
    ],
)
def test_tables_are_looked_at(heads, tmp_path, variances, activations, checks):
    run = make_run(tmp_path / "run", "landmarks", heads)
    rows = [
        {"case": "a", "landmark": "sella", "variance": variance, "max_activation": activation}
        for variance, activation in zip(variances, activations, strict=True)
    ]
    write_csv(tmp_path / "landmarks.csv", rows)
    manifest = Manifest(
        run="r", method="vi", samples=4, seed=0, weights_digest=[], tfuq_version="1"
    )
    findings = CHECKS["landmarks"].predictions(run, tmp_path, manifest)
    assert [finding.check for finding in findings] == checks
