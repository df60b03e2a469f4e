"""`Posterior`: the networks of a run and how a method draws from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from tfuq.errors import RunError
from tfuq.layers import fold_in
from tfuq.windows import WindowedNetwork


@dataclass(frozen=True)
class MethodTraits:
    """What a method needs of a run's networks, and what one of its samples draws."""

    draws_within: bool  # dropout masks, weights or codes
    draws_member: bool
    variational: bool

    @property
    def is_random(self) -> bool:
        """Whether two samples can differ."""
        return self.draws_within or self.draws_member


METHOD_TRAITS = {
    "deterministic": MethodTraits(draws_within=False, draws_member=False, variational=False),
    "mc-dropout": MethodTraits(draws_within=True, draws_member=False, variational=False),
    "ensemble": MethodTraits(draws_within=False, draws_member=True, variational=False),
    "hybrid": MethodTraits(draws_within=True, draws_member=True, variational=False),
    "vi": MethodTraits(draws_within=True, draws_member=True, variational=True),
}


def check_method(method: str, *, trained_as: str, members: int, has_dropout: bool) -> None:
    """Refuse a method that a run cannot serve.

    Raises:
        RunError: another kind of weights, no dropout to draw, or fewer than two members.
    """
    wanted, trained = METHOD_TRAITS[method], METHOD_TRAITS[trained_as]
    if trained.variational and method not in ("vi", "deterministic", "ensemble"):
        raise RunError(f"this run was trained as {trained_as}, which serves vi, deterministic and ensemble, not {method}")
    if wanted.variational and not trained.variational:
        raise RunError(f"this run was trained as {trained_as}, whose weights are points; train with --method {method}")
    if wanted.draws_within and not wanted.variational and not has_dropout:
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
