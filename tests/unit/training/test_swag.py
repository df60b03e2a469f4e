"""The Gaussian of the weights that a training passes through."""

import numpy as np
import pytest

from tests.conftest import task_settings
from tests.support import references
from tests.support.histories import weights
from tests.support.observers import Stop
from tfuq.errors import ConfigError
from tfuq.training import train
from tfuq.training.swag import LateWeights, require_iterates

UNVALIDATED = {"split": {"train": 40, "validation": 0, "test": 11}}


def config_of(root, method="swag", epochs=6, **swag):
    training = {"epochs": epochs, "steps_per_epoch": 4}
    sections = {"swag": swag} if swag else {}
    return task_settings(
        "classification", root, method, data=UNVALIDATED, training=training, **sections
    )


def passed_through(rng, count):
    return [
        {"a/kernel": rng.normal(size=(3, 2)), "norm/gamma": rng.normal(5, 1, 4)}
        for _ in range(count)
    ]


def gathered(collector, iterates, first=0):
    for step, arrays in enumerate(iterates, first):
        collector.after_step(step, 4, lambda arrays=arrays: arrays)


@pytest.mark.parametrize(("per_epoch", "rank"), [(1, 20), (2, 3), (4, 20)])
def test_it_is_that_of_two_passes(tmp_path, per_epoch, rank):
    config = config_of(tmp_path, per_epoch=per_epoch, rank=rank)
    iterates = passed_through(np.random.default_rng(0), 24)
    collector = LateWeights(config)
    gathered(collector, iterates)
    found = collector.result(iterates[-1])
    places = [step for step in range(12, 24) if (step + 1) % (4 // per_epoch) == 0]
    columns = min(rank, len(places))
    taken = [iterates[step] for step in places]
    kernels = [one["a/kernel"] for one in taken]
    mean, scale, deviations = references.swag_gaussian(kernels, columns)
    np.testing.assert_allclose(found["a/kernel"], mean, rtol=1e-6)
    np.testing.assert_allclose(found["a/kernel_scale"], scale, rtol=1e-6)
    np.testing.assert_allclose(found["a/kernel_deviations"], deviations, rtol=1e-5, atol=1e-7)
    norms = np.mean([one["norm/gamma"] for one in taken], axis=0)
    np.testing.assert_allclose(found["norm/gamma"], norms, rtol=1e-6)
    assert set(found) == {"a/kernel", "a/kernel_scale", "a/kernel_deviations", "norm/gamma"}


@pytest.mark.parametrize("stopped", [2, 13, 20])
def test_what_is_restored_goes_on_alike(tmp_path, stopped):
    config = config_of(tmp_path, per_epoch=4, rank=5)
    iterates = passed_through(np.random.default_rng(1), 24)
    whole, first, second = LateWeights(config), LateWeights(config), LateWeights(config)
    gathered(whole, iterates)
    gathered(first, iterates[:stopped])
    second.restore(first.arrays())
    gathered(second, iterates[stopped:], stopped)
    expected = whole.result(iterates[-1])
    for name, array in second.result(iterates[-1]).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


@pytest.mark.slow
def test_its_mean_is_that_of_where_trainings_of_fewer_epochs_end(digits, tmp_path):
    config = config_of(digits, epochs=4, per_epoch=1)
    run = train(config, tmp_path / "swag")
    ends = []
    for epochs in (3, 4):
        alone = config_of(digits, "deterministic", epochs=epochs)
        ends.append(weights(train(alone, tmp_path / str(epochs))))
    found = weights(run)
    for name, array in ends[0].items():
        both = [array, ends[1][name]]
        mean, scale, deviations = references.swag_gaussian(both, 2)
        np.testing.assert_allclose(found[name], mean, rtol=1e-5, atol=1e-7, err_msg=name)
        np.testing.assert_allclose(found[f"{name}_scale"], scale, rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(found[f"{name}_deviations"], deviations, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
def test_a_stopped_training_ends_as_an_uninterrupted_one(digits, tmp_path):
    config = config_of(digits, epochs=4)
    whole = weights(train(config, tmp_path / "whole"))
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "run", observer=Stop(epoch=3, step=1))
    resumed = weights(train(config, tmp_path / "run", resume=True))
    for name, array in whole.items():
        np.testing.assert_array_equal(array, resumed[name], err_msg=name)


def test_a_training_of_one_step_has_no_gaussian(tmp_path):
    config = config_of(tmp_path, epochs=1)
    require_iterates(config, 2)
    with pytest.raises(ConfigError, match=r"at least 2 steps.*raise training.epochs"):
        require_iterates(config, 1)


def test_it_is_refused_before_anything_is_written(digits, tmp_path):
    training = {"epochs": 1, "steps_per_epoch": 1}
    config = task_settings("classification", digits, "swag", training=training)
    with pytest.raises(ConfigError, match="at least 2 steps"):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()
