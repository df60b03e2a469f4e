"""Training that starts from the weights of another run."""

import logging
import shutil

import numpy as np
import pytest

from tests.conftest import settings
from tests.support.histories import weights
from tests.support.observers import Stop
from tfuq.errors import ConfigError, RunError
from tfuq.networks.weights import model_arrays
from tfuq.sampling.members import build_member
from tfuq.training import train
from tfuq.training.initial_weights import fitting, start_from

STILL = {"learning_rate": 1e-9, "steps_per_epoch": 1}
UNVALIDATED = {"split": {"train": 3, "validation": 0, "test": 3}}


def kernel(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_weights_of_the_same_name_and_shape_are_taken():
    own = {"a/kernel": kernel(3, 3, 1, 4), "logits/kernel": kernel(1, 1, 4, 5)}
    other = {"a/kernel": kernel(3, 3, 1, 4) + 1, "logits/kernel": kernel(1, 1, 4, 2)}
    taken = fitting(own, other, 1, 1)
    assert np.array_equal(taken.arrays["a/kernel"], other["a/kernel"])
    assert np.array_equal(taken.arrays["logits/kernel"], own["logits/kernel"])
    assert (taken.adapted, taken.left) == ([], ["logits/kernel"])


def test_means_of_posteriors_and_point_weights_stand_for_each_other():
    mean = {"a/kernel_posterior_loc": kernel(3, 3, 1, 4), "a/kernel_untransformed_scale": kernel(2)}
    point = {"a/kernel": kernel(3, 3, 1, 4) + 1}
    to_mean = fitting(mean, point, 1, 1)
    assert np.array_equal(to_mean.arrays["a/kernel_posterior_loc"], point["a/kernel"])
    assert to_mean.left == ["a/kernel_untransformed_scale"]
    to_point = fitting(point, mean, 1, 1)
    assert np.array_equal(to_point.arrays["a/kernel"], mean["a/kernel_posterior_loc"])


def test_the_first_convolution_sees_more_channels_as_it_saw_one():
    """An image whose three channels are alike gives what the one channel gave."""
    other = {"a/kernel": kernel(3, 3, 1, 4)}
    taken = fitting({"a/kernel": kernel(3, 3, 3, 4)}, other, 1, 3)
    assert taken.adapted == ["a/kernel"]
    summed = taken.arrays["a/kernel"].sum(axis=2)
    np.testing.assert_allclose(summed, other["a/kernel"][:, :, 0], rtol=1e-6)


def test_widths_are_taken_of_frozen_layers_alone():
    """Nothing infers the widths of a frozen layer any more."""
    name = "a/kernel_posterior_untransformed_scale"
    own = {name: kernel(2, 2), "b/kernel_posterior_untransformed_scale": kernel(2, 2)}
    other = {other_name: array - 3.0 for other_name, array in own.items()}
    taken = fitting(own, other, 1, 1, frozen=["a"])
    assert np.array_equal(taken.arrays[name], other[name])
    assert taken.left == ["b/kernel_posterior_untransformed_scale"]
    assert taken.count(own) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "backbone",
    ["unet", *(pytest.param(name, marks=pytest.mark.slow) for name in ("vnet", "fcn"))],
)
def test_a_latent_network_takes_its_backbone(balls, tmp_path, caplog, backbone):
    """All of it but the last layers, which have other outputs; their number is said."""
    network = {"name": backbone, "level_dropout": {2: 0.3}}
    if backbone == "vnet":
        network |= {"kernel_size": 3, "activation": "prelu"}
    point = train(settings(balls, "mc-dropout", 2, network=network), tmp_path / "point")
    taken = [name for name in weights(point) if not name.startswith(("logits", "score"))]
    for weights_of in ("point", "variational"):
        latent = settings(balls, "latent-vi", 2, network=network, latent={"backbone": weights_of})
        model = build_member(latent, channels=1)
        caplog.clear()
        with caplog.at_level(logging.INFO, logger="tfuq"):
            start_from(model, str(point.path), 0, 1)
        found = {name.replace("_posterior_loc", ""): a for name, a in model_arrays(model).items()}
        for name in taken:
            assert np.array_equal(found[name], weights(point)[name]), name
        (told,) = [message for message in caplog.messages if "tensors of the backbone" in message]
        assert told.startswith(f"{len(taken)} of ")
        assert "and 0 of " in told


@pytest.fixture(scope="module")
def latent_model(balls):
    return build_member(settings(balls, "latent-vi", 2), channels=1)


@pytest.mark.parametrize("layer", ["logits", "code_encoder1", "code"])
def test_a_frozen_layer_that_the_run_does_not_have_is_refused(trained, latent_model, layer):
    """The backbone's last layer has other outputs than the network of the run."""
    path = str(trained("mc-dropout", 2).path)
    with pytest.raises(ConfigError, match=rf"has layer '{layer}'.*out of training\.frozen"):
        start_from(latent_model, path, 0, 1, ["encoder1_conv1", layer])


@pytest.mark.slow
def test_a_latent_network_of_which_the_backbone_takes_nothing_is_refused(balls, tmp_path):
    """Its code's layers alone are no backbone."""
    first = train(settings(balls, "latent-vi", 2), tmp_path / "first")
    wider = {"widths": [3, 5], "activation": "prelu", "name": "vnet", "kernel_size": 5}
    model = build_member(settings(balls, "latent-vi", 2, network=wider), channels=1)
    with pytest.raises(ConfigError, match=r"nothing of .* fits a layer .*same network\.name"):
        start_from(model, str(first.path), 0, 1)


@pytest.mark.parametrize("method", ["deterministic", pytest.param("vi", marks=pytest.mark.slow)])
def test_a_training_starts_where_the_run_ended(trained, balls, tmp_path, caplog, method):
    point = trained("mc-dropout")
    start = STILL | {"initial_weights": str(point.path)}
    with caplog.at_level(logging.INFO, logger="tfuq"):
        run = train(settings(balls, method, training=start, data=UNVALIDATED), tmp_path / "run")
    assert any("tensors start as those of" in message for message in caplog.messages)
    name = "encoder1_conv1/kernel" + ("_posterior_loc" if method == "vi" else "")
    np.testing.assert_allclose(
        weights(run)[name], weights(point)["encoder1_conv1/kernel"], atol=1e-6
    )


@pytest.mark.slow
def test_a_run_that_goes_on_needs_the_other_no_more(trained, balls, tmp_path):
    source = shutil.copytree(trained("mc-dropout", 2).path, tmp_path / "source")
    start = STILL | {"initial_weights": str(source), "epochs": 2}
    config = settings(balls, "deterministic", 2, training=start, data=UNVALIDATED)
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "run", observer=Stop(epoch=1, step=0))
    shutil.rmtree(source)
    assert train(config, tmp_path / "run", resume=True).finished_members == [0]


def test_members_take_those_of_the_run_in_turn(trained, balls):
    run = trained("hybrid")
    model = build_member(settings(balls, "deterministic"), channels=1)
    for member, expected in ((0, 0), (1, 1), (2, 0)):
        start_from(model, str(run.path), member, 1)
        found = model_arrays(model)["encoder1_conv1/kernel"]
        assert np.array_equal(found, weights(run, expected)["encoder1_conv1/kernel"])


def test_a_network_that_shares_no_layer_is_refused(trained, balls):
    run = trained("mc-dropout")
    model = build_member(settings(balls, "deterministic", 2), channels=1)
    with pytest.raises(ConfigError, match=r"nothing of .* fits a layer of this network"):
        start_from(_Renamed(model), str(run.path), 0, 1)


class _Renamed:
    """A network whose variables have other names."""

    def __init__(self, model):
        self.weights = [_RenamedVariable(variable) for variable in model.weights]


class _RenamedVariable:
    def __init__(self, variable):
        self.name = f"other/{variable.name}"
        self.numpy = variable.numpy


def test_what_is_no_run_is_refused(balls, tmp_path):
    model = build_member(settings(balls, "deterministic"), channels=1)
    with pytest.raises(RunError, match="not a run"):
        start_from(model, str(tmp_path), 0, 1)
