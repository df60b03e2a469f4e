"""Networks that tests take again are those of the weights, the configuration and the method that are asked for."""

import shutil

import numpy as np
import pytest

from tests.conftest import files_of
from tests.support.reused import Reused
from tfuq import runs
from tfuq.networks.weights import load_arrays, save_arrays

OPTIONS = {"keep": 4, "allow_missing": False}


@pytest.fixture
def run(trained_task, tmp_path):
    """A copy of a run, to change."""
    return runs.open_run(
        shutil.copytree(trained_task("classification", "mc-dropout").path, tmp_path / "run")
    )


def test_a_copy_of_a_run_has_the_same_networks(run, tmp_path):
    reused = Reused()
    copy = runs.open_run(shutil.copytree(run.path, tmp_path / "copy"))
    first = reused.posterior(run, "mc-dropout", **OPTIONS)
    assert reused.posterior(copy, "mc-dropout", **OPTIONS) is first
    assert reused.posterior(run, "deterministic", **OPTIONS) is not first
    assert reused.posterior(run, "mc-dropout", **(OPTIONS | {"keep": 8})) is not first


def test_weights_that_have_changed_are_read_again(run):
    reused = Reused()
    first = reused.posterior(run, "deterministic", **OPTIONS)
    path = run.member(0) / "weights.npz"
    arrays = load_arrays(path)
    digest = save_arrays(path, {name: array + 1 for name, array in arrays.items()})
    done = run.member(0) / "done"
    done.write_text(f'{{"digest": "{digest}"}}')
    second = reused.posterior(run, "deterministic", **OPTIONS)
    for before, after in zip(
        first.members[0].model.weights, second.members[0].model.weights, strict=True
    ):
        np.testing.assert_allclose(after, before + 1, rtol=1e-6)


def test_a_graph_that_was_used_before_predicts_the_same_files(run, tfuq, tmp_path):
    for name, seed in (("first", 1), ("between", 2), ("again", 1)):
        options = ("--method", "mc-dropout", "--seed", seed, "--out", tmp_path / name)
        assert tfuq("predict", run.path, *options).exit_code == 0
    assert files_of(tmp_path / "first") == files_of(tmp_path / "again")
    assert files_of(tmp_path / "first") != files_of(tmp_path / "between")
