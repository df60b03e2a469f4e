"""All figures of a predictions folder."""

from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from tests.support.scored import scored_folder
from tfuq.report import saving
from tfuq.report.figures import write_figures
from tfuq.report.tasks import REPORTS


@pytest.mark.slow
def test_a_run_without_a_history_has_no_curves_and_one_without_members_no_diversity(
    scored_tasks, tmp_path
):
    scored = scored_folder(scored_tasks["classification"][0])
    written = write_figures(scored.path, None, scored.scores, tmp_path)
    assert {path.stem for path in written} == {
        "extremes",
        "confusion",
        "rejection",
        "roc",
        "risk-coverage-case",
        "reliability",
    }
    assert {path.name for path in tmp_path.glob("*.png")} == {path.name for path in written}


@pytest.fixture
def saved(monkeypatch):
    """The figures that would be written, by path; a task's own are tested beside their plots."""
    kept = {}

    def keep(figure, path):
        kept[path] = figure
        return path

    monkeypatch.setattr(saving, "save", keep)
    for task in list(REPORTS):
        report = replace(REPORTS[task], figures=lambda scored: iter([("own", Figure())]))
        monkeypatch.setitem(REPORTS._entries, task, report)
    return kept


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_figures_of_the_task_and_of_every_level_of_failures_are_written(
    task, scored_tasks, saved, tmp_path
):
    scored = scored_folder(scored_tasks[task][0])
    written = write_figures(scored.path, None, scored.scores, tmp_path)
    assert written == list(saved)
    assert written[0].name == "own.png"
    names = {path.name for path in written}
    levels = [level for level, rows in scored.scores.summary["failure_detection"].items() if rows]
    assert levels
    expected = {f"risk-coverage-{level.replace(' ', '-')}.png" for level in levels}
    assert {name for name in names if name.startswith("risk-coverage")} == expected
    has_bins = "reliability" in scored.scores.summary
    assert ("reliability.png" in names) == has_bins
    assert "diversity.png" not in names
    assert "training.png" not in names  # the run has no history


def test_a_single_item_has_no_risk_by_coverage(scored_tasks, saved, tmp_path):
    scored = scored_folder(scored_tasks["segmentation"][0])
    cohorts = [replace(cohort, risk=cohort.risk[:1]) for cohort in scored.scores.cohorts]
    write_figures(scored.path, None, replace(scored.scores, cohorts=cohorts), tmp_path)
    assert saved
    assert not [path for path in saved if path.name.startswith("risk-coverage")]
