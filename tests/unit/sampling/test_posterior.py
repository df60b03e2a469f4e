"""How a method samples the members of a run."""

import numpy as np
import pytest
import tensorflow as tf

from tfuq.errors import RunError
from tfuq.sampling.members import load_posterior
from tfuq.sampling.posterior import METHOD_TRAITS, Posterior, check_method, samples_of


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


@pytest.mark.parametrize(("members", "samples"), [(1, 5), (3, 7), (3, 3), (4, 2), (2, 0)])
def test_samples_are_dealt_out_in_blocks_that_differ_by_one(members, samples):
    posterior = Posterior([None] * members)
    found = [int(posterior.draws(member, tf.constant(samples))) for member in range(members)]
    assert found == [len(block) for block in np.array_split(np.arange(samples), members)]


def test_a_seed_depends_on_the_member_and_the_draw():
    seeds = {
        tuple(Posterior.seed(tf.constant([1, 2]), member, tf.constant(draw)).numpy())
        for member in range(4)
        for draw in range(25)
    }
    assert len(seeds) == 100


@pytest.mark.parametrize(
    ("method", "members", "asked", "samples"),
    [
        ("deterministic", 5, 20, 1),
        ("ensemble", 5, 20, 5),
        ("ensemble", 5, 3, 3),
        ("deterministic+flips", 1, 20, 20),
        ("ensemble+affine", 5, 20, 20),
        ("hybrid", 5, 20, 20),
        ("latent-code", 1, 2, 2),
    ],
)
def test_as_many_samples_as_can_differ(method, members, asked, samples):
    assert samples_of(method, members=members, asked=asked) == samples


@pytest.mark.parametrize("method", [name for name in METHOD_TRAITS if name != "deterministic"])
def test_one_sample_of_what_is_random_is_refused(method):
    assert METHOD_TRAITS[method].is_random
    with pytest.raises(RunError, match="needs at least 2, as its measures compare samples"):
        samples_of(method, members=3, asked=1)


@pytest.mark.parametrize(
    ("method", "trained_as", "words"),
    [
        ("vi", "ensemble", "whose weights are points; train with --method vi"),
        ("latent-code", "vi", "which serves vi, deterministic, ensemble, not latent-code"),
        ("mc-dropout", "vi", "which serves vi, deterministic, ensemble, not mc-dropout"),
        ("probabilistic-unet", "ensemble", "has no code; train with --method probabilistic-unet"),
        ("stochastic-segmentation", "ensemble", "whose logits have no distribution; train with"),
        ("vi", "probabilistic-unet", "which serves probabilistic-unet, deterministic, ensemble"),
        ("hybrid", "ensemble", "has no dropout; set network.level_dropout"),
    ],
)
def test_a_run_serves_methods_of_its_own_kind_of_weights(method, trained_as, words):
    with pytest.raises(RunError, match=words):
        check_method(method, trained_as=trained_as, members=3, has_dropout=False)


@pytest.mark.parametrize("method", ["latent-vi", "latent-code", "deterministic", "ensemble"])
def test_a_latent_run_serves_its_sources_and_its_means(method):
    check_method(method, trained_as="latent-vi", members=2, has_dropout=False)
