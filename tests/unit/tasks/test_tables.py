"""Tasks whose predictions are rows of tables, and those that predict volumes."""

import pytest

from tests.conftest import task_settings
from tests.support.drawn import make_finished_run, make_given_predictor
from tfuq.config import TASKS
from tfuq.errors import RunError
from tfuq.measures.catalogue import maps_of
from tfuq.prediction.segmentation import VolumePredictor
from tfuq.tasks import NETWORK_TASKS
from tfuq.tasks.tables import Sampled


def test_tasks_of_pictures_have_tables_and_those_of_volumes_have_none():
    assert {name for name in NETWORK_TASKS if NETWORK_TASKS[name].tables is None} == {
        name for name in TASKS if TASKS[name].has_volumes
    }


@pytest.mark.parametrize(
    ("task", "members", "counts"),
    [
        ("classification", 0, {"predictions.csv": 1}),
        ("classification", 3, {"predictions.csv": 1, "members.csv": 3}),
        ("landmarks", 0, {"landmarks.csv": 19, "samples.csv": 19 * 5}),
    ],
)
def test_a_case_has_so_many_rows(task, members, counts):
    sampled = Sampled(
        config=task_settings(task, "nowhere"),
        samples=5,
        members=members,
        maps=maps_of(5),
        calibration=None,
    )
    assert NETWORK_TASKS[task].tables.rows_per_case(sampled) == counts


def test_a_task_without_tables_predicts_volumes(balls, tmp_path):
    run = make_finished_run(tmp_path / "run", "segmentation", balls)
    assert isinstance(make_given_predictor(run), VolumePredictor)


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (
            {"keep_samples": True},
            "is a run of landmarks; it serves segmentation, whose samples are",
        ),
        (
            {"written_maps": ("label",)},
            "--maps: .* is a run of landmarks; it serves segmentation, whose results are maps",
        ),
        (
            {"keep_members": True},
            "is a run of landmarks; it serves classification and segmentation$",
        ),
    ],
)
def test_what_a_task_does_not_keep_is_refused_with_those_that_do(heads, tmp_path, asked, refusal):
    run = make_finished_run(tmp_path / "run", "landmarks", heads)
    with pytest.raises(RunError, match=refusal):
        make_given_predictor(run, **asked)
