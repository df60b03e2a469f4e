"""The figures of a scored predictions folder, as PNG.

Colour maps are readable without colour vision. Bars have units.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tfuq import runs
from tfuq.config import TASKS, with_reference_meaning
from tfuq.report.diversity import diversity_figure
from tfuq.report.plotting import file_names, own_style
from tfuq.report.ranking import reliability, risk_coverage
from tfuq.report.saving import save_all
from tfuq.report.scored import NamedFigures, ScoredFolder
from tfuq.report.tasks import REPORTS
from tfuq.report.training import training_curves
from tfuq.runs import results
from tfuq.scoring.evaluation import Scores


@own_style()
def write_figures(folder: Path, reference: Path | None, scores: Scores, output: Path) -> list[Path]:
    """Plot everything for a predictions folder.

    Args:
        folder: The predictions folder.
        reference: The folder of references, where they are not the data set's own.
        scores: The scores of the predictions.
        output: The folder to write to.

    Returns:
        The figures that were written.

    Raises:
        RunError: A file of the run or of the predictions is missing or damaged.
        DataError: A reference is missing or does not fit.
    """
    run = runs.open_run(Path(results.read_manifest(folder).run))
    meaning = [scores.summary[name] for name in ("label_values", "structure_names")]
    run = replace(run, config=with_reference_meaning(run.config, *meaning))
    scored = ScoredFolder(path=folder, run=run, reference=reference, scores=scores)
    return save_all(_figures(scored), output)


def _figures(scored: ScoredFolder) -> NamedFigures:
    task = scored.run.config.task
    scores = scored.scores
    yield from REPORTS[task].figures(scored)
    levels = file_names(_levels(scores))
    for cohort in scores.cohorts:
        rows = scores.summary["failure_detection"].get(cohort.level)
        if rows and len(cohort.risk) > 1:  # a single item has no order
            yield f"risk-coverage-{levels[cohort.level]}", risk_coverage(cohort, rows)
    if "diversity" in scores.summary:
        pairs = scores.tables["diversity"]
        yield "diversity", diversity_figure(pairs, scores.tables["member_curve"])
    if "reliability" in scores.summary:
        yield "reliability", reliability(scores.summary["reliability"])
    curves = training_curves(scored.run.path, TASKS[task].quality)
    if curves:
        yield "training", curves


def _levels(scores: Scores) -> list[str]:
    """The levels at which failures are ranked, such as "case"."""
    return [cohort.level for cohort in scores.cohorts]
