"""Cells of a study: every combination of its axes, each with a name and a configuration."""

import pytest

from tests.conftest import LISTED_SPLIT, settings
from tfuq import config as configuration
from tfuq import runs
from tfuq.config import StudyConfig
from tfuq.errors import ConfigError, DataError, RunError
from tfuq.workflows.study.cells import Cell, cells_of, check_cells


def test_axes_combine_and_keys_of_one_axis_go_together(tmp_path):
    (tmp_path / "config.yaml").write_text(settings(tmp_path).dump())
    (tmp_path / "study.yaml").write_text(
        "{name: s, config: config.yaml, table: [dice], axes: {patch: {network.patch_size: [[16, 16, 16], [8, 8, 8]],"
        " training.batch_size: [2, 4]}, method: {method: [vi, ensemble]}}}"
    )
    cells = cells_of(configuration.load_study(str(tmp_path / "study.yaml")), tmp_path)
    assert [cell.id for cell in cells] == [
        "16x16x16_vi",
        "16x16x16_ensemble",
        "8x8x8_vi",
        "8x8x8_ensemble",
    ]
    assert [cell.config.training.batch_size for cell in cells] == [2, 2, 4, 4]
    assert cells[0].labels == {"patch": "16×16×16", "method": "vi"}


@pytest.mark.parametrize(
    ("column", "keeps"), [("ged_unbiased", True), ("train.ged", True), ("dice_raters", False)]
)
def test_samples_are_kept_where_a_column_is_a_score_of_them(tmp_path, column, keeps):
    (tmp_path / "config.yaml").write_text(settings(tmp_path).dump())
    study = StudyConfig(
        name="s",
        config=str(tmp_path / "config.yaml"),
        axes={"method": {"method": ["vi"]}},
        table=["dice", column],
    )
    (found,) = cells_of(study, tmp_path)
    assert found.keeps_samples == keeps


@pytest.fixture
def cell(own_balls, tmp_path):
    """A cell of the balls, whose data set is one to damage."""
    return Cell(id="a", labels={}, config=settings(own_balls), folder=tmp_path / "study")


def test_files_of_a_cell_lie_in_its_study(cell, tmp_path):
    place = tmp_path / "study" / "cells"
    assert (cell.settings, cell.run) == (place / "a.yaml", place / "a")
    assert cell.log == tmp_path / "study" / "logs" / "a.txt"
    assert cell.summary == place / "a" / "scores" / "mc-dropout" / "summary.json"
    assert not cell.is_finished


def test_values_that_differ_in_signs_alone_are_refused(tmp_path):
    (tmp_path / "config.yaml").write_text(settings(tmp_path).dump())
    study = StudyConfig(
        name="s",
        config=str(tmp_path / "config.yaml"),
        axes={"source": {"data.source": ["a b", "a/b"]}},
        table=["dice"],
    )
    with pytest.raises(ConfigError, match="two cells would be named 'a-b'"):
        cells_of(study, tmp_path)


def test_too_few_cases_are_refused_with_the_cell(cell, own_balls):
    check_cells([cell])
    (own_balls / "dataset.json").write_text('{"training": []}')
    with pytest.raises(DataError, match="cell a: "):
        check_cells([cell])


def test_an_earlier_run_of_another_configuration_is_refused(cell):
    other = settings(cell.config.data.root, training={"epochs": 2})
    runs.create(cell.run, other, LISTED_SPLIT, {"channels": 1, "statistics": None})
    with pytest.raises(RunError, match=r"ran with another configuration .*--overwrite"):
        check_cells([cell])
    check_cells([cell], overwrite=True)
