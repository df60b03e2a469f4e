"""Runs with frozen layers: their weights stay bit for bit, and those of the other layers move."""

import json
import logging
import shutil

import numpy as np
import pytest

from tests.conftest import assert_refused, settings
from tests.support.histories import history, weights
from tests.support.observers import Stop
from tfuq.errors import ConfigError
from tfuq.networks.freezing import layer_of
from tfuq.runs import Run
from tfuq.training import prepare, train
from tfuq.training.fit import MemberTraining

FAST = {"epochs": 2, "steps_per_epoch": 3, "learning_rate": 0.01}
MOVES_ALL = {"weight_decay": 0.1, "ema": 0.9, "clip_norm": 1.0}
WIDTH = "untransformed_scale"


def frozen_settings(root, method, source, patterns, rank=2, epochs=2, **changes):
    """A configuration in which everything that could move a frozen weight is on."""
    start = {"initial_weights": str(source.path), "frozen": patterns}
    training = FAST | MOVES_ALL | start | {"epochs": epochs}
    return settings(root, method, rank, training=training, **changes)


def point_name(name):
    return name.replace("_posterior_loc", "")


def is_encoder(name):
    return layer_of(name).startswith("encoder")


@pytest.mark.parametrize(
    ("method", "latent"),
    [
        ("deterministic", {}),
        pytest.param("vi", {}, marks=pytest.mark.slow),
        pytest.param("latent-vi", {"backbone": "variational"}, marks=pytest.mark.slow),
    ],
)
def test_frozen_weights_stay_bit_for_bit_and_the_others_move(
    balls, trained, tmp_path, method, latent
):
    source = trained("mc-dropout", 2)
    config = frozen_settings(balls, method, source, ["encoder*"], latent=latent)
    after = weights(train(config, tmp_path / "run"))
    before = weights(source)
    encoder = [name for name in after if is_encoder(name)]
    means = [name for name in encoder if WIDTH not in name]
    assert {point_name(name) for name in means} == {name for name in before if is_encoder(name)}
    for name in means:
        assert np.array_equal(after[name], before[point_name(name)]), name
    for name in set(encoder) - set(means):  # widths, where the run that was taken has none
        width = np.logaddexp(0.0, after[name].astype(float))
        np.testing.assert_allclose(width, config.variational.initial_scale, rtol=1e-5)
    for name, array in after.items():
        earlier = before.get(point_name(name))
        if not is_encoder(name) and earlier is not None and earlier.shape == array.shape:
            assert not np.array_equal(array, earlier), name


@pytest.mark.slow
def test_frozen_posteriors_keep_the_widths_of_the_run(balls, tmp_path):
    first = train(settings(balls, "vi", 2, training=FAST), tmp_path / "first")
    config = frozen_settings(balls, "vi", first, ["encoder*"])
    run = train(config, tmp_path / "run")
    for name, array in weights(run).items():
        if is_encoder(name):
            assert np.array_equal(array, weights(first)[name]), name


@pytest.mark.slow
def test_batch_normalization_that_is_frozen_keeps_its_statistics(balls, tmp_path):
    batch = {"normalization": "batch"}
    first = train(settings(balls, "deterministic", 2, network=batch, training=FAST), tmp_path / "a")
    config = frozen_settings(balls, "deterministic", first, ["encoder*"], network=batch)
    after = weights(train(config, tmp_path / "run"))
    before = weights(first)
    assert np.array_equal(
        after["encoder1_conv1_norm/moving_mean"], before["encoder1_conv1_norm/moving_mean"]
    )
    assert not np.array_equal(
        after["decoder1_conv1_norm/moving_mean"], before["decoder1_conv1_norm/moving_mean"]
    )


@pytest.mark.slow
def test_a_stopped_training_ends_as_one_that_was_not(balls, trained, tmp_path):
    point = trained("mc-dropout", 2)
    source = Run(shutil.copytree(point.path, tmp_path / "source"), point.config)
    config = frozen_settings(balls, "latent-vi", source, ["encoder*", "decoder*"], epochs=3)
    whole = train(config, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "stopped", observer=Stop(epoch=2, step=1))
    shutil.rmtree(source.path)
    resumed = train(config, tmp_path / "stopped", resume=True)
    for name, array in weights(whole).items():
        assert np.array_equal(array, weights(resumed)[name]), name


@pytest.mark.slow
def test_the_run_says_what_was_frozen(balls, trained, tmp_path, caplog):
    source = trained("mc-dropout", 2)
    config = frozen_settings(balls, "vi", source, ["encoder*", "decoder1_conv?"])
    with caplog.at_level(logging.INFO, logger="tfuq"):
        run = train(config, tmp_path / "run")
    layers = [f"encoder{level}_conv{number}" for level in (1, 2) for number in (1, 2)]
    layers += ["decoder1_conv1", "decoder1_conv2"]
    assert run.frozen_layers(0) == layers
    frozen = run.facts["frozen"]
    names = [name for name in weights(run) if layer_of(name) in layers]
    assert frozen["weights"] == sum(weights(run)[name].size for name in names)
    assert frozen["of"] == sum(array.size for array in weights(run).values())
    told = f"{frozen['weights']:,} of {frozen['of']:,} weights frozen, in 6 layers"
    assert any(told in message for message in caplog.messages)
    # The median width is that of the layers that learn.
    learning = [name for name in weights(run) if WIDTH in name and layer_of(name) not in layers]
    widths = [np.logaddexp(0.0, weights(run)[name].astype(float)).ravel() for name in learning]
    median = float(np.median(np.concatenate(widths)))
    assert run.facts["posterior_width"]["member 0"]["end"] == pytest.approx(median)
    assert history(run)[-1]["posterior_width"] > 0


@pytest.mark.slow
def test_frozen_weights_of_swag_are_counted_as_they_are_trained(balls, trained, tmp_path):
    """A file of weights has a scale and deviations beside each, which nothing trains."""
    source = trained("mc-dropout", 2)
    start = {"initial_weights": str(source.path), "frozen": ["encoder*"]}
    config = settings(balls, "swag", 2, training=FAST | start)
    run = train(config, tmp_path / "run")
    before, after = weights(source), weights(run)
    encoder = [name for name in before if is_encoder(name)]
    assert run.facts["frozen"]["weights"] == sum(before[name].size for name in encoder)
    assert run.facts["frozen"]["of"] == sum(array.size for array in before.values())
    for name in encoder:
        assert np.array_equal(after[name], before[name]), name
        assert not after[f"{name}_scale"].any()
        assert not after[f"{name}_deviations"].any()
    assert after["logits/kernel_scale"].all()


@pytest.mark.slow
def test_each_member_with_overrides_says_what_was_frozen_of_it(balls, trained, tmp_path):
    """The second learns with all of its layers, and with wider posteriors at the start."""
    first = train(settings(balls, "vi", 2, training=FAST), tmp_path / "first")
    config = frozen_settings(
        balls,
        "vi",
        first,
        ["encoder*"],
        variational={"members": 2},
        ensemble={
            "diversity": "overrides",
            "overrides": [{}, {"training.frozen": [], "variational.initial_scale": 0.02}],
        },
    )
    run = train(config, tmp_path / "run")
    layers = [f"encoder{level}_conv{number}" for level in (1, 2) for number in (1, 2)]
    assert [run.frozen_layers(member) for member in (0, 1)] == [layers, []]
    widths = [run.facts["posterior_width"][f"member {member}"] for member in (0, 1)]
    assert [width["start"] for width in widths] == [config.variational.initial_scale, 0.02]
    for member in (0, 1):
        learning = []
        for name, array in weights(run, member).items():
            if WIDTH in name and not (member == 0 and is_encoder(name)):
                learning.append(np.logaddexp(0.0, array.astype(float)).ravel())
        median = float(np.median(np.concatenate(learning)))
        assert widths[member]["end"] == pytest.approx(median)


def test_patterns_of_overrides_are_refused_before_anything_is_written(balls, trained, tmp_path):
    ensemble = {"diversity": "overrides", "overrides": [{}, {"network.name": "fcn"}]}
    source = trained("mc-dropout", 2)
    config = frozen_settings(balls, "ensemble", source, ["decoder*"], ensemble=ensemble)
    with pytest.raises(ConfigError, match=r"'decoder\*' matches no layer with weights"):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_without_frozen_layers_says_so(trained):
    run = trained("mc-dropout")
    assert run.facts["frozen"] is None
    assert run.frozen_layers(0) == []


def test_patterns_that_match_nothing_are_refused_before_anything_is_written(
    balls, trained, tmp_path
):
    config = frozen_settings(balls, "mc-dropout", trained("mc-dropout", 2), ["encodr*"])
    with pytest.raises(
        ConfigError, match=r"'encodr\*' matches no layer with weights; did you mean 'encoder\*'\?"
    ):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_members_freeze_those_of_the_run_in_turn(balls, trained, tmp_path):
    source = trained("hybrid", 2)
    run = train(frozen_settings(balls, "ensemble", source, ["encoder*"]), tmp_path / "run")
    for member in (0, 1):
        name = "encoder2_conv2/kernel"
        assert np.array_equal(weights(run, member)[name], weights(source, member)[name])


@pytest.mark.slow
def test_members_that_are_trained_together_freeze_and_go_on_without_the_run(
    balls, trained, tmp_path
):
    """The state of all members is in the folder of the first; the second has none to look for."""
    several = trained("hybrid", 2)
    source = Run(shutil.copytree(several.path, tmp_path / "source"), several.config)
    kind = {"diversity": "negative-correlation", "strength": 1.0}
    config = frozen_settings(balls, "ensemble", source, ["encoder*"], epochs=2, ensemble=kind)
    whole = train(config, tmp_path / "whole")
    for member in (0, 1):
        after, before = weights(whole, member), weights(source, member)
        for name, array in before.items():
            assert np.array_equal(after[name], array) == is_encoder(name), name
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "stopped", observer=Stop(epoch=1, step=1))
    shutil.rmtree(source.path)
    resumed = train(config, tmp_path / "stopped", resume=True)
    for member in (0, 1):
        for name, array in weights(whole, member).items():
            assert np.array_equal(array, weights(resumed, member)[name]), name


@pytest.mark.slow
def test_outputs_that_serve_training_alone_are_never_frozen(balls, trained, tmp_path):
    """No run has them to start from."""
    deep = {"name": "residual-unet", "widths": [2, 4, 8], "deep_supervision": True}
    source = trained("mc-dropout", 2)
    config = frozen_settings(balls, "deterministic", source, ["logits*"], network=deep)
    material = prepare(config, None)
    fit = MemberTraining(config, tmp_path, 0, material.training, lambda _: {}, material.strategy)
    assert material.frozen == [fit.frozen]
    assert fit.frozen.layers == ["logits"]


@pytest.mark.slow
def test_the_command_line_freezes_and_refuses(balls, trained, tfuq, tmp_path):
    source = trained("mc-dropout", 2)
    tree = tmp_path / "own.yaml"
    tree.write_text(settings(balls, "latent-vi", 2, training=FAST).dump())
    asked = ("train", tree, "--run", tmp_path / "run")
    frozen = ("-o", "training.frozen=[encoder*]")
    assert_refused(tfuq(*asked, *frozen), "training.frozen", "training.initial_weights")
    start = ("-o", f"training.initial_weights={source.path}")
    result = tfuq(*asked, *frozen, *start)
    assert result.exit_code == 0, result.output
    assert "tensors of the backbone" in result.stderr
    assert "weights frozen" in result.stderr
    facts = json.loads((tmp_path / "run" / "environment.json").read_text())
    assert len(facts["frozen"]["layers"]) == 4
