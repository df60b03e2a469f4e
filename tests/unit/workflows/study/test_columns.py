"""Columns of a study: what the cells will not have is refused before any of them runs."""

import pytest

from tests.conftest import settings, task_settings
from tfuq.config import StudyConfig
from tfuq.errors import ConfigError
from tfuq.workflows.study.cells import Cell
from tfuq.workflows.study.columns import check_columns, kind_and_name


@pytest.mark.parametrize(
    ("task", "structure", "column", "words"),
    [
        (
            "landmarks",
            "sella",
            "dice",
            "no column 'dice' for a cell of landmarks; known: radial_error_mm",
        ),
        (
            "landmarks",
            "sella",
            "measure.pairwise_dice",
            "no column 'measure.pairwise_dice' for a cell of landmarks",
        ),
        (
            "landmarks",
            "sella",
            "measure.mean_radial_spread",
            "is the mean over all landmarks; remove 'structure', which is 'sella'",
        ),
        (
            "landmarks",
            "all",
            "measure.mean_radial_spred",
            "did you mean 'mean_radial_spread'",
        ),
        (
            "landmarks",
            "all",
            "diversity.disagreement",
            "no column 'diversity.disagreement' for a cell of landmarks",
        ),
        (
            "classification",
            "all",
            "diversity.disagrement",
            "did you mean 'disagreement'",
        ),
        ("classification", "all", "aurc.entropie", "no column 'aurc.entropie'"),
        (
            "classification",
            "all",
            "aurc.quantile_mutual_information",
            "no column 'aurc.quantile_mutual_information'",
        ),
        ("classification", "all", "hd95_mm", "no column 'hd95_mm' for a cell of classification"),
        ("classification", "3", "accuracy", "no structure '3'"),
    ],
)
def test_columns_that_a_task_has_not_are_refused(task, structure, column, words, tmp_path):
    axes = {"epochs": {"training.epochs": [1]}}
    study = StudyConfig(name="s", config="c", axes=axes, structure=structure, table=[column])
    cell = Cell(
        id="1", labels={"epochs": "1"}, config=task_settings(task, tmp_path), folder=tmp_path
    )
    with pytest.raises(ConfigError, match=words):
        check_columns(study, [cell])
    right = {"landmarks": ("sella", "radial_error_px"), "classification": ("all", "ece")}[task]
    check_columns(study.model_copy(update={"structure": right[0], "table": [right[1]]}), [cell])


@pytest.mark.parametrize(
    ("task", "known", "unknown"),
    [
        ("segmentation", "mean_mutual_information", "mutual_information"),  # the mean of a map
        ("classification", "mutual_information", "mean_mutual_information"),
        ("landmarks", "mean_radial_spread", "mutual_information"),
    ],
)
def test_an_area_is_of_a_measure_that_ranks_the_cases_of_the_task(tmp_path, task, known, unknown):
    config = settings(tmp_path) if task == "segmentation" else task_settings(task, tmp_path)
    cell = Cell(id="1", labels={"epochs": "1"}, config=config, folder=tmp_path)
    axes = {"epochs": {"training.epochs": [1]}}
    study = StudyConfig(name="s", config="c", axes=axes, table=[f"aurc.{known}"])
    check_columns(study, [cell])
    with pytest.raises(ConfigError, match=rf"no column 'aurc\.{unknown}' for a cell of {task}"):
        check_columns(study.model_copy(update={"table": [f"aurc.{unknown}"]}), [cell])


@pytest.mark.parametrize(
    ("column", "parts"),
    [
        ("dice", ("score", "dice")),
        ("measure.pairwise_dice", ("measure", "pairwise_dice")),
        ("correlation.a.b", ("correlation", "a.b")),
    ],
)
def test_a_column_without_a_dot_is_a_score(column, parts):
    assert kind_and_name(column) == parts
