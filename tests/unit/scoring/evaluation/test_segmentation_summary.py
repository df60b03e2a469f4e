"""The summary of a segmentation, of rows written by hand."""

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy import stats

from tests.conftest import settings
from tests.support.promised import calibration_with, manifest_of
from tfuq.data.events import SILENT
from tfuq.data.json_csv import read_table
from tfuq.scoring.calibration import Bins
from tfuq.scoring.evaluation import predictions_of
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
    gathered.empty.append("d")
    return gathered


def summary_of(gathered, calibration=None):
    request = ScoreRequest(
        folder=Path("predictions"),
        manifest=manifest_of(samples=4),
        config=settings(Path("data")),
        reference=None,
        failures=FailureOptions(),
        observer=SILENT,
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


def test_the_spread_of_volumes_and_how_often_it_held_the_reference(scored_tasks, balls):
    """Volumes recomputed from the label files."""
    folder = scored_tasks["segmentation"][0]
    summary = json.loads((folder / "summary.json").read_text())
    for k, name in enumerate(("ball", "core"), start=1):
        held, widths = [], []
        for case in sorted(path.parent for path in predictions_of(folder).glob("*/label.nii.gz")):
            image = nibabel.load(balls / "labelsTr" / f"{case.name}.nii.gz")
            voxel = abs(np.linalg.det(image.affine[:3, :3]))
            members = np.asarray(image.dataobj) == k
            rows = read_table(case / "structures.csv", (), "")
            row = next(r for r in rows if (r["class"], r["component"]) == (name, "all"))
            low, high = float(row["volume_lower_mm3"]), float(row["volume_upper_mm3"])
            held.append(low <= members.sum() * voxel <= high)
            widths.append(high - low)
        found = summary["volume_spread"][name]
        assert found["share"] == pytest.approx(np.mean(held))
        assert (found["lower"], found["upper"]) == pytest.approx(
            stats.binomtest(sum(held), len(held)).proportion_ci()
        )
        assert (found["n"], found["samples"]) == (6, 4)
        assert (found["width"], found["unit"]) == (pytest.approx(np.mean(widths), rel=1e-4), "mm³")
    alone = json.loads((scored_tasks["segmentation"][1] / "summary.json").read_text())
    assert alone["volume_spread"] == {}  # one sample has no spread
