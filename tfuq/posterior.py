"""`Posterior`: the networks of a run and how a method draws from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import tensorflow as tf

from tfuq.config import TRAINED_AS
from tfuq.errors import RunError
from tfuq.layers import fold_in
from tfuq.windows import WindowedNetwork


@dataclass(frozen=True)
class MethodTraits:
    """What one of a method's samples draws, and the kind of network that it needs."""

    draws: tuple[str, ...] = ()  # of `tfuq.layers.SOURCES`
    draws_member: bool = False
    network: Literal["point", "variational", "latent"] = "point"

    @property
    def draws_within(self) -> bool:
        """Whether anything is drawn within a network."""
        return bool(self.draws)

    @property
    def variational(self) -> bool:
        """Whether the network has weights with a distribution."""
        return self.network != "point"

    @property
    def is_random(self) -> bool:
        """Whether two samples can differ."""
        return self.draws_within or self.draws_member


METHOD_TRAITS = {
    "deterministic": MethodTraits(),
    "mc-dropout": MethodTraits(draws=("dropout",)),
    "ensemble": MethodTraits(draws_member=True),
    "hybrid": MethodTraits(draws=("dropout",), draws_member=True),
    "vi": MethodTraits(draws=("weights",), draws_member=True, network="variational"),
    "latent-vi": MethodTraits(draws=("weights", "code"), draws_member=True, network="latent"),
    "latent-code": MethodTraits(draws=("code",), draws_member=True, network="latent"),
    "latent-weights": MethodTraits(draws=("weights",), draws_member=True, network="latent"),
}


def check_method(method: str, *, trained_as: str, members: int, has_dropout: bool) -> None:
    """Refuse a method that a run cannot serve.

    Raises:
        RunError: another kind of weights, no dropout to draw, or fewer than two members.
    """
    wanted, trained = METHOD_TRAITS[method], METHOD_TRAITS[trained_as]
    served = [*(m for m, traits in METHOD_TRAITS.items() if traits.network == trained.network), "deterministic", "ensemble"]
    if trained.variational and method not in served:
        raise RunError(f"this run was trained as {trained_as}, which serves {', '.join(served)}, not {method}")
    if wanted.variational and not trained.variational:
        needed = TRAINED_AS.get(method, method)
        raise RunError(f"this run was trained as {trained_as}, whose weights are points; train with --method {needed}")
    if "dropout" in wanted.draws and not has_dropout:
        raise RunError(f"{method} draws dropout masks, but this run's network has no dropout; set network.level_dropout")
    if method in ("ensemble", "hybrid") and members < 2:
        raise RunError(f"{method} needs two members or more, this run has {members}; train with --method {method}")


def samples_of(method: str, *, members: int, asked: int) -> int:
    """How many samples a method draws: one if nothing is random, one per member if only the member is.

    Raises:
        RunError: one sample of a random method, whose measures need two.
    """
    traits = METHOD_TRAITS[method]
    if not traits.is_random:
        return 1
    if asked < 2:
        raise RunError(
            f"--samples {asked}: {method} needs at least 2, as its measures compare samples; use deterministic for one"
        )
    return asked if traits.draws_within else min(asked, members)


@dataclass(frozen=True)
class Posterior:
    """Members, each a network whose draws are functions of a seed. Sample t of T is draw j of member m: members take turns
    in blocks, and the seed of a draw depends on m and j alone, so that more samples keep the earlier ones."""

    members: Sequence[WindowedNetwork]

    def draws(self, member: int, samples: tf.Tensor) -> tf.Tensor:
        """How many of the samples fall to a member; the first members take the remainder."""
        count = len(self.members)
        return samples // count + tf.cast(member < samples % count, samples.dtype)

    @staticmethod
    def seed(seed: tf.Tensor, member: int, draw: tf.Tensor) -> tf.Tensor:
        """The seed of one draw."""
        return fold_in(fold_in(seed, member), draw)
