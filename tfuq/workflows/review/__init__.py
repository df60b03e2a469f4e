"""Review: which predicted cases a human should look at, without references."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tfuq import runs
from tfuq.calibration.observed import Observed, case_uncertainty
from tfuq.calibration.quality_kinds import Aggregation
from tfuq.calibration.records import (
    Calibration,
    calibration_path,
    draw_options,
    has_calibration,
    load_calibration,
)
from tfuq.calibration.review import ReviewRules, chosen_measure
from tfuq.data.appearance import TrainingAppearance, appearance_of
from tfuq.data.cases import read_case_image
from tfuq.data.events import SILENT, CaseReviewed, Observer
from tfuq.data.json_csv import read_table
from tfuq.data.locks import exclusive
from tfuq.data.ownership import require_replaceable
from tfuq.data.writers import write_json
from tfuq.errors import DataError, RunError
from tfuq.runs import Run, results
from tfuq.runs.missing import warn_of_missing, warn_of_missing_members
from tfuq.runs.results import Manifest
from tfuq.scoring.review_lines import promise_text
from tfuq.scoring.rows import Row
from tfuq.workflows.review.listing import CaseList
from tfuq.workflows.review.predicted import PredictedCases
from tfuq.workflows.review.reasons import KEEP, LIKENESS_UNKNOWN, REFER
from tfuq.workflows.review.rows import review_rows
from tfuq.workflows.review.tasks import REVIEWED, Reviewed

TABLE = "review.csv"
SUMMARY = "review.json"
_VERSION = 1  # raised where the same predictions come to mean other rows
_NONE = "nothing is promised"
_COORDINATES = (
    "place_x_mm_ras, place_y_mm_ras and place_z_mm_ras are scanner coordinates in mm, RAS: larger "
    "to the right, the front and the top; place_i, place_j and place_k are a voxel's index from 0"
)


@dataclass(frozen=True, kw_only=True)
class Review:
    """A finished review.

    Attributes:
        folder: where it was written.
        summary: what ``review.json`` says.
    """

    folder: Path
    summary: dict[str, Any]

    @property
    def is_clear(self) -> bool:
        """Whether the rule has decided, no case is referred, and none is missing."""
        is_whole = not self.summary["missing_cases"]
        return self.summary["decided"] and not self.summary["referred"] and is_whole

    def referred(self) -> dict[str, list[Row]]:
        """The rows of the referred cases by case, the least certain first.

        Raises:
            RunError: nothing is promised, so no case is referred; or the table cannot be read.
        """
        if not self.summary["decided"]:
            raise RunError(
                f"{self.folder}: no case is referred, as {self.summary['why_no_promise']}; "
                "or rank the cases by tfuq query, which needs no calibration"
            )
        rows: dict[str, list[Row]] = {}
        for row in read_table(self.folder / TABLE, ("case", "decision"), "review again"):
            if row["decision"] == REFER:
                rows.setdefault(row["case"], []).append(dict(row))
        return rows


def default_folder(predictions: Path) -> Path:
    """Where the review of a predictions folder goes.

    That is ``reviews/<method>`` beside the ``predictions`` folder, or ``review`` within a folder
    that lies elsewhere.
    """
    if predictions.parent.name == "predictions":
        return predictions.parent.parent / "reviews" / predictions.name
    return predictions / "review"


def review(predictions: Path, folder: Path, *, observer: Observer = SILENT) -> Review:
    """Review the cases of a predictions folder; cases that are finished there are kept.

    Calibration cases are left out, for which a calibration promises nothing. Where the prediction
    has not ended, it warns, and the summary names the cases that are missing.

    Args:
        predictions: the folder, of predictions that were not calibrated.
        folder: where to write.
        observer: is notified of each `CaseReviewed`.

    Raises:
        RunError: the predictions are calibrated, hold no case, or cannot be read; or something that
            is not tfuq's own lies in the place of the review.
    """
    manifest = results.read_manifest(predictions)
    warn_of_missing(predictions, manifest)
    warn_of_missing_members(predictions, manifest)
    run = runs.open_run(Path(manifest.run))
    if manifest.calibration is not None:
        raise RunError(
            f"{predictions}: was predicted with --calibrated, and a review takes measures of "
            f"samples as they are; give the run, or predictions without --calibrated"
        )
    if not manifest.cases:
        raise RunError(f"{predictions}: holds no case; run tfuq predict")
    calibration, problem = calibration_for(run, manifest)
    reviewer = _Reviewer(run, predictions, manifest, calibration)
    cases = [case for case in sorted(manifest.cases) if not reviewer.is_left_out(case)]
    if not cases:
        raise RunError(f"{predictions}: holds no case but calibration cases; predict others")
    for name in (TABLE, SUMMARY):
        require_replaceable(folder / name)
    with exclusive(folder, "reviewing into"), CaseList(folder, reviewer.head()) as listed:
        for case in cases:
            key = reviewer.key(case)
            if not listed.holds(case, key):
                observed = reviewer.observed(case)
                listed.add(case, key, reviewer.uncertainty(observed), reviewer.rows(observed))
            observer.notify(CaseReviewed(case=case))
        listed.write_table(folder / TABLE, set(cases))
        summary = reviewer.summary(listed, cases, problem)
        write_json(folder / SUMMARY, summary)
    return Review(folder=folder, summary=summary)


def calibration_for(run: Run, manifest: Manifest) -> tuple[Calibration | None, str | None]:
    """The run's calibration of the samples of predictions.

    Args:
        run: that was predicted with.
        manifest: of the predictions.

    Returns:
        It, and why nothing is promised; None of what there is not.

    Raises:
        RunError: the calibration is damaged.
    """
    path = calibration_path(run, manifest.method)
    command = f"tfuq calibrate {run.path} {draw_options(run, manifest)}"
    if not has_calibration(path):
        return None, f"{_NONE}: {run.path} is not calibrated for {manifest.method}; run {command}"
    calibration = load_calibration(path)
    calibration.require_fit(run.config, path)
    quality = REVIEWED[run.config.task].quality.name
    if calibration.review and calibration.review.quality != quality:
        raise RunError(
            f"{path}: its review is of {calibration.review.quality}, and this task's of {quality}; "
            f"run {command} --overwrite"
        )
    if not calibration.draws.same_draws(manifest):
        made = calibration.draws.described_against(manifest)
        return None, f"{_NONE}: {path} was made of {made}; run {command} --overwrite"
    if calibration.review is None:
        remedy = f"run {command} --overwrite, with --quality"
        return None, f"{_NONE}: {path} has no rule of referral; {remedy}"
    if calibration.review.referral.outcome == "too few cases":
        return calibration, f"{_NONE}: {promise_text(calibration.review)}"
    return calibration, None


class _Reviewer:
    """Makes the rows of cases."""

    def __init__(
        self,
        run: Run,
        predictions: Path,
        manifest: Manifest,
        calibration: Calibration | None,
    ) -> None:
        self._run = run
        self._predictions = predictions
        self._manifest = manifest
        self._calibration = calibration
        self._cases = PredictedCases(run, manifest)
        self._source: Reviewed = REVIEWED[run.config.task](predictions, run.config, manifest)
        self._appearance: TrainingAppearance | None = run.appearance
        self._rules: ReviewRules | None = None
        if calibration:
            self._rules = calibration.review
        self._measure = self._chosen_measure()

    def _chosen_measure(self) -> str:
        if self._rules:
            return self._rules.measure
        first = min(self._manifest.cases)
        observed = Observed(case=first, parts=self._source.parts(first))
        return chosen_measure(None, self._source.quality, [observed])

    def is_left_out(self, case: str) -> bool:
        """Whether a case was calibrated on."""
        return self._calibration is not None and self._calibration.holds(self._cases.case(case))

    def head(self) -> dict[str, Any]:
        """What the review is of."""
        manifest = asdict(replace(self._manifest, cases={}, files=None))
        for name in ("asked", "failed"):  # such a case changes no other's rows
            del manifest[name]
        digest = None
        if self._calibration:
            digest = self._calibration.digest
        return {
            "version": _VERSION,
            "predictions": manifest,
            "calibration": digest,
            "appearance": self._appearance is not None,
        }

    def key(self, case: str) -> str:
        """Tells the prediction of a case."""
        return self._source.decision_key(case)

    def observed(self, case: str) -> Observed:
        """A case with its measures, and in what it is unlike the training data."""
        return Observed(
            case=case,
            parts=self._source.parts(case),
            unlike=tuple(self._differences(case)),
        )

    def _differences(self, case: str) -> list[str]:
        if self._appearance is None:
            return []
        try:
            image = read_case_image(self._cases.case(case))
        except DataError:
            return [LIKENESS_UNKNOWN]
        return self._appearance.differences(appearance_of(self._run.config, image))

    def uncertainty(self, case: Observed) -> float:
        """What cases are ordered by."""
        aggregation: Aggregation = "mean"
        if self._rules:
            aggregation = self._rules.aggregation
        return case_uncertainty(case, self._measure, aggregation)

    def rows(self, case: Observed) -> list[dict[str, Any]]:
        """The rows of a case."""
        return review_rows(
            case,
            self._source.quality,
            self._measure,
            self._source.places(case.case, case.parts),
            rules=self._rules,
            unit=self._source.unit,
        )

    def summary(self, listed: CaseList, cases: list[str], problem: str | None) -> dict[str, Any]:
        """What ``review.json`` says."""
        decisions: dict[str, str | None] = {}
        unlike = set()
        for row in listed.rows(set(cases)):
            decisions[row["case"]] = row["decision"]
            if row["unlike_training"]:
                unlike.add(row["case"])
        values = list(decisions.values())
        promise = None
        referral = None
        if self._rules and not problem:
            promise = promise_text(self._rules)
            referral = asdict(self._rules.referral)
        left_out = [case for case in self._manifest.cases if self.is_left_out(case)]
        return {
            "predictions": str(self._predictions),
            "run": str(self._run.path),
            "method": self._manifest.method,
            "samples": self._manifest.samples,
            "cases": len(cases),
            "decided": problem is None,
            "referred": values.count(REFER),
            "kept": values.count(KEEP),
            "promise": promise,
            "why_no_promise": problem,
            "referral": referral,
            "ordered_by": self._measure,
            "calibration_cases_left_out": len(left_out),
            "missing_members": self._manifest.missing_members,
            "missing_cases": self._manifest.missing,
            "reasons_of_missing": self._manifest.failed,
            "unlike_training": len(unlike),
            "training_data_known": self._appearance is not None,
            "coordinates": _COORDINATES,
        }
