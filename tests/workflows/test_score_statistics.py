"""What ``tfuq score`` and ``tfuq report`` say of samples: their number, and how often their spread held the truth."""

import re

import pytest

from tests.support.made import make_run, make_scores
from tfuq.report.page.render import write_page
from tfuq.scoring.evaluation import predictions_of


@pytest.mark.parametrize("task", ["segmentation", "landmarks", "classification"])
@pytest.mark.slow
def test_score_prints_what_was_drawn_and_what_it_held(task, scored_tasks, tfuq, tmp_path, request):
    root = request.getfixturevalue(
        {"segmentation": "balls", "landmarks": "heads", "classification": "digits"}[task]
    )
    scores = make_scores(make_run(tmp_path / "run", task, root), "hybrid", samples=6)
    result = tfuq("score", predictions_of(scores), "--no-figures")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "hybrid: T = 6, seed 5"
    if task == "segmentation":
        assert re.search(
            r"ball: spread of the samples \(2.5 to 97.5 %\) held the reference's volume in [01]\.\d{3} ",
            result.stdout,
        )
        assert "mutual information (nat, times T/(T − 1))" in result.stdout
    if task == "landmarks":
        assert re.search(r"95 % ellipses of further samples held the true landmark in 0\.\d{3} \(.*\) of 152 in 8 cases, T = 6",
                         result.stdout)  # fmt: skip
        assert re.search(
            r"variance: Spearman with the error within landmarks -?0\.\d{3} \(.* to .*\), pooled",
            result.stdout,
        )
        assert "(p " not in result.stdout


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_every_column_of_a_report_has_its_number_of_samples(task, scored_tasks, tmp_path):
    write_page(scored_tasks[task], tmp_path / "page.html", 1)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    headings = re.findall(
        r"<tr><th scope=\"col\">(?:score|difference|measure)</th>(.*?)</tr>",
        text,
    )
    assert len(headings) >= 3
    for heading in headings:
        assert re.findall(r"<th scope=\"col\">(.*?)</th>", heading) == [
            "hybrid, T\u00a0=\u00a04",
            "deterministic, T\u00a0=\u00a01",
        ]
