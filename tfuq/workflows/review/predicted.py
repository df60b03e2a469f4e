"""The cases of a predictions folder with their files, as the data set or the manifest has them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of, described_by
from tfuq.errors import DataError
from tfuq.runs import Run
from tfuq.runs.entries import CaseEntry
from tfuq.runs.results import Manifest


class PredictedCases:
    """The predicted cases by id.

    A case is that of the run's data set where its images are still those that were predicted. Only
    the data set knows the row of an image in a file of many, and landmarks and classes. Else it is
    made of what the manifest says.
    """

    def __init__(self, run: Run, manifest: Manifest) -> None:
        """List the data set, if it is there.

        Args:
            run: that was predicted with.
            manifest: of the predictions.
        """
        self._run = run
        self._manifest = manifest
        self._known = _known_cases(run)

    def case(self, case_id: str) -> Case:
        """The case of an id that the manifest has."""
        entry = self._manifest.cases[case_id]
        known = self._known.get(case_id)
        if known and list(map(os.path.realpath, known.images)) == entry.images:
            return replace(known, series=entry.series)
        return _case_of(case_id, entry, self._run)


def _known_cases(run: Run) -> dict[str, Case]:
    """The cases of the run's data set by id; none where it is gone."""
    try:
        return {case.id: case for case in cases_of(run.config.data)}
    except DataError:
        return {}


def _case_of(case_id: str, entry: CaseEntry, run: Run) -> Case:
    label = None
    if entry.label:
        label = Path(entry.label)
    case = Case(
        case_id,
        tuple(map(Path, entry.images)),
        label,
        raters={rater: Path(path) for rater, path in entry.raters.items()},
        series=entry.series,
    )
    return described_by(run.config.data, case)
