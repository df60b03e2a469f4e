"""Scored predictions as figures are plotted from them."""

from dataclasses import replace
from pathlib import Path

from tests.support.score_requests import request_of
from tfuq.report.scored import ScoredFolder
from tfuq.runs import open_run
from tfuq.scoring.evaluation import score_folder


def scored_folder(scores, **changes):
    """The predictions that a folder of ``scored_tasks`` is the scores of."""
    request = request_of(scores)
    found = score_folder(request.folder, None)
    return replace(
        ScoredFolder(
            path=request.folder,
            run=open_run(Path(request.manifest.run)),
            reference=None,
            scores=found,
        ),
        **changes,
    )
