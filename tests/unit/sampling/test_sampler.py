"""The sampling graph: seeds, batches, windows, streaming against stacked, methods against each other."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import ALL_METHODS, settings
from tests.support import references
from tfuq.errors import RunError
from tfuq.measures.reducers import Moments, PackedMasks, Votes
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.networks.losses import probabilities
from tfuq.sampling.blending import gaussian_importance
from tfuq.sampling.member_moments import MemberMoments
from tfuq.sampling.members import build_member, load_posterior, windowed
from tfuq.sampling.posterior import Posterior, check_method, samples_of
from tfuq.sampling.prefix import split_at_seed
from tfuq.sampling.sampler import Sampler
from tfuq.sampling.windows import WindowedNetwork

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])


def sampler_of(run, method, keep=8):
    posterior = load_posterior(run, method, keep=keep)
    return Sampler(
        posterior,
        [*voxel_reducers(), PackedMasks()],
        finish=lambda s: voxel_maps(s) | {"m": s["masks"]},
    )


def full(p):
    """Both classes of a binary sample."""
    return np.concatenate([1 - p, p], -1) if p.shape[-1] == 1 else p


def images(run, count, size=None):
    patch = size or run.config.network.patch_size
    return (
        np.random.default_rng(0)
        .normal(size=(count, *patch, run.facts["channels"]))
        .astype(np.float32)
    )


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("method", ALL_METHODS)
def test_same_seed_same_bytes_whatever_the_batch(trained, method, rank):
    run = trained(method, rank)
    sampler, x = sampler_of(run, method), images(run, 11)
    samples = tf.constant(samples_of(method, members=2, asked=5))
    whole = sampler.sample(x, SEED, samples)
    again = sampler.sample(x, SEED, samples)
    parts = [sampler.sample(x[i : i + n], SEED, samples) for i, n in ((0, 8), (8, 3))]
    few = sampler.sample(x[:3], SEED, samples)
    for name, values in whole.items():
        assert values.numpy().tobytes() == again[name].numpy().tobytes()
        assert (
            values.numpy().tobytes() == np.concatenate([part[name] for part in parts]).tobytes()
        ), name
        assert values[:3].numpy().tobytes() == few[name].numpy().tobytes(), name
    other = sampler.sample(x, OTHER, samples)
    differs = whole["probability"].numpy().tobytes() != other["probability"].numpy().tobytes()
    assert differs == (
        method in ("mc-dropout", "hybrid", "vi", "latent-vi")
    )  # a seed does not choose an ensemble's members


def test_windows_of_a_large_image_too_give_the_same_bytes_whatever_the_batch(trained):
    run = trained("mc-dropout", 2)
    sampler, x, samples = (
        sampler_of(run, "mc-dropout"),
        images(run, 2 * run.config.chunk, (27, 40)),
        tf.constant(3),
    )
    whole = sampler.sample(x, SEED, samples)
    parts = [sampler.sample(part, SEED, samples) for part in np.split(x, 2)]
    for name, values in whole.items():
        assert (
            values.numpy().tobytes() == np.concatenate([part[name] for part in parts]).tobytes()
        ), name


@pytest.mark.parametrize("method", ["mc-dropout", "hybrid", "vi"])
def test_more_samples_keep_the_earlier_draws(trained, method):
    run = trained(method)
    sampler, x = sampler_of(run, method), images(run, 1)
    few, many = (sampler.sample(x, SEED, tf.constant(t))["m"].numpy() for t in (4, 6))
    halves = 2 if method == "hybrid" else 1
    for member in range(halves):
        start_few, start_many = member * 4 // halves, member * 6 // halves
        np.testing.assert_array_equal(
            few[:, start_few : start_few + 4 // halves],
            many[:, start_many : start_many + 4 // halves],
        )


def test_streamed_equals_stacked(trained):
    run = trained("hybrid")
    sampler, x = sampler_of(run, "hybrid"), images(run, 1)
    posterior = load_posterior(run, "hybrid", keep=8)
    stacked = []
    for member, network in enumerate(posterior.members):
        for draw in range(3):
            seed = Posterior.seed(SEED, tf.constant(member), tf.constant(draw))
            stacked.append(probabilities(network.model([x, seed])).numpy()[0])
    stacked = np.array(stacked, np.float64)
    maps = sampler.sample(x, SEED, tf.constant(6))
    for voxel in [(0, 0, 0), (8, 8, 8), (3, 12, 5), (15, 7, 9)]:
        expected = references.voxel_measures(stacked[(slice(None), *voxel)])
        for name, value in expected.items():
            np.testing.assert_allclose(
                maps[name].numpy()[(0, *voxel)], value, atol=2e-5, err_msg=name
            )
    masks = np.unpackbits(maps["m"].numpy(), axis=-1, bitorder="little").reshape(
        1, 6, 2, 16, 16, 16
    )
    for k in (1, 2):
        clear = (
            np.abs(np.sort(stacked)[..., -1] - np.sort(stacked)[..., -2]) > 1e-5
        )  # a tie may fall either way
        np.testing.assert_array_equal(masks[0, :, k - 1][clear], (stacked.argmax(-1) == k)[clear])


def reduce_all(samples, reducers):
    p = tf.constant(samples, tf.float32)
    out = {}
    for reducer in reducers:
        state = reducer.initialize(p.shape[1:], tf.constant(len(samples)))
        for t in range(len(samples)):
            state = reducer.update(state, p[t], tf.constant(t))
        out |= reducer.finalize(state, tf.constant(len(samples)))
    return out


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_reducers_against_the_reference(classes):
    rng = np.random.default_rng(classes)
    samples = rng.dirichlet(np.ones(classes), size=(9, 4, 6))
    maps = voxel_maps(reduce_all(samples, voxel_reducers()))
    for n in range(4):
        for v in range(6):
            for name, value in references.voxel_measures(samples[:, n, v]).items():
                np.testing.assert_allclose(maps[name].numpy()[n, v], value, atol=3e-6, err_msg=name)


def test_a_binary_network_is_reduced_by_its_foreground_alone():
    p = np.random.default_rng(0).random((6, 3, 4, 1))
    reducers = [*voxel_reducers(), PackedMasks()]
    one, two = (reduce_all(samples, reducers) for samples in (p, np.concatenate([1 - p, p], -1)))
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_allclose(one[name], two[name], atol=2e-6, err_msg=name)


@pytest.mark.parametrize(
    ("votes", "ratio"), [([1, 1, 1, 1, 1, 0], 1 / 6), ([1, 0, 1, 0, 1, 0], 0.5), ([1, 1, 1], 0.0)]
)
def test_known_variation_ratios(votes, ratio):
    samples = np.eye(2)[votes][:, None, None] * 0.8 + 0.1
    share = reduce_all(samples, [Votes()])["modal_share"].numpy()
    np.testing.assert_allclose(1 - share, ratio, atol=1e-6)


@pytest.mark.parametrize(
    ("mean", "value"), [((0.5, 0.5), 0.6931), ((0.9, 0.1), 0.3251), ((1.0, 0.0), 0.0)]
)
def test_known_entropies(mean, value):
    maps = voxel_maps(reduce_all(np.array([mean, mean])[:, None, None], voxel_reducers()))
    for name in ("predictive_entropy", "expected_entropy"):
        np.testing.assert_allclose(maps[name].numpy(), value, atol=5e-5)
    np.testing.assert_array_equal(maps["mutual_information"], 0)
    np.testing.assert_array_equal(maps["standard_deviation"], 0)


def test_known_mean_and_spread():
    p = np.array([0.9007, 0.8139, 0.9349, 0.9309, 0.9520, 0.8621, 0.8489])
    maps = voxel_maps(reduce_all(np.stack([1 - p, p], -1)[:, None, None], voxel_reducers()))
    assert maps["probability"].numpy()[0, 0, 1] == pytest.approx(0.8919, abs=5e-5)
    assert maps["standard_deviation"].numpy()[0, 0] == pytest.approx(0.0476, abs=5e-5)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_equal_samples_have_exactly_no_spread(classes):
    samples = np.tile(
        np.random.default_rng(0).dirichlet(np.ones(classes), size=(1, 999)), (7, 1, 1)
    )
    samples = samples[..., 1:] if classes == 2 else samples
    members = MemberMoments(Posterior([None] * 3), 3)
    out = reduce_all(samples, [*voxel_reducers(), members])
    np.testing.assert_array_equal(out["variance"], 0)
    np.testing.assert_array_equal(out["mean"][..., -1], samples[0, ..., -1].astype(np.float32))
    maps = voxel_maps(out)
    for name in ("mutual_information", "variation_ratio", "standard_deviation"):
        np.testing.assert_array_equal(maps[name], 0, err_msg=name)
    for name in ("between_member_variance", "within_member_variance"):
        np.testing.assert_array_equal(out[name], 0, err_msg=name)


@pytest.mark.parametrize("keep", [0, 1000])
@pytest.mark.parametrize("chunk", [1, 3])
@pytest.mark.parametrize("rank", [2, 3])
def test_windows_blend_as_the_reference_does(tmp_path, rank, chunk, keep):
    config = settings(tmp_path, "mc-dropout", rank, prediction={"overlap": 0.5, "chunk": chunk})
    model, classes = build_member(config, channels=1), len(config.data.classes)
    network = windowed(config, model, keep=keep)
    size = (27, 16, 19)[:rank] if rank == 3 else (27, 40)
    x = np.random.default_rng(0).normal(size=(2, *size, 1)).astype(np.float32)
    seed = Posterior.seed(SEED, tf.constant(0), tf.constant(0))
    p = full(network.sample(x, network.encode(x), seed, noise_seed=SEED).numpy())
    # The coarsest map that is dropped in has elements of two voxels: windows begin at even ones, and an odd image is mirrored.
    ends = [(n - 15) // 2 for n in size]
    starts = [2 * np.unique(np.round(np.linspace(0, n, -(-n // 4) + 1)).astype(int)) for n in ends]
    corners = np.stack(np.meshgrid(*starts, indexing="ij"), -1).reshape(-1, rank)
    importance, split = gaussian_importance((16,) * rank).numpy(), split_at_seed(model)

    def window(patch, corner):
        features = tf.nest.flatten(split.prefix(patch[None]))
        return probabilities(
            split.suffix([*features, corner[None].astype(np.int32), seed])
        ).numpy()[0]

    for image, found in zip(x, p, strict=True):
        mirrored = np.pad(image, [*((0, n % 2) for n in size), (0, 0)], "symmetric")
        expected = references.blended(window, mirrored, (16,) * rank, corners, importance)
        expected = expected[tuple(slice(n) for n in size)]
        assert found.shape[-1] == classes
        np.testing.assert_allclose(found, expected, atol=2e-5)
        np.testing.assert_allclose(found.sum(-1), 1, atol=1e-5)


def test_kept_and_recomputed_encodings_give_the_same_bytes(tmp_path):
    config = settings(tmp_path, "mc-dropout", 3, network={"level_dropout": {2: 0.5}})
    model = build_member(config, channels=1)
    x = np.random.default_rng(0).normal(size=(1, 24, 24, 16, 1)).astype(np.float32)
    results = []
    for keep in (0, 100):
        network = WindowedNetwork(
            model, lambda outputs, *_: tf.nn.softmax(outputs), overlap=0.5, chunk=1, keep=keep
        )
        sampler = Sampler(Posterior([network]), [Moments()])
        results.append(sampler.sample(x, SEED, tf.constant(3))["mean"].numpy().tobytes())
    assert results[0] == results[1]


def test_windows_share_the_channels_that_are_dropped(tmp_path):
    """Where an image repeats with the stride, so does each sample of it."""
    config = settings(
        tmp_path, "mc-dropout", 2, network={"spatial_dropout": True}, prediction={"overlap": 0.0}
    )
    network = windowed(config, build_member(config, channels=1), keep=0)
    tile = np.random.default_rng(0).normal(size=(1, 16, 16, 1)).astype(np.float32)
    x = np.tile(tile, (1, 2, 3, 1))
    p = full(network.sample(x, network.encode(x), SEED, noise_seed=SEED).numpy())
    for row in range(2):
        for column in range(3):
            np.testing.assert_allclose(
                p[:, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16],
                p[:, :16, :16],
                atol=1e-6,
            )


def test_methods_of_one_run_agree_where_they_must(trained):
    run = trained("hybrid")
    x = images(run, 2)
    draw = {
        m: sampler_of(run, m).sample(x, SEED, tf.constant(t))
        for m, t in (("deterministic", 1), ("ensemble", 2))
    }
    members = [
        windowed(run.config, network.model, keep=0)
        for network in load_posterior(run, "ensemble", keep=0).members
    ]
    stacked = [m.sample(x, m.encode(x), SEED, noise_seed=SEED).numpy() for m in members]
    np.testing.assert_array_equal(draw["deterministic"]["probability"], stacked[0])
    np.testing.assert_allclose(draw["ensemble"]["probability"], np.mean(stacked, 0), atol=1e-6)
    assert not np.allclose(stacked[0], stacked[1])
    one = Sampler(Posterior(members[:1]), voxel_reducers(), finish=voxel_maps).sample(
        x, SEED, tf.constant(1)
    )
    np.testing.assert_array_equal(one["probability"], draw["deterministic"]["probability"])


def test_runs_refuse_methods_they_cannot_serve(trained):
    with pytest.raises(RunError, match="points"):
        load_posterior(trained("mc-dropout"), "vi", keep=0)
    with pytest.raises(RunError, match="two members or more, this run has 1"):
        load_posterior(trained("mc-dropout"), "ensemble", keep=0)
    with pytest.raises(RunError, match="serves vi"):
        load_posterior(trained("vi"), "mc-dropout", keep=0)
    with pytest.raises(RunError, match="no dropout"):
        check_method("mc-dropout", trained_as="deterministic", members=1, has_dropout=False)
    with pytest.raises(RunError, match="at least 2"):
        samples_of("mc-dropout", members=1, asked=1)
    assert samples_of("deterministic", members=1, asked=1) == 1
    assert samples_of("ensemble", members=3, asked=20) == 3
