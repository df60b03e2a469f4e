"""Calibrations that nothing was calibrated for."""

from tfuq.calibration.records import Calibration, Conformal
from tfuq.runs.results import Manifest


def manifest_of(run="run", **changes):
    facts = {"method": "vi", "samples": 3, "seed": 5, "weights_digest": [], "tfuq_version": "0"}
    return Manifest(run=str(run), **(facts | changes))


def calibration_with(cases=9, scaling=None, **conformal):
    """A calibration of so many cases with conformal thresholds."""
    return Calibration(
        draws=manifest_of(),
        source="calibration",
        cases={f"c{number}": [f"c{number}.nii.gz"] for number in range(cases)},
        scaling=scaling,
        conformal=Conformal(**conformal),
    )
