"""Predictions without scores as a source of a report: what is known of them without references."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of
from tfuq.data.paths import real_path
from tfuq.errors import DataError
from tfuq.report.page.predicted_rows import PredictedRows
from tfuq.report.page.source import Rows, Source
from tfuq.report.tasks import REPORTS
from tfuq.runs.results import Manifest
from tfuq.scoring.evaluation.references import predicted_cases


@dataclass(frozen=True, kw_only=True)
class Predicted(Source):
    """One predictions folder."""

    has_scores = False

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What the manifest notes, by the names of ``summary.json``."""
        manifest = self.present_manifest
        return {
            "method": manifest.method,
            "samples": manifest.samples,
            "seed": manifest.seed,
            "weights_digest": manifest.weights_digest,
            "missing_members": manifest.missing_members,
            "cases": len(manifest.cases),
            "missing_cases": manifest.missing,
            "reference": None,
            "label_values": None,
            "structure_names": None,
            "files": None,
        }

    @cached_property
    def cases(self) -> Rows:
        """A row for each case, with its measures of uncertainty.

        Raises:
            DataError: Nothing was predicted.
            RunError: A table is damaged.
        """
        manifest = self.present_manifest
        if not manifest.cases:
            raise DataError(f"{self.folder}: its predictions hold no case; run tfuq predict")
        return self._rows.cases

    @property
    def parts(self) -> Rows:
        """None: nothing is scored."""
        return []

    @cached_property
    def structures(self) -> Rows:
        """The rows of structures as wholes.

        Raises:
            RunError: A table is missing or damaged.
        """
        return self._rows.structures

    @cached_property
    def _rows(self) -> PredictedRows:
        config = self.present_run.config
        return REPORTS[config.task].rows(self.folder, config, self.present_manifest)

    @property
    def tables(self) -> dict[str, list[dict[str, str]]]:
        """None: the measures are those of the cases."""
        return {}

    @property
    def figures(self) -> list[Path]:
        """None: figures are of scores."""
        return []

    @property
    def predictions(self) -> Path:
        """The folder itself."""
        return self.folder

    @property
    def reference(self) -> Path | None:
        """None: nothing is compared with a reference."""
        return None

    @property
    def task(self) -> str:
        """The task of the run.

        Raises:
            RunError: It is gone.
        """
        return self.present_run.config.task

    def volumes(self, manifest: Manifest) -> Iterator[Case]:
        """The cases of a segmentation that a manifest lists, with the references that there are."""
        return predicted_cases(manifest, self.present_run.config)

    def images(self) -> dict[str, Case]:
        """The cases of another task by id, as the data set has them or as they were predicted."""
        manifest = self.present_manifest
        config = self.present_run.config
        known = {}
        with suppress(DataError):  # the data set may be gone, and the manifest names the files
            known = {case.id: case for case in cases_of(config.data)}
        cases = {}
        for case in predicted_cases(manifest, config):
            cases[case.id] = case
            listed = known.get(case.id)
            if listed and list(map(real_path, listed.images)) == list(case.images):
                cases[case.id] = listed
        return cases
