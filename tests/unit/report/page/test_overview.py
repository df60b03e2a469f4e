"""The first part of the page."""

from tests.support.reviewed_run import reviewed_run
from tests.support.score_folders import scores
from tests.support.score_requests import request_of
from tfuq.data.writers import write_json
from tfuq.report.page.cases import read_cases
from tfuq.report.page.overview import compared, promised
from tfuq.report.page.sources import read_sources


def test_scores_differences_and_measures_are_tables(tmp_path):
    entropies = {"predictive_entropy": [0.1, 0.5, 0.3]}
    folders = [
        scores(tmp_path / "x", "vi", [0.5, 0.9, 0.7], samples=4, **entropies),
        scores(tmp_path / "y", "hybrid", [0.6, 0.7, 0.9], samples=4, **entropies),
    ]
    sources = read_sources(folders)
    shown = compared(sources, read_cases(sources))
    corners = [table.corner for table in shown["score_tables"]]
    assert corners == ["score", "difference", "measure"]
    assert shown["score_tables"][0].notes[0].startswith("↑ higher is better")
    assert shown["class_overview"] is None
    assert shown["unscored"] == []
    nothing = promised(sources)
    assert (nothing["promises"], nothing["rankings"]) == ([], [])
    assert nothing["promises_kept"] is None


def test_broken_promises_are_listed_first(tmp_path):
    folder = scores(tmp_path / "x", "vi", [0.5, 0.9, 0.7])
    seen = {
        "realized": 0.5,
        "promised": 0.9,
        "interval": None,
        "n": 3,
        "band": [0.7, 1.0],
        "outside": "below",
    }
    conformal = {f"kept {k}": {"volume": seen | {"broken": False}} for k in range(70)}
    conformal["lost"] = {"volume": seen | {"broken": True}}
    write_json(folder / "summary.json", {"method": "vi", "conformal": conformal})
    shown = promised(read_sources([folder]))
    assert shown["promises"][0].text.startswith("lost: ")
    assert (len(shown["promises"]), shown["promises_left_out"]) == (60, 11)
    assert shown["promises_kept"].startswith("70 of 71 promises were kept")


def test_predictions_alone_have_measures_alone(scored_tasks):
    sources = read_sources([request_of(path).folder for path in scored_tasks["segmentation"]])
    shown = compared(sources, read_cases(sources))
    (table,) = shown["score_tables"]
    assert table.corner == "measure"
    assert shown["unscored"] == sources
    assert shown["class_tables"] == []
    assert [line.split(" by ")[0] for line in shown["findings"]] == ["Least certain"]


def test_scored_and_unscored_methods_have_the_scores_that_there_are(scored_tasks):
    scored, other = scored_tasks["segmentation"]
    sources = read_sources([scored, request_of(other).folder])
    cases = read_cases(sources)
    assert (cases.quality, cases.worst) == (None, [])
    shown = compared(sources, cases)
    scores_table, measures = shown["score_tables"]
    assert scores_table.blocks[0].headings == ["hybrid, T = 4"]
    assert measures.blocks[0].headings == ["hybrid, T = 4", "deterministic, T = 1"]
    assert [source.name for source in shown["unscored"]] == ["deterministic"]


def test_a_review_is_ranked_with_what_it_expects(scored_tasks, tmp_path):
    folder = reviewed_run(scored_tasks["segmentation"][0], tmp_path)
    (source,) = read_sources([folder.parents[1] / "predictions" / folder.name])
    shown = promised([source])
    assert shown["promises"] == []
    (ranking,) = shown["rankings"]
    assert ranking.expected == "estimated dice"
    assert len(ranking.cases) == len(source.cases)
    assert ranking.left_out == 0
    assert "(at least " in ranking.cases[0].expected
    assert ranking.cases[0].decision in ("refer", "keep")
    assert ranking.summary["promise"]
