"""Widths of variational weights are inferred, wherever they start; runs say so, and the doctor."""

import csv
import json

import numpy as np
import pytest

from tests.conftest import settings, task_settings, write_decathlon
from tfuq import config as configuration
from tfuq.config import Config
from tfuq.networks.layers import layer_widths
from tfuq.networks.weights import load_arrays, save_arrays
from tfuq.runs import Run
from tfuq.training import train
from tfuq.workflows.doctor.variational import widths_did_not_move


def trained_from(starts, config, folder):
    """Runs of a configuration that differ in the width which they start with."""
    runs = []
    for start in starts:
        variational = config.variational.model_copy(update={"initial_scale": start})
        runs.append(
            train(config.model_copy(update={"variational": variational}), folder / str(start))
        )
    return runs


def last_row(run):
    with (run.member(0) / "history.csv").open() as file:
        return {
            name: float(value) for name, value in list(csv.DictReader(file))[-1].items() if value
        }


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The configuration of a small network that sees 60 cases in 100 steps."""
    folder = tmp_path_factory.mktemp("starts")
    training = {"epochs": 1, "steps_per_epoch": 100, "learning_rate": 0.01}
    data = {"split": {"train": 60, "validation": 2, "test": 2}}
    return settings(write_decathlon(folder / "data", 64), "vi", training=training, data=data)


@pytest.fixture(scope="module")
def from_narrow(small, tmp_path_factory):
    """It after training from widths of 0.001."""
    (run,) = trained_from((0.001,), small, tmp_path_factory.mktemp("narrow"))
    return run


@pytest.fixture(scope="module")
def from_two_starts(from_narrow, small, tmp_path_factory):
    """It after training from widths of 0.001 and 0.03."""
    return [from_narrow, *trained_from((0.03,), small, tmp_path_factory.mktemp("wide"))]


@pytest.mark.slow
def test_widths_of_a_small_network_do_not_depend_on_where_they_start(from_two_starts):
    medians = [last_row(run)["posterior_width"] for run in from_two_starts]
    assert max(medians) < 1.2 * min(medians), medians
    assert min(medians) > 10 * 0.001


@pytest.mark.slow
def test_environment_states_where_widths_started_and_ended(from_narrow):
    """They widen tenfold and more."""
    widths = layer_widths(load_arrays(from_narrow.member(0) / "weights.npz"))
    median = np.median(np.concatenate([width.ravel() for width in widths.values()]))
    assert from_narrow.facts["posterior_width"] == {
        "member 0": {"start": 0.001, "end": pytest.approx(median)}
    }
    assert median > 10 * 0.001
    assert list(widths_did_not_move(from_narrow)) == []


@pytest.mark.slow
def test_doctor_finds_widths_that_did_not_move(from_two_starts, tmp_path):
    """As a run of the optimizer without the common step left them: by a fifth wider."""
    healthy = from_two_starts[1]
    run = Run(tmp_path, healthy.config)
    arrays = load_arrays(healthy.member(0) / "weights.npz")
    for name in arrays:
        if name.endswith("untransformed_scale"):
            arrays[name] = np.full_like(arrays[name], np.log(np.expm1(0.036)))
    run.member(0).mkdir(parents=True)
    digest = save_arrays(run.member(0) / "weights.npz", arrays)
    (run.member(0) / "done").write_text(json.dumps({"digest": digest}))
    (finding,) = widths_did_not_move(run)
    assert (finding.check, finding.severity) == ("widths", "caution")
    assert "between 0.036 and 0.036, and variational.initial_scale is 0.03" in finding.problem
    point = Run(
        tmp_path, Config.model_validate(healthy.config.model_dump() | {"method": "deterministic"})
    )
    assert list(widths_did_not_move(point)) == []


@pytest.mark.slow
def test_a_trained_network_does_not_depend_on_where_its_widths_start(tmp_path):
    """The phantom, 320 steps: medians within 20 %, Dice within 0.005."""
    tree = configuration.load("quickstart").model_dump() | {"method": "vi"}
    tree["data"]["root"] = str(tmp_path / "data")
    tree["training"] |= {"epochs": 20, "schedule": "cosine"}
    runs = trained_from((0.001, 0.0067, 0.03), Config.model_validate(tree), tmp_path)
    rows = [last_row(run) for run in runs]
    medians = [row["posterior_width"] for row in rows]
    dice = [row["val_dice"] for row in rows]
    assert max(medians) < 1.2 * min(medians), medians
    assert max(dice) < min(dice) + 0.005


@pytest.mark.slow
def test_weight_decay_takes_weights_and_not_widths(digits, tmp_path):
    """Decay of nearly everything in a step empties the means; of what makes the widths it would leave log 2."""
    changes = {"training": {"weight_decay": 90.0, "learning_rate": 0.01, "steps_per_epoch": 1}}
    run = train(task_settings("classification", digits, "vi", **changes), tmp_path / "run")
    arrays = load_arrays(run.member(0) / "weights.npz")
    assert np.abs(arrays["logits/kernel_posterior_loc"]).max() < 0.2
    for width in layer_widths(arrays).values():
        np.testing.assert_allclose(width, 0.0067, rtol=0.25)
