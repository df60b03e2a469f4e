"""A run goes on with what it began with, or not at all."""

import shutil

import pytest

from tfuq import runs
from tfuq.errors import RunError
from tfuq.training import prepare
from tfuq.training.beginning import require_same_beginning


@pytest.fixture(scope="module")
def material(trained):
    return prepare(trained("mc-dropout").config, None)


@pytest.fixture
def run(trained, tmp_path):
    """A run of this test alone."""
    return runs.open_run(shutil.copytree(trained("mc-dropout").path, tmp_path / "run"))


def test_the_same_material_is_taken(run, material):
    require_same_beginning(run, material)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"likelihood_terms": 7}, "began with 7 voxels to learn from"),
        ({"loss_definition": 9}, "began with definition 9 of its loss"),
        ({"width_warmup_epochs": 5}, "began with a variational.width_warmup_epochs of 5"),
        ({"orientation": "LPS"}, "began with scans in another orientation"),
    ],
)
def test_another_beginning_is_refused(run, material, facts, words):
    runs.write_facts(run.path, run.facts | facts)
    with pytest.raises(RunError, match=words):
        require_same_beginning(run, material)
