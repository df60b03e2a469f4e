"""Members of a run: networks of a configuration, and which of them a method samples."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings
from tfuq.errors import RunError
from tfuq.networks.layers import SeededDropout
from tfuq.networks.layers.variational import VariationalConv3D
from tfuq.networks.weights import load_arrays, save_arrays
from tfuq.runs import Run
from tfuq.sampling.members import (
    KlScale,
    build_member,
    load_posterior,
    member_digest,
    members_of,
    missing_members,
)


def test_variational_weights_take_the_place_of_dropout(tmp_path):
    model = build_member(settings(tmp_path, "vi"), channels=1)
    assert not any(isinstance(layer, SeededDropout) for layer in model.layers)
    assert all(
        isinstance(layer, VariationalConv3D)
        for layer in model.layers
        if "conv" in layer.name or layer.name == "logits"
    )


@pytest.mark.slow
def test_runs_whose_code_had_a_constant_width_predict_as_they_did(trained, tmp_path):
    run = trained("latent-vi", 2)
    arrays = load_arrays(run.member(0) / "weights.npz")
    changed = Run(tmp_path, run.config)
    changed.member(0).mkdir(parents=True)
    arrays.pop("code/untransformed_scale")
    digest = save_arrays(changed.member(0) / "weights.npz", arrays)
    (changed.member(0) / "done").write_text(json.dumps({"digest": digest}))
    for name in ("environment.json", "splits.json"):
        (tmp_path / name).write_bytes((run.path / name).read_bytes())
    model = load_posterior(changed, "latent-vi", keep=0).members[0].model
    (width,) = (
        np.logaddexp(0, v.numpy()) for v in model.weights if v.name == "code/untransformed_scale:0"
    )
    assert width == pytest.approx(run.config.latent.initial_scale, rel=1e-6)


def a_run(path, method, finished, members=3):
    """A run without weights, some of whose members have finished training."""
    config = settings(path, method, 2, ensemble={"members": members})
    run = Run(path, config)
    for member in finished:
        run.member(member).mkdir(parents=True)
        (run.member(member) / "done").write_text(json.dumps({"digest": f"digest {member}"}))
    return run


@pytest.mark.parametrize(
    ("method", "members"), [("ensemble", [0, 1, 2]), ("hybrid", [0, 1, 2]), ("mc-dropout", [0])]
)
def test_a_method_samples_all_members_or_the_first(tmp_path, method, members):
    assert members_of(a_run(tmp_path, "hybrid", [0, 1, 2]), method) == members


def test_members_that_have_not_finished_are_needed_unless_they_are_allowed_to_miss(tmp_path):
    run = a_run(tmp_path, "hybrid", [0, 2])
    assert missing_members(run, "ensemble") == [1]
    with pytest.raises(RunError, match=r"member\(s\) 1 have not .* draws from all 3; run tfuq tr"):
        members_of(run, "ensemble")
    assert members_of(run, "ensemble", allow_missing=True) == [0, 2]
    assert members_of(run, "mc-dropout") == [0]


def test_a_run_without_any_member_samples_nothing(tmp_path):
    with pytest.raises(
        RunError, match=r"no member has finished training; run tfuq train .*--resume"
    ):
        members_of(a_run(tmp_path, "ensemble", []), "ensemble", allow_missing=True)


def test_a_digest_is_the_one_that_was_recorded(tmp_path):
    run = a_run(tmp_path, "ensemble", [0, 1])
    assert member_digest(run, 1) == "digest 1"
    (run.member(1) / "done").write_text("{}")
    with pytest.raises(RunError, match="train the member again"):
        member_digest(run, 1)


def test_kl_scales_are_of_the_weights_and_of_the_code_apart(tmp_path):
    seed, x = tf.constant([1, 2]), tf.random.stateless_normal([1, 16, 16, 1], [1, 2])
    divergences = []
    for scale in (KlScale(weights=1.0, code=0.0), KlScale(weights=0.0, code=1.0)):
        model = build_member(settings(tmp_path, "latent-vi", 2), channels=1, kl_scale=scale)
        model([x, seed], training=True)
        of_code = float(sum(model.get_layer("code").losses))
        divergences.append((of_code, float(sum(model.losses)) - of_code))
    (code, weights), (other_code, other_weights) = divergences
    assert code == 0 < weights
    assert other_code > 0 == pytest.approx(other_weights, abs=1e-6)


@pytest.mark.parametrize(
    ("method", "network", "exact"),
    [
        ("mc-dropout", {"normalization": "instance"}, ["logits", "encoder1_conv1_norm"]),
        ("mc-dropout", {"name": "fcn", "level_dropout": {1: 0.5}}, ["score1", "score2"]),
        ("latent-vi", {}, ["logits", "pixel_moments", "code_encoder1", "code", "latent_logits"]),
    ],
)
def test_only_layers_with_point_weights_compute_in_the_mixed_type(method, network, exact):
    config = settings(Path("nowhere"), method, 2, network=network, latent={"encoder_widths": [2]})
    mixed = build_member(config, channels=1, policy="mixed_bfloat16")
    assert tf_keras.mixed_precision.global_policy().name == "float32"
    plain = build_member(config, channels=1)
    assert [v.name for v in mixed.weights] == [v.name for v in plain.weights]
    assert {v.dtype for v in mixed.weights} == {tf.float32}
    assert mixed.outputs[0].dtype == tf.float32
    types = {layer.name: layer.compute_dtype for layer in mixed.layers}
    assert {types[name] for name in exact} == {"float32"}
    assert types["pool1"] == "bfloat16"
    convolutions = [layer for layer in mixed.layers if type(layer) is tf_keras.layers.Conv2D]
    kinds = {layer.compute_dtype for layer in convolutions if layer.name not in exact}
    assert kinds == {"bfloat16"}
    mixed.set_weights(plain.get_weights())
    x = tf.random.stateless_normal([2, 16, 16, 1], [1, 2])
    seed = tf.constant([3, 4])
    np.testing.assert_allclose(mixed([x, seed]), plain([x, seed]), atol=0.1)
