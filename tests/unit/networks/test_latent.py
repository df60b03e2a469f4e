"""The latent variational network: its code, the sources it draws from, and its objective."""

import csv

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import assert_refused, settings
from tests.support import references
from tfuq import runs
from tfuq.networks.layers import LatentCode, gaussian_kl, mean_and_width, untransformed
from tfuq.sampling.members import build_member, windowed
from tfuq.training import prepare, summary

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])


def member(tmp_path, draws, scale=0.05):
    config = settings(
        tmp_path,
        "latent-vi",
        2,
        variational={"initial_scale": scale},
        latent={"size": 3, "features": 2},
    )
    return build_member(config, channels=1, sources=draws)


def narrow_code(model):
    """The model, its code's width zero and its mean as it was."""
    kernel, rho, bias = model.get_layer("code_moments").weights
    half = kernel.shape[-1] // 2
    kernel.assign(tf.concat([kernel[:, :half], tf.zeros_like(kernel[:, half:])], -1))
    bias.assign(tf.concat([bias[:half], tf.fill([half], -1e3)], 0))
    rho.assign(tf.concat([rho[:, :half], tf.fill(rho[:, half:].shape, -50.0)], -1))
    return model


def test_kl_of_the_code_is_scaled_averaged_and_matches_the_reference():
    rng = np.random.default_rng(0)
    mean, raw = rng.normal(size=(2, 4, 3)).astype(np.float32)
    width = np.log1p(np.exp(raw) * np.float32(np.expm1(0.2)))
    expected = [references.code_kl(m, w) for m, w in zip(mean, width, strict=True)]
    np.testing.assert_allclose(gaussian_kl(mean, width), expected, rtol=1e-4)
    layer = LatentCode(kl_scale=0.01, initial_scale=0.2, name="code")
    inputs = np.concatenate([mean, raw], -1)
    layer(inputs, seed=SEED)
    assert layer.losses == []
    layer(inputs, seed=SEED, training=True)
    assert float(sum(layer.losses)) == pytest.approx(0.01 * np.mean(expected), rel=1e-4)


def test_code_is_one_draw_for_all_in_prediction_and_one_for_each_in_training():
    inputs = np.tile(np.array([[1.0, -2.0, 0.5, 3.0]], np.float32), (5, 1))
    layer = LatentCode(kl_scale=1.0, initial_scale=0.2, name="code")
    once = layer(inputs, seed=SEED).numpy()
    np.testing.assert_array_equal(once, layer(inputs, seed=SEED))
    np.testing.assert_allclose(once, np.repeat(once[:1], 5, 0), atol=1e-6)
    assert not np.allclose(once, layer(inputs, seed=OTHER))
    trained = layer(inputs, seed=SEED, training=True).numpy()
    assert len(np.unique(trained[:, 0])) == 5
    np.testing.assert_array_equal(layer(inputs), inputs[:, :2])
    width = np.log1p(np.exp([0.5, 3.0]) * np.expm1(0.2))
    assert float(
        gaussian_kl(*mean_and_width(tf.zeros([1, 2]), untransformed(0.2)))[0]
    ) == pytest.approx(references.code_kl([0], [0.2]), rel=1e-4)
    many = np.array([layer(inputs[:1], seed=tf.constant([7, i]))[0] for i in range(2000)])
    assert (abs(many.mean(0) - [1.0, -2.0]) < 4 * width / 2000**0.5).all()
    np.testing.assert_allclose(many.std(0), width, rtol=0.06)


def test_each_source_alone_is_what_is_left_where_the_other_is_narrow(tmp_path):
    x = tf.random.stateless_normal([2, 16, 16, 1], SEED)
    draws = {"both": ("weights", "code"), "code": ("code",), "weights": ("weights",), "none": ()}
    first = member(tmp_path, draws["both"])

    def outputs(change):
        change(first)
        found = {}
        for name, sources in draws.items():
            model = member(tmp_path, sources)
            model.set_weights(first.get_weights())
            found[name] = model([x, SEED]).numpy()
        return found

    wide = outputs(lambda model: model)
    different = [wide[a] for a in ("both", "code", "weights", "none")]
    assert all(
        not np.allclose(a, b, atol=1e-4) for i, a in enumerate(different) for b in different[:i]
    )
    point_code = outputs(narrow_code)
    np.testing.assert_allclose(point_code["code"], point_code["none"], atol=1e-6)
    np.testing.assert_allclose(point_code["both"], point_code["weights"], atol=1e-6)
    first = member(tmp_path, draws["both"], scale=1e-9)
    point_weights = outputs(lambda model: model)
    np.testing.assert_allclose(point_weights["weights"], point_weights["none"], atol=1e-5)
    np.testing.assert_allclose(point_weights["both"], point_weights["code"], atol=1e-5)
    assert not np.allclose(point_weights["code"], point_weights["none"], atol=1e-3)


def test_a_sample_is_one_function_over_all_windows(tmp_path):
    config = settings(tmp_path, "latent-vi", 2, prediction={"overlap": 0.0})
    network = windowed(config, build_member(config, channels=1), keep=0)
    tile = np.random.default_rng(0).normal(size=(1, 16, 16, 1)).astype(np.float32)
    x = np.tile(tile, (1, 2, 2, 1))
    p = network.sample(x, network.encode(x), SEED, noise_seed=SEED).numpy()
    np.testing.assert_allclose(p[:, 16:, 16:], p[:, :16, :16], atol=1e-6)
    np.testing.assert_allclose(p[:, :16, 16:], p[:, :16, :16], atol=1e-6)


def test_runs_state_the_scales_of_both_divergences(trained):
    run = trained("latent-vi", 2)
    assert run.facts["code_kl_scale"] == pytest.approx(0.5 / 16**2)
    assert run.facts["kl_scale"] == {"member 0": 0.5 / run.facts["likelihood_terms"]}
    assert f"of the code {0.5 / 16**2:.3g} (0.5 / voxels of an example)" in summary(
        run.config, prepare(run.config, None)
    )
    with (run.member(0) / "history.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert 0 < float(row["code_kl"]) < float(row["kl"])


def test_one_run_serves_its_sources_apart(trained, tfuq, tmp_path, monkeypatch):
    run = trained("latent-vi", 2).path
    tables = {}
    for method in ("latent-vi", "latent-code", "deterministic"):
        result = tfuq(
            "predict", run, "--method", method, "--out", tmp_path / method, "--samples", 3
        )
        assert result.exit_code == 0, result.output
        tables[method] = next((tmp_path / method).glob("*/probability.nii.gz")).read_bytes()
    assert len(set(tables.values())) == 3
    assert_refused(
        tfuq("predict", run, "--method", "vi"),
        "trained as latent-vi",
        "serves latent-vi, latent-code, latent-weights",
    )
    other = trained("mc-dropout").path
    assert_refused(
        tfuq("predict", other, "--method", "latent-code"),
        "whose weights are points",
        "--method latent-vi",
    )
    assert "latent-code" not in tfuq("train", "--help").output
    (tmp_path / "runs" / "balls").mkdir(parents=True)
    (tmp_path / "runs" / "balls" / "latent-vi").symlink_to(run)
    assert runs.newest_run("latent-weights", tmp_path / "runs").config.method == "latent-vi"
