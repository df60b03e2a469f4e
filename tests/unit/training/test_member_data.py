"""What one member trains on."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from tests.conftest import settings, task_settings
from tests.support.histories import history, weights
from tfuq.config import LossConfig
from tfuq.errors import DataError
from tfuq.training import train
from tfuq.training.member_data import kl_scale_of, likelihood_share, member_seed

UNVALIDATED = {"split": {"train": 3, "validation": 0, "test": 3}}


@pytest.mark.slow
def test_kl_scale_is_one_over_the_training_voxels_and_stated(balls, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "tfuq.training"):
        run = train(
            settings(balls, "vi", data=UNVALIDATED, variational={"kl_warmup_epochs": 1}),
            tmp_path / "run",
        )
    voxels = 3 * 18 * 17 * 15  # three cases, without the padding to the patch's 16
    assert run.facts["kl_scale"] == {"member 0": pytest.approx(0.5 / voxels)}
    assert f"KL scale {0.5 / voxels:.3g} per nat (0.5 / training voxels)" in caplog.messages[0]
    row = history(run)[0]
    assert row["kl"] > 0
    assert row["loss"] == pytest.approx(row["data_loss"] + 0.5 * row["kl"], rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("subset", "counts"),
    [
        (0.25, [10, 10]),
        ("bootstrap", [40, 40]),
    ],
)
def test_kl_scale_is_of_each_members_own_examples(digits, tmp_path, caplog, subset, counts):
    """A member on a quarter of the cases has four times the KL scale; a case drawn twice for a bootstrap counts twice."""
    changes = {
        "data": {"split": {"train": 40, "validation": 0, "test": 11}},
        "ensemble": {"subset": subset},
        "variational": {"members": 2},
        "training": {"epochs": 1, "steps_per_epoch": 1},
    }
    with caplog.at_level(logging.INFO, "tfuq.training"):
        run = train(task_settings("classification", digits, "vi", **changes), tmp_path / "run")
    scales = [1 / count for count in counts]
    assert run.facts["kl_scale"] == {
        f"member {k}": pytest.approx(scale) for k, scale in enumerate(scales)
    }
    assert f"KL scale of the members {scales[0]:.3g}, {scales[1]:.3g} per nat" in caplog.messages[0]
    for member, scale in enumerate(scales):
        arrays = weights(run, member)
        nats = sum(
            _divergence(arrays, name) for name in arrays if name.endswith("kernel_posterior_loc")
        )
        # It is that of the step before these weights, whose widths have since moved by up to 15 %.
        assert history(run, member)[0]["kl"] == pytest.approx(scale * nats, rel=0.15)


def _divergence(arrays, name):
    """KL(N(m, s²) ‖ N(0, 0.1²)) in nats, summed over a kernel."""
    mean = arrays[name].astype(float)
    width = np.log1p(np.exp(arrays[name.replace("_loc", "_untransformed_scale")].astype(float)))
    return (0.5 * ((mean**2 + width**2) / 0.1**2 - 1) - np.log(width / 0.1)).sum()


def test_seeds_of_members_are_far_apart_and_always_the_same():
    seeds = [member_seed(seed, member) for seed in range(10) for member in range(10)]
    assert len(set(seeds)) == 100
    assert all(0 <= seed < 2**31 for seed in seeds)
    expected = np.random.SeedSequence([3, 4]).generate_state(1)[0] % 2**31
    assert member_seed(3, 4) == expected


def a_training_set(terms):
    return SimpleNamespace(terms_of_rows=lambda rows: terms * len(rows), terms_per_example=256)


def test_kl_is_divided_by_the_terms_of_a_member_and_of_an_example(tmp_path):
    """The likelihood is three quarters of the loss, and so is the divergence."""
    loss = {"loss": {"name": "dice-ce", "dice_weight": 0.25}}
    config = settings(tmp_path, "latent-vi", 2, training=loss)
    scale = kl_scale_of(config, a_training_set(100), [0, 3, 3])
    assert (scale.weights, scale.code) == (0.75 / 300, 0.75 / 256)


@pytest.mark.parametrize(
    ("loss", "share"),
    [
        ({"name": "dice-ce", "dice_weight": 0.25}, 0.75),
        ({"name": "dice-ce", "dice_weight": 1.0}, 1.0),
        ({"name": "soft-dice"}, 1.0),
        ({"name": "cross-entropy", "dice_weight": 0.25}, 1.0),
    ],
)
def test_the_likelihood_is_a_share_of_the_loss(loss, share):
    assert likelihood_share(LossConfig(**loss)) == share


def test_a_scale_that_is_given_is_taken(tmp_path):
    changes = {"variational": {"kl_scale": 0.5}, "latent": {"kl_scale": 0.25}}
    scale = kl_scale_of(settings(tmp_path, "latent-vi", 2, **changes), a_training_set(100), [0])
    assert (scale.weights, scale.code) == (0.5, 0.25)


def test_beta_is_a_factor_on_the_divergence_of_a_probabilistic_u_net(tmp_path):
    loss = {"loss": {"name": "dice-ce", "dice_weight": 0.25}}
    changes = {"training": loss, "probabilistic": {"beta": 10.0}, "latent": {"kl_scale": 3.0}}
    config = settings(tmp_path, "probabilistic-unet", 2, **changes)
    assert kl_scale_of(config, a_training_set(100), [0]).code == 10 * 0.75 / 256


def test_examples_with_nothing_to_learn_from_are_refused(tmp_path):
    with pytest.raises(DataError, match="2 training examples have no landmark at all"):
        kl_scale_of(settings(tmp_path), a_training_set(0), [0, 1])
