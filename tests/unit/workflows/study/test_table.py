"""The table of a study: values of the cells' summaries, gaps where a cell failed."""

import json

import pytest

from tests.conftest import LISTED_SPLIT, settings
from tfuq import runs
from tfuq.config import StudyConfig
from tfuq.errors import ConfigError, RunError
from tfuq.workflows.study.cells import Cell
from tfuq.workflows.study.table import Table, table_of

SUMMARY = {
    "samples": 4,
    "scores": {"ball": {"dice": {"mean": 0.75, "std": 0.1}}},
    "structure_measures": {"ball": {"volume_std_mm3": 3.0, "volume_mean_mm3": 10.0}},
    "spearman_with_dice": {"ball": {"pairwise_dice": {"rho": 0.5, "p": 0.2, "n": 6}}},
}


@pytest.fixture
def tabulate(tmp_path):
    """``tabulate(columns, summary)``: the row of a finished cell."""

    def make(columns, summary=SUMMARY):
        cell = Cell(
            id="a", labels={"size": "1"}, config=settings(tmp_path), folder=tmp_path / "study"
        )
        runs.create(cell.run, cell.config, LISTED_SPLIT, {"channels": 1, "statistics": None})
        cell.summary.parent.mkdir(parents=True)
        cell.summary.write_text(json.dumps(summary))
        study = StudyConfig(
            name="s",
            config="c",
            axes={"size": {"data.split.use": [1]}},
            structure="ball",
            table=columns,
        )
        return table_of(study, [cell], {}).rows[0]

    return make


def test_values_are_those_of_the_summary_without_the_bias_of_few_samples(tabulate):
    """A standard deviation of T samples is √(T/(T − 1)) larger."""
    row = tabulate(["dice", "measure.volume_std_mm3", "measure.volume_mean_mm3"])
    assert (row["size"], row["samples (T)"], row["error"]) == ("1", 4, None)
    assert (row["dice"], row["dice_std"]) == (0.75, 0.1)
    assert row["measure.volume_std_mm3"] == pytest.approx(3 * (4 / 3) ** 0.5)
    assert row["measure.volume_mean_mm3"] == 10


def test_how_members_differ_and_cases_are_ranked_stands_in_the_summary(tabulate):
    ranked = [{"measure": "maximum_probability", "aurc": 0.5}, {"measure": "pairwise_dice"}]
    summary = SUMMARY | {
        "diversity": {"members": 3, "disagreement": 0.25},
        "failure_detection": {"case": ranked, "structure": [{"measure": "pairwise_dice"}]},
    }
    columns = ["diversity.disagreement", "aurc.maximum_probability", "aurc.mutual_information"]
    row = tabulate(columns, summary)
    assert [row[name] for name in columns] == [0.25, 0.5, None]


def test_measures_of_landmarks_are_means_over_all_of_them(tabulate):
    """A mean distance from the mean of T samples is √(T/(T − 1)) larger, in expectation."""
    measures = {"mean_radial_spread": {"mean": 2.0, "auroc_4mm": 0.5}, "max_activation": {}}
    row = tabulate(
        ["measure.mean_radial_spread", "measure.max_activation"], SUMMARY | {"measures": measures}
    )
    assert row["measure.mean_radial_spread"] == pytest.approx(2 * (4 / 3) ** 0.5)
    assert row["measure.max_activation"] is None


def test_one_member_differs_from_none(tabulate):
    assert tabulate(["diversity.disagreement"])["diversity.disagreement"] is None


def test_a_correlation_has_its_interval_p_and_n(tabulate):
    row = tabulate(["correlation.pairwise_dice"])
    beside = {name.removeprefix("correlation.pairwise_dice"): v for name, v in row.items()}
    assert (beside[""], beside["_p"], beside["_n"]) == (0.5, 0.2, 6)
    assert beside["_lower"] is None


def test_scores_of_the_training_cases_stand_beside_those_of_the_test_cases(tmp_path):
    study = StudyConfig(
        name="s",
        config="c",
        axes={"size": {"data.split.use": [1]}},
        structure="ball",
        table=["dice", "train.dice"],
    )
    cell = Cell(id="a", labels={}, config=settings(tmp_path), folder=tmp_path, scores_training=True)
    runs.create(cell.run, cell.config, LISTED_SPLIT, {"channels": 1, "statistics": None})
    training = {"samples": 4, "scores": {"ball": {"dice": {"mean": 0.875, "std": 0.25}}}}
    for path, summary in ((cell.summary, SUMMARY), (cell.training_summary, training)):
        assert not cell.is_finished
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(summary))
    assert cell.is_finished
    row = table_of(study, [cell], {}).rows[0]
    assert (row["dice"], row["train.dice"], row["train.dice_std"]) == (0.75, 0.875, 0.25)


def test_a_column_in_another_unit_is_refused(tabulate):
    summary = SUMMARY | {"scores": {"ball": {"hd95_px": {"mean": 2.0, "std": None}}}}
    with pytest.raises(ConfigError, match="'hd95_mm' is 'hd95_px' in this study"):
        tabulate(["hd95_mm"], summary)


@pytest.mark.parametrize("change", [{"samples": 0}, {"scores": {"ball": {"dice": 1}}}])
def test_a_damaged_summary_is_refused(tabulate, change):
    with pytest.raises(RunError, match=r"summary\.json: "):
        tabulate(["dice"], SUMMARY | change)


def test_cells_that_failed_are_gaps_with_a_line_each():
    rows = [
        {"size": "1", "samples (T)": 4, "dice": 0.123456, "error": None},
        {"size": "20", "error": "no data"},
    ]
    assert Table(axes=["size"], columns=["dice"], rows=rows).markdown() == (
        "| size | samples (T) | dice   |\n"
        "| ---- | ----------- | ------ |\n"
        "| 1    | 4           | 0.1235 |\n"
        "| 20   | –           | –      |\n"
        "\n"
        "- 20: no data\n"
    )
