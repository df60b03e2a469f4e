"""The tour: which run serves a method, and what it leaves alone."""

import pytest

from tests.conftest import TOURED, files_of
from tests.support.observers import Recorder
from tfuq import config as configuration
from tfuq.errors import RunError
from tfuq.runs.models import open_model
from tfuq.sampling.posterior import METHOD_TRAITS
from tfuq.workflows.demo import MODELS, SERVED_BY, TOURS, demonstrate


@pytest.mark.parametrize(
    ("name", "overwrite", "words"),
    [
        ("notes.txt", False, "is not empty; pass --overwrite to replace an earlier demo"),
        ("notes.txt", True, r"holds more than a demo \('notes.txt'\) and is left alone"),
        ("report.html", False, "is not empty"),
    ],
)
def test_a_folder_of_something_else_is_left_alone(tmp_path, name, overwrite, words):
    (tmp_path / name).write_text("keep")
    before = files_of(tmp_path)
    recorder = Recorder()
    with pytest.raises(RunError, match=words):
        demonstrate(tmp_path, observer=recorder, overwrite=overwrite)
    assert not recorder.events  # nothing begins
    assert files_of(tmp_path) == before


def test_every_toured_method_is_served_by_a_run_of_its_kind_of_weights():
    assert set(SERVED_BY) == set(TOURED)
    for method, trained_as in SERVED_BY.items():
        assert METHOD_TRAITS[method].variational == METHOD_TRAITS[trained_as].variational


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_a_tour_is_of_a_configuration_of_its_task(task):
    assert configuration.load(TOURS[task]).task == task


def test_a_tour_begins_with_a_model_of_its_task():
    assert set(MODELS) <= set(TOURS)
    for task, name in MODELS.items():
        assert open_model(name).run.config.task == task


def test_slices_of_the_segmented_phantom_are_large_enough_to_look_at():
    config = configuration.load(TOURS["segmentation"])
    assert min(config.network.patch_size) >= 96
    assert config.preprocessing.slice_axis == 2
