"""The files of a model."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from tfuq.errors import RunError
from tfuq.networks.weights import load_arrays, save_arrays
from tfuq.runs import Run
from tfuq.runs.models import open_model
from tfuq.workflows.pack.files import without_places, write_run


def test_weights_are_those_of_the_run_to_half_precision(trained, model):
    own = load_arrays(trained("mc-dropout").member(0) / "weights.npz")
    packed = load_arrays(model / "members" / "0" / "weights.npz")
    assert packed.keys() == own.keys()
    for name, array in packed.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, own[name].astype(np.float16).astype(np.float32))
    assert open_model(str(model)).packed.parameters == sum(array.size for array in own.values())


def test_weights_take_half_of_the_room(trained, model):
    own = trained("mc-dropout").member(0) / "weights.npz"
    packed = model / "members" / "0" / "weights.npz"
    values = sum(array.nbytes for array in load_arrays(own).values())
    assert own.stat().st_size - packed.stat().st_size == pytest.approx(values / 2, rel=0.02)


def test_split_and_facts_are_those_of_the_run(trained, model):
    run = trained("mc-dropout")
    packed = open_model(str(model)).run
    assert packed.split == run.split
    assert packed.facts == run.facts


def test_the_configuration_names_no_folder(trained, model):
    config = trained("mc-dropout").config
    assert config.data.root not in (model / "config.yaml").read_text()
    tree = config.model_dump()
    tree["training"]["initial_weights"] = "/data/other"
    tree["training"]["frozen"] = ["encoder*"]
    tree["data"]["additional"] = [{"root": "/data/more"}]
    packed = without_places(type(config).model_validate(tree))
    assert "/data" not in packed.dump()
    assert packed.network == config.network
    assert packed.training.frozen == []


@pytest.fixture
def run(trained, tmp_path):
    """A run to damage."""
    path = shutil.copytree(trained("mc-dropout").path, tmp_path / "run")
    return Run(path, trained("mc-dropout").config)


def test_a_weight_that_half_precision_cannot_hold_is_refused(run, tmp_path):
    path = run.member(0) / "weights.npz"
    arrays = load_arrays(path)
    name = next(iter(arrays))
    arrays[name] = np.full_like(arrays[name], 7e4)
    path.unlink()
    digest = save_arrays(path, arrays)
    (run.member(0) / "done").write_text(f'{{"digest": "{digest}"}}')
    with pytest.raises(RunError, match=f"'{name}' has the number 7e\\+04, and float16"):
        write_run(run, tmp_path / "packed", run.config)


def test_a_run_that_has_not_finished_is_refused(run, tmp_path):
    (run.member(0) / "done").unlink()
    with pytest.raises(RunError, match=r"0 of 1 members have finished.*--resume"):
        write_run(run, tmp_path / "packed", run.config)
