"""Networks in a configuration."""

import pytest

from tests.conftest import settings
from tests.support.refusals import assert_config_refused
from tfuq.config.network import NetworkConfig


def test_vnet_is_as_published_unless_told_otherwise(tmp_path):
    network = settings(tmp_path, network={"name": "vnet"}).network
    assert (network.activation, network.kernel_size) == ("prelu", 5)
    own = settings(
        tmp_path, network={"name": "vnet", "activation": "elu", "kernel_size": 3}
    ).network
    assert (own.activation, own.kernel_size) == ("elu", 3)


def test_a_residual_unet_is_normalized_and_leaky_unless_told_otherwise():
    network = NetworkConfig(name="residual-unet", patch_size=[8, 8], widths=[4, 8])
    assert (network.activation, network.normalization) == ("leaky-relu", "instance")
    assert network.blocks_of_levels == [2, 2]
    assert network.kernels_of_levels == [[3, 3], [3, 3]]
    assert network.strides_of_levels == [[2, 2]]


def test_steps_along_each_axis_say_what_a_patch_is_a_multiple_of():
    strides = [[2, 2, 1], [2, 2, 2]]
    network = NetworkConfig(
        name="residual-unet", patch_size=[8, 12, 2], widths=[4, 8, 8], strides=strides
    )
    assert network.strides_of_levels == strides


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("network.level_dropout={2: 1.5}", ["network.level_dropout", "less than 1", "1.5"]),
        ("network.level_dropout={9: 0.5}", ["level 9", "1 to 3"]),
        ("network.patch_size=[50, 64, 48]", ["patch_size", "multiples of 4"]),
        ("network.kernel_size=5", ["kernel_size does not serve the network unet"]),
        ("network.name=fcn", ["head_filters does not serve the network fcn"]),
        (
            "network={name: fcn, patch_size: [12, 12, 12], widths: [4, 4, 4]}",
            ["multiples of 8", "3 widths"],
        ),
        (
            "network={name: fcn, patch_size: [8, 8, 8], widths: [4, 4], upsample_dropout: 0.5}",
            ["upsample_dropout"],
        ),
        ("network={name: vnet, patch_size: [8, 8, 6], widths: [4, 4, 4]}", ["multiples of 4"]),
        (
            "network={name: vnet, patch_size: [8, 8, 8], widths: [4, 4], kernel_size: 4}",
            ["kernel_size"],
        ),
        (
            "network={name: vnet, patch_size: [8, 8, 8], widths: [4, 4], kernel_size: null}",
            ["vnet must be 3 or 5"],
        ),
        (
            "network={name: residual-unet, patch_size: [8, 8, 6], widths: [4, 4, 4], "
            "strides: [[2, 2, 1], [2, 2, 4]]}",
            ["network.strides.1.2", "1 or 2"],
        ),
        (
            "network={name: residual-unet, patch_size: [8, 8, 6], widths: [4, 4, 4], "
            "strides: [[2, 2, 2], [2, 2, 2]]}",
            ["multiples of 4"],
        ),
        (
            "network={name: residual-unet, patch_size: [8, 6, 3], widths: [4, 4, 4], "
            "strides: [[2, 2, 1], [2, 2, 1]]}",
            ["multiples of [4, 4, 1] along its axes"],
        ),
        (
            "network={name: residual-unet, patch_size: [8, 8, 8], widths: [4, 4, 4], "
            "strides: [[2, 2, 2]]}",
            ["strides has 1 entries and should have 2, as there are 3 widths"],
        ),
        (
            "network={name: residual-unet, patch_size: [8, 8, 8], widths: [4, 4], "
            "kernels: [[3, 3], [3, 3]]}",
            ["kernels [[3, 3], [3, 3]] must have 3 numbers in each entry"],
        ),
        (
            "network={name: residual-unet, patch_size: [8, 8], widths: [4, 4], blocks: [1, 2, 3]}",
            ["blocks has 3 entries and should have 2"],
        ),
        (
            "network={name: residual-unet, patch_size: [8, 8], widths: [4, 4], "
            "deep_supervision: true}",
            ["deep_supervision needs 3 widths or more, and there are 2", "remove it"],
        ),
        ("network.deep_supervision=true", ["deep_supervision does not serve the network unet"]),
        ("network.noise_draws=20", ["noise_draws serves a heteroscedastic network"]),
        ("network.noise_draws=1", ["noise_draws", "greater than or equal to 2"]),
    ],
)
def test_bad_values_are_refused_by_name(override, words):
    assert_config_refused(override, *words)


@pytest.mark.parametrize(("convolutions", "least"), [(2, 12), (3, 32)])
def test_the_least_image_of_lenet_leaves_a_pixel(convolutions, least):
    """Each convolution but the first takes 4 pixels, and pooling after each halves them."""
    size = least
    for number in range(convolutions):
        size = (size if number == 0 else size - 4) // 2
    assert size == 1
    network = {"name": "lenet", "widths": [4] * convolutions}
    NetworkConfig(patch_size=[least] * 2, **network)
    with pytest.raises(ValueError, match=f"give {least} or more"):
        NetworkConfig(patch_size=[least, least // 2], **network)


@pytest.mark.parametrize(
    "dropout",
    [{"level_dropout": {2: 0.1}}, {"dropout_after_each": 0.1}, {"upsample_dropout": 0.1}],
)
def test_every_dropout_counts_and_goes(dropout):
    network = NetworkConfig(patch_size=[8, 8], widths=[4, 8], **dropout)
    assert network.has_dropout
    assert not network.without_dropout().has_dropout
    assert network.without_dropout().widths == [4, 8]


def test_a_rate_of_zero_is_no_dropout():
    network = NetworkConfig(patch_size=[8, 8, 8], widths=[4, 8], level_dropout={1: 0.0})
    assert not network.has_dropout
    assert network.rank == 3
