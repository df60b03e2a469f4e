"""All figures of a predictions folder."""

from tests.support.scored import scored_folder
from tfuq.report.figures import write_figures


def test_a_run_without_a_history_has_no_curves_and_one_without_members_no_diversity(
    scored_tasks, tmp_path
):
    scored = scored_folder(scored_tasks["classification"][0])
    written = write_figures(scored.path, None, scored.scores, tmp_path)
    assert {path.stem for path in written} == {
        "extremes",
        "confusion",
        "rejection",
        "risk-coverage-case",
        "reliability",
    }
    assert {path.name for path in tmp_path.glob("*.png")} == {path.name for path in written}
