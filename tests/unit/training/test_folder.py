"""The folder of a run that is to be trained."""

import shutil

import pytest

from tests.conftest import settings, task_settings
from tfuq.errors import RunError
from tfuq.training.folder import check_folder


@pytest.fixture
def run(trained_task):
    return trained_task("classification", "ensemble")


def test_a_folder_that_is_not_there_is_taken(tmp_path):
    check_folder(tmp_path / "run", settings("x"), overwrite=False, resume=False)


def test_a_run_is_gone_on_with_or_replaced_where_that_is_said(run):
    check_folder(run.path, run.config, overwrite=False, resume=True)
    check_folder(run.path, run.config, overwrite=True, resume=False)
    with pytest.raises(RunError, match="pass --resume to go on with it or --overwrite"):
        check_folder(run.path, run.config, overwrite=False, resume=False)


def test_a_run_of_another_configuration_is_refused_and_one_of_another_cache_is_not(run):
    root = run.config.data.root
    other = task_settings("classification", root, "ensemble", training={"epochs": 9})
    with pytest.raises(RunError, match="another configuration"):
        check_folder(run.path, other, overwrite=False, resume=True)
    other = task_settings("classification", root, "ensemble", training={"cache": "none"})
    check_folder(run.path, other, overwrite=False, resume=True)


def test_members_without_their_configuration_are_not_mixed_with_others(run, tmp_path):
    copy = shutil.copytree(run.path, tmp_path / "run")
    (copy / "config.yaml").unlink()
    with pytest.raises(RunError, match=r"without its config\.yaml"):
        check_folder(copy, run.config, overwrite=False, resume=False)
