"""A copy of a run of the tests with a calibration and a review of its predictions."""

import json
import shutil

import numpy as np

from tfuq.calibration.observed import Observed, Part
from tfuq.calibration.quality_kinds import DICE
from tfuq.calibration.records import Calibration, Conformal, calibration_path
from tfuq.calibration.review import ReviewChoices, fit_review
from tfuq.data.writers import write_json
from tfuq.runs import open_run
from tfuq.runs.results import read_manifest
from tfuq.workflows.review import review


def reviewed_run(scores, folder, limit="dice:0.6", alpha=0.3):
    """Copy the run of a score folder, calibrate it on cases that are made up, and review it.

    Args:
        scores: a score folder of a segmentation.
        folder: where to copy to.
        limit: what a bad case is.
        alpha: of the rule and the bounds.

    Returns:
        The copied score folder.
    """
    copy = shutil.copytree(scores.parents[1], folder / "run")
    predictions = copy / "predictions" / scores.name
    path = predictions / "manifest.json"
    write_json(path, json.loads(path.read_text()) | {"run": str(copy)})
    manifest = read_manifest(predictions)
    run = open_run(copy)
    rules = fit_review(
        _observed(run.config.data.classes[1:]),
        DICE,
        ReviewChoices(quality=limit, delta=0.2),
        alpha=alpha,
    )
    manifest.cases = {}
    manifest.files = None
    Calibration(
        draws=manifest,
        source="made up",
        cases={},
        scaling=None,
        conformal=Conformal(
            alpha=alpha,
            bounds={name: {"lower": 0.5, "upper": 0.5} for name in run.config.data.classes[1:]},
            volumes=dict.fromkeys(run.config.data.classes[1:], 0.1),
        ),
        review=rules,
    ).write(calibration_path(run, manifest.method))
    review(predictions, copy / "reviews" / scores.name)
    return copy / "scores" / scores.name


def _observed(names):
    """Cases whose Dice is near the agreement of their samples."""
    rng = np.random.default_rng(0)
    cases = []
    for number in range(60):
        parts = []
        for name in names:
            agreement = rng.uniform(0.4, 1)
            quality = float(np.clip(agreement + rng.normal(0, 0.05), 0, 1))
            measures = {"pairwise_dice": agreement, "mean_entropy": 1.2 - agreement}
            parts.append(Part(name=name, measures=measures, quality=quality))
        cases.append(Observed(case=f"made-up-{number}", parts=parts))
    return cases
