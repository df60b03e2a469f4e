"""Scores of segmentations: each case against its reference, and measures against quality."""

from __future__ import annotations

from collections.abc import Sequence

from tfuq.config import Config
from tfuq.data.cases import Case, proposed_values, value_text, written_values
from tfuq.errors import DataError
from tfuq.measures.catalogue import maps_of
from tfuq.measures.catalogue.aggregations import LEARNED
from tfuq.scoring.evaluation.case_scores import CaseScoring
from tfuq.scoring.evaluation.case_slices import gather
from tfuq.scoring.evaluation.cohorts import segmentation_cohorts
from tfuq.scoring.evaluation.gathered import Gathered
from tfuq.scoring.evaluation.learned import learned_rules, with_learned
from tfuq.scoring.evaluation.lesion_summary import curves
from tfuq.scoring.evaluation.member_scores import enter_members, means_of_members
from tfuq.scoring.evaluation.promises import checked_calibration
from tfuq.scoring.evaluation.references import cases_with_references
from tfuq.scoring.evaluation.scores import SCORERS, ScoreRequest, Scores
from tfuq.scoring.evaluation.segmentation_summary import segmentation_summary

_MOST_NAMED = 5  # values that a message names


@SCORERS.register("segmentation")
def score_segmentation(request: ScoreRequest) -> Scores:
    """Score label maps and probabilities against the data set's labels, or those of a folder.

    Raises:
        PartDoneError: the cases that are this call's are scored, and others are not its own.
        RunError: a damaged table, or no regression that is asked for.
        DataError: a reference or a map is missing or does not fit.
        ConfigError: a tolerance of a structure that the run has not.
    """
    manifest = request.manifest
    config = request.config
    request.options.require_structures(config.data.structures)
    calibration = checked_calibration(manifest)
    scoring = CaseScoring(
        folder=request.folder.absolute(),
        config=config,
        maps=maps_of(manifest.samples),
        is_calibrated=calibration is not None,
        options=request.options,
    )
    cases = list(cases_with_references(manifest, config, request.reference))
    rules = None
    if LEARNED in request.options.aggregate:
        rules = learned_rules(manifest, cases)
    gathered = gather(scoring, cases, request.executor, request.observer)
    if rules:
        gathered.structures = with_learned(gathered.structures, rules)
    _refuse_background(gathered, cases, config)
    cohorts = segmentation_cohorts(
        gathered.cases,
        gathered.structures,
        gathered.components,
        request.failures,
    )
    tables = {
        "structures": gathered.structures,
        "components": gathered.components,
        "lesions": gathered.lesions,
        "detection": gathered.detection,
    }
    if gathered.raters:
        tables["raters"] = gathered.raters
    summary = segmentation_summary(request, gathered, calibration)
    tables["froc"] = curves(gathered.candidates, summary["detection"])
    gathered.diversity.enter(summary, tables, len(cases))
    rows_of_members = means_of_members(gathered.members, gathered.cases)
    enter_members(rows_of_members, manifest, summary, tables)
    return Scores(cases=gathered.cases, summary=summary, tables=tables, cohorts=cohorts)


def _refuse_background(gathered: Gathered, cases: Sequence[Case], config: Config) -> None:
    """Refuse references none of which has a structure, though files have values other than 0.

    Their values mean something else than ``data.label_values`` says.

    Raises:
        DataError: they are so.
    """
    if len(gathered.empty) < len(cases):
        return
    for case in cases:
        values = written_values(case)
        if any(values):
            path = case.label or next(iter(case.raters.values()))
            named = ", ".join([value_text(value) for value in values if value][:_MOST_NAMED])
            whole = [int(value) for value in values]
            proposed = proposed_values(whole, {0: 0}, len(config.data.classes))
            raise DataError(
                f"{path}: its values {named} all stand for background by data.label_values, "
                f"and no reference of the {len(cases)} case(s) has a structure; "
                f"say what they stand for, as in --label-values '{proposed}'"
            )
