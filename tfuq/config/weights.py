"""What a configuration says of weights: which have a posterior, where they start, which stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfuq.config.methods import VARIATIONAL
from tfuq.config.section import check_each

if TYPE_CHECKING:
    from tfuq.config.schema import Config


def has_point_weights(config: Config) -> bool:
    """Whether the network has weights without a posterior.

    A latent network has them in its backbone, unless that is variational too.

    Args:
        config: The configuration.
    """
    if config.method == "latent-vi":
        return config.latent.backbone == "point"
    return config.method not in VARIATIONAL


def check_point_weights(config: Config) -> None:
    """Refuse what serves layers with point weights alone, where there are none.

    Args:
        config: The configuration.

    Raises:
        ValueError: It has mixed precision or transposed convolutions.
    """
    if has_point_weights(config):
        return
    check_each(
        lambda: _refuse(config.training.precision == "mixed", "training.precision mixed", config),
        lambda: _refuse(
            config.network.upsampling == "transposed", "network.upsampling transposed", config
        ),
    )


def _refuse(is_asked: bool, key: str, config: Config) -> None:
    if not is_asked:
        return
    method = f"method {config.method}"
    remedy = "remove it"
    if config.method == "latent-vi":
        method += " with latent.backbone variational"
        remedy += ", or set latent.backbone: point"
    raise ValueError(f"{key} serves layers with point weights, and {method} has none; {remedy}")


def check_optimizer(config: Config) -> None:
    """Refuse momentum for widths, which Adam infers.

    Args:
        config: The configuration.

    Raises:
        ValueError: The method has widths and another optimizer than Adam.
    """
    if config.method in VARIATIONAL and config.training.optimizer == "sgd":
        raise ValueError(
            f"training.optimizer sgd serves methods with point weights, and method "
            f"{config.method} infers widths with adam; set training.optimizer: adam"
        )


def check_start(config: Config) -> None:
    """Refuse two runs to start from, and one that a latent network cannot start from.

    Args:
        config: The configuration.

    Raises:
        ValueError: Both keys name a run, or the method does not take ``warm_start``.
    """
    if config.method == "latent-vi" and config.variational.warm_start:
        raise ValueError(
            "variational.warm_start serves method vi alone: a latent network differs from "
            "its backbone; set training.initial_weights in its place, which takes the backbone"
        )
    if config.variational.warm_start and config.training.initial_weights:
        raise ValueError(
            "variational.warm_start and training.initial_weights both say where weights start; "
            "remove one of both"
        )


def check_frozen(config: Config) -> None:
    """Refuse frozen layers that would stay at random weights.

    Args:
        config: The configuration.

    Raises:
        ValueError: Nothing says which weights the layers have.
    """
    has_start = config.training.initial_weights is not None
    if config.method == "vi" and config.variational.warm_start:
        has_start = True
    if config.training.frozen and not has_start:
        raise ValueError(
            "training.frozen keeps layers as they start, which is at random without "
            "training.initial_weights; name a run in training.initial_weights, or remove "
            "training.frozen"
        )
