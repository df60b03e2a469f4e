"""What to score of predictions that were made without a network."""

from dataclasses import replace
from pathlib import Path

from tfuq.data.events import SILENT
from tfuq.measures.catalogue import maps_of
from tfuq.runs import open_run
from tfuq.runs.results import read_manifest
from tfuq.scoring.evaluation import ScoreOptions, predictions_of
from tfuq.scoring.evaluation.case_scores import CaseScoring
from tfuq.scoring.evaluation.failures import FailureOptions
from tfuq.scoring.evaluation.scores import ScoreRequest


def request_of(scores, **changes):
    """The request that a score folder of ``scored_tasks`` answers."""
    folder = predictions_of(scores)
    manifest = read_manifest(folder)
    request = ScoreRequest(
        folder=folder,
        manifest=manifest,
        config=open_run(Path(manifest.run)).config,
        reference=None,
        failures=FailureOptions(),
        observer=SILENT,
    )
    return replace(request, **changes)


def scoring_of(request, **changes):
    """How the cases of a request are scored."""
    values = {
        "folder": request.folder,
        "config": request.config,
        "maps": maps_of(request.manifest.samples),
        "is_calibrated": False,
        "options": ScoreOptions(),
    }
    return CaseScoring(**(values | changes))
