"""A sample is one function of a volume: what windows that meet draw, and noise that is no disagreement."""

import csv
import shutil

import nibabel
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings, task_settings
from tests.support.saved import saved_and_loaded
from tfuq.measures.reducers import PackedMasks
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.networks.blocks import max_pool, upsample
from tfuq.networks.layers import SOURCES, LayerFactory
from tfuq.sampling.members import build_member, windowed
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.sampler import Sampler
from tfuq.sampling.windows import WindowedNetwork
from tfuq.tasks import task_of
from tfuq.training import train

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])


def toy(patch, rank, *, levels=0, kernel=1):
    """A network with dropout after every layer. With a kernel of 1 its receptive field is one element of the coarsest level."""
    layers = LayerFactory()
    image = tf_keras.Input((*[patch] * rank, 1))
    x = layers.dropout(0.3, name="image_dropout")(image)
    x = layers.dropout(0.3, name="first_dropout")(
        layers.conv(6, kernel, rank=rank, name="first", activation="tanh")(x)
    )
    fine = x
    for level in range(levels):
        x = layers.conv(6, kernel, rank=rank, name=f"down{level}", activation="tanh")(
            max_pool(rank, name=f"pool{level}")(x)
        )
        x = layers.dropout(0.4, name=f"down{level}_dropout")(x)
    for level in range(levels):
        x = upsample(2, name=f"up{level}")(x)
    x = tf_keras.layers.Concatenate(name="join")([fine, x])
    x = layers.dropout(0.3, name="last_dropout")(
        layers.conv(4, 1, rank=rank, name="last", activation="tanh")(x)
    )
    return tf_keras.Model([image, layers.seed], layers.conv(3, 1, rank=rank, name="logits")(x))


def noise(*shape):
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


def same_weights(*models):
    for model in models[1:]:
        model.set_weights(models[0].get_weights())
    return models


def softmax(outputs, *_):
    return tf.nn.softmax(outputs)


def sample(model, x, *, activation=softmax, overlap=0.5, chunk=2, keep=0, seed=OTHER):
    network = WindowedNetwork(model, activation, overlap=overlap, chunk=chunk, keep=keep)
    return network.sample(x, network.encode(x), seed, noise_seed=SEED).numpy()


@pytest.mark.parametrize(
    ("rank", "levels"),
    [
        pytest.param(2, 0, marks=pytest.mark.slow),
        (2, 2),
        pytest.param(3, 1, marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
def test_many_windows_draw_what_one_over_the_whole_image_draws(rank, levels):
    """Whatever the chunk, the overlap and what is kept; of an image cut short, wherever its elements are whole."""
    small, whole = same_weights(toy(16, rank, levels=levels), toy(32, rank, levels=levels))
    x = noise(3 if rank == 2 else 1, *[32] * rank, 1)
    expected = sample(whole, x)
    np.testing.assert_allclose(expected, tf.nn.softmax(whole([x, OTHER])), atol=1e-6)
    for overlap, chunk, keep in ((0.5, 2, 0), (0.3, 5, 100)):
        np.testing.assert_allclose(
            sample(small, x, overlap=overlap, chunk=chunk, keep=keep), expected, atol=2e-6
        )
    cut = (slice(None), *[slice(27)] * rank)
    inside = (slice(None), *[slice(27 // 2**levels * 2**levels)] * rank)
    np.testing.assert_allclose(sample(small, x[cut])[inside], expected[inside], atol=2e-6)
    assert np.abs(expected - sample(whole, x, seed=SEED)).mean() > 0.02


@pytest.mark.slow
def test_windows_begin_at_whole_elements_of_the_maps_that_are_dropped_in(tmp_path):
    """A map of one element has none to begin at, and without any such maps windows begin wherever they fit."""
    network = {"widths": [4, 8, 8, 8, 8], "level_dropout": {3: 0.5, 5: 0.5}}
    config = settings(tmp_path, "mc-dropout", 2, network=network)
    drawn, unseeded = (
        windowed(config, build_member(config, channels=1, sources=sources), keep=0)
        for sources in (SOURCES, ())
    )
    assert sorted({*drawn.corners([1, 23, 30, 1]).numpy()[:, 1]}) == [0, 8]
    assert sorted({*drawn.corners([1, 23, 30, 1]).numpy()[:, 2]}) == [0, 8, 16]
    assert sorted({*unseeded.corners([1, 23, 30, 1]).numpy()[:, 1]}) == [0, 7]
    assert sorted({*unseeded.corners([1, 23, 30, 1]).numpy()[:, 2]}) == [0, 7, 14]


def shares_of_whole(tiled, whole, patch, reach):
    """Mutual information by windows against that by one window, near centres of windows and midway between those of 2, 4, 8.

    Windows overlap by half. Near is up to ``reach`` voxels off along every axis.
    """
    size, rank = whole.shape[1], len(whole.shape) - 1

    def near(middles):
        return np.flatnonzero(
            [min(abs(i + 0.5 - middle) for middle in middles) < reach for i in range(size)]
        )

    centres = near(range(patch // 2, size - patch // 2 + 1, patch // 2))
    between = near(range(3 * patch // 4, size - patch // 2, patch // 2))
    for axes in range(rank + 1):
        chosen = np.ix_(range(len(whole)), *[between] * axes, *[centres] * (rank - axes))
        yield tiled[chosen].mean() / whole[chosen].mean()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rank", "patch", "levels"), [(2, 32, 1), pytest.param(3, 16, 0, marks=pytest.mark.slow)]
)
def test_windows_that_meet_leave_mutual_information_as_it_is(rank, patch, levels):
    """Of noise, set against one window over all of it, which has no places where windows meet."""
    models = same_weights(
        *(toy(edge, rank, levels=levels, kernel=3) for edge in (patch, 2 * patch))
    )
    x = noise(2, *[2 * patch] * rank, 1)
    tiled, whole = (mutual_information(model, x, samples=12) for model in models)
    np.testing.assert_allclose([*shares_of_whole(tiled, whole, patch, 2)], 1, atol=0.05)


@pytest.mark.slow
def test_windows_of_a_unet_that_meet_leave_mutual_information_as_it_is(tmp_path):
    """Its receptive field reaches a window's borders, which change the network itself a little."""
    models = []
    for patch in (32, 64):
        network = {"patch_size": [patch] * 3, "widths": [8, 8], "level_dropout": {2: 0.5}}
        tf_keras.utils.set_random_seed(1)
        models.append(build_member(settings(tmp_path, "mc-dropout", network=network), channels=1))
    x = noise(2, 64, 64, 64, 1)
    tiled, whole = (mutual_information(model, x, samples=10) for model in same_weights(*models))
    np.testing.assert_allclose([*shares_of_whole(tiled, whole, 32, 2)], 1, atol=0.1)


def mutual_information(model, x, *, samples):
    network = WindowedNetwork(model, softmax, overlap=0.5, chunk=2, keep=0)
    sampler = Sampler(Posterior([network]), voxel_reducers(), finish=voxel_maps)
    return sampler.sample(x, SEED, tf.constant(samples))["mutual_information"].numpy()


def maps_of(posterior, activation_outputs, samples):
    sampler = Sampler(
        posterior,
        [*voxel_reducers(), PackedMasks()],
        finish=lambda s: voxel_maps(s) | {"masks": s["masks"]},
    )
    return sampler.sample(activation_outputs, SEED, tf.constant(samples))


NOISY = {
    "name": "fcn",
    "widths": [2, 4],
    "heteroscedastic": True,
    "noise_draws": 3,
    "level_dropout": {},
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rank", "members"),
    [
        (2, 3),
        (3, 1),
        pytest.param(2, 1, marks=pytest.mark.slow),
        pytest.param(3, 3, marks=pytest.mark.slow),
    ],
)
def test_predicted_noise_is_no_disagreement_of_samples(tmp_path, rank, members):
    """Of one network and of equal members, over windows of a large image: exactly 0, whatever the number of samples."""
    config = settings(tmp_path, "ensemble", rank, network=NOISY)
    models = same_weights(*[build_member(config, channels=1, sources=()) for _ in range(members)])
    posterior = Posterior([windowed(config, model, keep=0) for model in models])
    maps = maps_of(posterior, noise(2, *(27, 16, 19)[:rank], 1), 7)
    for name in ("mutual_information", "variation_ratio", "standard_deviation"):
        np.testing.assert_array_equal(maps[name], 0, err_msg=name)
    masks = maps["masks"].numpy()
    np.testing.assert_array_equal(masks, np.repeat(masks[:, :1], 7, 1))
    assert maps["expected_entropy"].numpy().min() > 0


def test_predicted_noise_is_the_same_in_every_window():
    config = settings("/", "deterministic", 2, network=NOISY | {"output": "softmax"})
    activation = task_of(config).activation(config)
    small, whole = same_weights(*(still(patch) for patch in (16, 32)))
    x = noise(2, 32, 32, 1)
    expected = sample(whole, x, activation=activation)
    np.testing.assert_allclose(sample(small, x, activation=activation), expected, atol=2e-6)
    np.testing.assert_array_equal(sample(whole, x, activation=activation, seed=SEED), expected)


def still(patch):
    """Twice two channels of each voxel by itself, nothing drawn."""
    layers = LayerFactory(sources=())
    image = tf_keras.Input((patch, patch, 1))
    return tf_keras.Model([image, layers.seed], layers.conv(4, 1, rank=2, name="logits")(image))


@pytest.mark.slow
def test_equal_classifiers_and_landmark_networks_of_predicted_noise_agree(digits, heads):
    for task, root in (("classification", digits), ("landmarks", heads)):
        config = task_settings(task, root, "ensemble", network={"heteroscedastic": True, "level_dropout": {}, "upsample_dropout": 0.0}
                               if task == "landmarks" else {"heteroscedastic": True, "level_dropout": {}})  # fmt: skip
        models = same_weights(*[build_member(config, channels=1) for _ in range(2)])
        posterior = Posterior([windowed(config, model, keep=0) for model in models])
        the_task = task_of(config)
        sampler = Sampler(posterior, the_task.reducers(config), finish=the_task.finish)
        drawn = sampler.sample(noise(2, *config.network.patch_size, 1), SEED, tf.constant(5))
        if task == "landmarks":
            found = drawn["landmarks"].numpy()
            np.testing.assert_array_equal(found, np.repeat(found[:, :1], 5, 1))
        else:
            for name in ("mutual_information", "variation_ratio", "standard_deviation"):
                np.testing.assert_array_equal(drawn[name], 0, err_msg=name)


@pytest.mark.slow
def test_an_ensemble_of_equal_members_writes_no_disagreement(balls, tfuq, tmp_path):
    network = NOISY | {"output": "softmax"}
    run = train(
        settings(balls, "ensemble", 2, network=network, prediction={"overlap": 0.4}),
        tmp_path / "run",
    )
    for name in ("weights.npz", "done"):
        shutil.copy(run.member(0) / name, run.member(1) / name)
    result = tfuq("predict", run.path, "--out", tmp_path / "out", "--seed", 9)
    assert result.exit_code == 0, result.output
    tables = sorted((tmp_path / "out").glob("*/structures.csv"))
    assert tables
    for path in tables:
        for name in ("mutual_information", "variation_ratio", "standard_deviation"):
            assert not nibabel.load(path.with_name(f"{name}.nii.gz")).get_fdata().any(), name
        with path.open() as file:
            assert {
                float(row["pairwise_dice"]) for row in csv.DictReader(file) if row["pairwise_dice"]
            } <= {1.0}


@pytest.mark.slow
def test_an_export_draws_the_same_over_many_windows(tmp_path):
    config = settings(
        tmp_path, "mc-dropout", 2, network={"heteroscedastic": True, "noise_draws": 3}
    )
    network = windowed(config, build_member(config, channels=1), keep=4)
    sampler = Sampler(Posterior([network]), voxel_reducers(), finish=voxel_maps)
    x, samples = tf.constant(noise(3, 27, 40, 1)), tf.constant(3)
    expected = sampler.sample(x, SEED, samples)
    served = saved_and_loaded(sampler, tmp_path / "exported")
    for name, values in served(image=x, seed=SEED, num_samples=samples).items():
        assert values.numpy().tobytes() == expected[name].numpy().tobytes(), name
