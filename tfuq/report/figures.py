"""The figures of a scored predictions folder, as PNG. Colour maps are readable without colour vision; bars have units."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tfuq import results, runs
from tfuq.config import TASK_RULES, with_label_values
from tfuq.report.canvas import file_names, save
from tfuq.report.diversity import diversity_figure
from tfuq.report.ranking import reliability, risk_coverage
from tfuq.report.segmentation import segmentation_figures
from tfuq.report.tables import classification_figures, landmark_figures
from tfuq.report.training import training_curves
from tfuq.scoring.evaluation import Scores

_FIGURES = {"segmentation": segmentation_figures, "classification": classification_figures, "landmarks": landmark_figures}


def write_figures(folder: Path, reference: Path | None, scores: Scores, output: Path) -> list[Path]:
    """Draw everything for a predictions folder and say what was written."""
    run = runs.open_run(Path(results.read_manifest(folder).run))
    run = replace(run, config=with_label_values(run.config, scores.summary["label_values"]))
    task = run.config.task
    written = [save(figure, output / f"{name}.png") for name, figure in _FIGURES[task](folder, run, reference, scores)]
    levels = file_names(cohort.level for cohort in scores.cohorts)
    for cohort in scores.cohorts:
        if rows := scores.summary["failure_detection"].get(cohort.level):
            written.append(save(risk_coverage(cohort, rows), output / f"risk-coverage-{levels[cohort.level]}.png"))
    if "diversity" in scores.summary:
        figure = diversity_figure(scores.tables["diversity"], scores.tables["member_curve"])
        written.append(save(figure, output / "diversity.png"))
    if "reliability" in scores.summary:
        written.append(save(reliability(scores.summary["reliability"]), output / "reliability.png"))
    curves = training_curves(run.path, TASK_RULES[task].quality)
    return written + ([save(curves, output / "training.png")] if curves else [])
