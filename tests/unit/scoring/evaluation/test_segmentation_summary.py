"""The summary of a segmentation, of rows written by hand."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import settings
from tests.support.promised import calibration_with, manifest_of
from tfuq.data.cases import Case
from tfuq.scoring.calibration import Bins
from tfuq.scoring.evaluation.failures import FailureOptions
from tfuq.scoring.evaluation.gathered import Gathered
from tfuq.scoring.evaluation.scores import ScoreRequest
from tfuq.scoring.evaluation.segmentation_summary import segmentation_summary


@pytest.fixture
def gathered():
    """A case of four voxels and one of forty."""
    gathered = Gathered(averaged=1)
    for case, dice in (("c", 0.5), ("d", 0.9)):
        head = {"case": case, "class": "a"}
        gathered.cases += [{**head, "dice": dice}, {"case": case, "class": "all", "dice": dice}]
        row = {**head, "component": "all", "dice": dice, "mean_entropy": dice / 10}
        row |= {"volume_lower_mm3": 1.0, "volume_upper_mm3": 3.0, "volume_reference_mm3": dice * 4}
        gathered.structures += [row, row | {"component": "1", "mean_entropy": 99.0}]
    gathered.bins += [
        Bins(np.array([0, 4]), np.array([0.0, 3.6]), np.array([0, 2])),
        Bins(np.array([0, 40]), np.array([0.0, 36.0]), np.array([0, 36])),
    ]
    gathered.empty.append(Case("d", (Path("d.nii.gz"),)))
    return gathered


def summary_of(gathered, calibration=None):
    request = ScoreRequest(
        folder=Path("predictions"),
        manifest=manifest_of(samples=4),
        config=settings(Path("data")),
        reference=None,
        failures=FailureOptions(),
        on_case=lambda _: None,
    )
    return segmentation_summary(request, gathered, calibration)


def test_every_case_counts_alike_however_many_voxels_it_has(gathered):
    summary = summary_of(gathered)
    assert summary["ece_pooled"] == pytest.approx((0.9 + 0.9) / 2 - (0.5 + 0.9) / 2)
    assert summary["reliability"][1]["accuracy"] == pytest.approx(0.7)


def test_measures_are_of_structures_as_a_whole(gathered):
    summary = summary_of(gathered)
    assert list(summary["scores"]) == ["a", "all"]
    assert summary["scores"]["a"]["dice"]["mean"] == pytest.approx(0.7)
    assert summary["structure_measures"]["a"]["mean_entropy"] == pytest.approx(0.07)
    assert summary["volume_spread"]["a"]["share"] == 0.5  # 2.0 lies in 1 to 3, 3.6 does not
    assert summary["references"] == {"of_two_raters": 1, "without_structure": ["d"]}
    assert "raters" not in summary
    assert "calibration" not in summary


def test_a_calibrated_summary_has_the_scores_before_scaling(gathered):
    gathered.before += [{"nll": 1.0, "ece": 0.1}, {"nll": 3.0}]
    summary = summary_of(gathered, calibration_with(alpha=0.1))
    assert summary["before_calibration"] == {"nll": 2.0, "ece": 0.1}
    assert summary["calibration"]["alpha"] == 0.1
    assert summary["conformal"] == {}
