"""Which cases to look at first."""

import numpy as np
import pytest

from tests.support.score_folders import scores
from tfuq.data.json_csv import read_table
from tfuq.report.page.cases import CaseColumns, Cases, read_cases
from tfuq.report.page.sources import read_sources
from tfuq.scoring.metrics import METRICS


def cases_of(quality, scores, **measures):
    columns = CaseColumns(scores={quality: scores}, measures=measures)
    return Cases(ids=["a", "b", "c"], quality=METRICS[quality], methods={"vi": columns})


@pytest.mark.parametrize(
    ("quality", "worst"), [("dice", ["b", "c", "a"]), ("radial_error_mm", ["b", "a", "c"])]
)
def test_a_case_without_a_score_is_the_first_to_look_at(quality, worst):
    assert cases_of(quality, [0.9, None, 0.3]).worst == worst


def test_certainties_are_turned_and_come_before_other_measures():
    cases = cases_of(
        "dice", [0.9, 0.5, 0.3], mean_entropy=[3.0, 2.0, 1.0], pairwise_dice=[0.5, 0.9, 0.7]
    )
    assert cases.measures == ["pairwise_dice", "mean_entropy"]
    assert cases.least_certain == ["a", "c", "b"]
    assert cases.to_show(2) == ["c", "a"]
    assert cases.to_show(9) == ["c", "a", "b"]


def test_without_measures_the_worst_are_shown():
    cases = cases_of("dice", [0.9, 0.5, 0.3])
    assert cases.least_certain == []
    assert cases.to_show(2) == ["c", "b"]


def test_means_are_over_the_methods_that_have_a_value():
    columns = [
        CaseColumns(scores={"dice": values}, measures={})
        for values in ([0.9, 0.5, None], [0.1, 0.7, 0.55])
    ]
    cases = Cases(
        ids=["a", "b", "c"], quality=METRICS["dice"], methods=dict(zip("xy", columns, strict=True))
    )
    assert cases.worst == ["a", "c", "b"]


def test_measures_that_do_not_vary_say_nothing(tmp_path):
    folder = scores(
        tmp_path, "vi", [0.5, 0.7], predictive_entropy=[0.1, 0.1], variance=[0.1, None], ece=[0, 0]
    )
    (columns,) = read_cases(read_sources([folder])).methods.values()
    assert columns.measures == {}
    assert columns.scores == {"dice": [0.5, 0.7], "ece": [0.0, 0.0]}


def test_cases_come_worst_and_least_certain_in_turn(scored_tasks):
    cases = read_cases(read_sources(scored_tasks["segmentation"][:1]))
    dice = dict(zip(cases.ids, cases.methods["hybrid"].scores["dice"], strict=True))
    certain = dict(zip(cases.ids, cases.methods["hybrid"].measures["pairwise_dice"], strict=True))
    assert cases.worst == sorted(dice, key=dice.get)
    assert cases.least_certain == sorted(certain, key=certain.get)
    assert (
        cases.to_show(3)[:2]
        == list(dict.fromkeys([cases.worst[0], cases.least_certain[0], cases.worst[1]]))[:2]
    )


def test_measures_of_structures_are_averaged_over_classes(scored_tasks):
    folder = scored_tasks["segmentation"][0]
    columns = read_cases(read_sources([folder])).methods["hybrid"]
    rows = [
        row for row in read_table(folder / "structures.csv", (), "") if row["component"] == "all"
    ]
    first = [float(row["pairwise_dice"]) for row in rows if row["case"] == "ball_000"]
    assert columns.measures["pairwise_dice"][0] == pytest.approx(np.mean(first))
    assert not any(name.startswith("volume_") and name.endswith("mm3") for name in columns.measures)
