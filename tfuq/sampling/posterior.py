"""`Posterior`: the networks of a run, and how a method samples them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import tensorflow as tf

from tfuq.config import TRAINED_AS, base_method, transforms_of
from tfuq.errors import RunError
from tfuq.networks.layers import fold_in
from tfuq.sampling.windows import WindowedNetwork

NetworkKind = Literal["point", "variational", "latent", "swag", "probabilistic", "stochastic"]


@dataclass(frozen=True, kw_only=True)
class MethodTraits:
    """What is random in a sample of a method, and the kind of network that the method needs.

    Attributes:
        sources: those of `tfuq.networks.layers.SOURCES` that are random.
        draws_member: whether samples come from different members.
        network: the kind of network.
        transforms: how the image is changed at random before the network sees it, see
            `tfuq.sampling.transforms`.
    """

    sources: tuple[str, ...] = ()
    draws_member: bool = False
    network: NetworkKind = "point"
    transforms: tuple[str, ...] = ()

    @property
    def draws_within(self) -> bool:
        """Whether anything is random within a member: in its network, or in what that sees."""
        return bool(self.sources or self.transforms)

    @property
    def variational(self) -> bool:
        """Whether the network has weights with a distribution."""
        return self.network in ("variational", "latent", "swag")

    @property
    def has_divergence(self) -> bool:
        """Whether training infers the weights' distribution, by an ELBO."""
        return self.network in ("variational", "latent")

    @property
    def is_random(self) -> bool:
        """Whether two samples can differ."""
        return self.draws_within or self.draws_member


METHOD_TRAITS = {
    "deterministic": MethodTraits(),
    "mc-dropout": MethodTraits(sources=("dropout",)),
    "ensemble": MethodTraits(draws_member=True),
    "hybrid": MethodTraits(sources=("dropout",), draws_member=True),
    "vi": MethodTraits(sources=("weights",), draws_member=True, network="variational"),
    "latent-vi": MethodTraits(sources=("weights", "code"), draws_member=True, network="latent"),
    "latent-code": MethodTraits(sources=("code",), draws_member=True, network="latent"),
    "swag": MethodTraits(sources=("weights",), draws_member=True, network="swag"),
    "latent-weights": MethodTraits(sources=("weights",), draws_member=True, network="latent"),
    "probabilistic-unet": MethodTraits(
        sources=("code",), draws_member=True, network="probabilistic"
    ),
    "stochastic-segmentation": MethodTraits(
        sources=("logits",), draws_member=True, network="stochastic"
    ),
}


# What a run of point weights lacks, by the kind of network that a method needs.
_LACK: dict[NetworkKind, str] = {
    "variational": "whose weights are points",
    "latent": "whose weights are points",
    "probabilistic": "which has no code",
    "stochastic": "whose logits have no distribution",
    "swag": "whose weights are points",
}


def traits_of(method: str) -> MethodTraits:
    """The traits of a method, with those of the test-time augmentation in its name."""
    return replace(METHOD_TRAITS[base_method(method)], transforms=transforms_of(method))


def check_method(method: str, *, trained_as: str, members: int, has_dropout: bool) -> None:
    """Refuse a method that a run cannot serve.

    Args:
        method: the method's name.
        trained_as: the method that the run was trained as.
        members: how many members have finished training.
        has_dropout: whether the run's network has dropout.

    Raises:
        RunError: another kind of weights, no dropout, or fewer than two members.
    """
    traits = traits_of(method)
    trained = METHOD_TRAITS[trained_as]
    base = base_method(method)
    served = _served_by(trained)
    trained_run = f"this run was trained as {trained_as}"
    if trained.network != "point" and base not in served:
        served_names = ", ".join(served)
        raise RunError(f"{trained_run}, which serves {served_names}, not {method}")
    if traits.network not in ("point", trained.network):
        needed = TRAINED_AS.get(base, base)
        raise RunError(f"{trained_run}, {_LACK[traits.network]}; train with --method {needed}")
    if "dropout" in traits.sources and not has_dropout:
        missing = "this run's network has no dropout; set network.level_dropout and train again"
        raise RunError(f"{method} draws dropout masks, but {missing}")
    if base in ("ensemble", "hybrid") and members < 2:
        remedy = f"train with --method {base}"
        raise RunError(f"{method} needs two members or more, this run has {members}; {remedy}")


def _served_by(trained: MethodTraits) -> list[str]:
    """The methods that a run serves whose method has the traits ``trained``."""
    served = []
    for name, traits in METHOD_TRAITS.items():
        if traits.network == trained.network:
            served.append(name)
    return [*served, "deterministic", "ensemble"]


def samples_of(method: str, *, members: int, asked: int) -> int:
    """How many samples a method takes.

    Args:
        method: the method's name.
        members: how many members it samples.
        asked: how many samples are asked for.

    Returns:
        One where nothing is random, one for each member where only the member is, else ``asked``.

    Raises:
        RunError: one sample of a random method, whose measures need two.
    """
    traits = traits_of(method)
    if not traits.is_random:
        return 1
    if asked < 2:
        reason = "as its measures compare samples; use deterministic for one"
        raise RunError(f"--samples {asked}: {method} needs at least 2, {reason}")
    if traits.draws_within:
        return asked
    return min(asked, members)


@dataclass(frozen=True)
class Posterior:
    """Members, each a network that is a function of the image and of a seed.

    Members take turns in blocks: sample t of T is sample j of member m. Its seed depends on m and j
    alone, so that more samples keep the earlier ones.
    """

    members: Sequence[WindowedNetwork]

    def draws(self, member: int, samples: tf.Tensor) -> tf.Tensor:
        """How many of T samples come from a member; the first members take the remainder.

        Args:
            member: index of the member.
            samples: T, int32 scalar.
        """
        count = len(self.members)
        share = samples // count
        takes_one_more = member < samples % count
        return share + tf.cast(takes_one_more, samples.dtype)

    @staticmethod
    def seed(seed: tf.Tensor, member: int, draw: tf.Tensor) -> tf.Tensor:
        """The seed of one sample, int32 ``[2]``.

        Args:
            seed: of the prediction, int32 ``[2]``.
            member: index of the member.
            draw: index of the sample among the member's.
        """
        return fold_in(fold_in(seed, member), draw)
