"""Members of a run: the network of a configuration, as it is trained and as a method samples it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tf_keras

from tfuq.config import NEVER, Config, SkipEmpty, member_config
from tfuq.config.swag import deviations_held
from tfuq.errors import RunError
from tfuq.networks import (
    build_latent_network,
    build_network,
    build_probabilistic_network,
    build_stochastic_network,
)
from tfuq.networks.layers import (
    SOURCES,
    WIDTH_VARIABLE,
    LayerFactory,
    untransformed,
)
from tfuq.networks.layers.swag import SwagPosterior
from tfuq.networks.weights import assign_arrays, load_arrays
from tfuq.runs import Run
from tfuq.runs.weights import weights_digest
from tfuq.sampling.chunk_size import chunk_size
from tfuq.sampling.convolutions import FLOAT32
from tfuq.sampling.posterior import METHOD_TRAITS, Posterior, check_method, traits_of
from tfuq.sampling.transforms import NO_TRANSFORMS, TransformRanges, ranges_of
from tfuq.sampling.windows import WindowedNetwork
from tfuq.tasks import task_of

# By kind, those whose weights have no distribution.
_POINT_NETWORKS: dict[str, Callable[..., tf_keras.Model]] = {
    "point": build_network,
    "swag": build_network,
    "probabilistic": build_probabilistic_network,
    "stochastic": build_stochastic_network,
}
_CODE_WIDTH = f"code/{WIDTH_VARIABLE}"  # earlier runs have a constant in its place


@dataclass(frozen=True, kw_only=True)
class KlScale:
    """Factors on KL divergences.

    Attributes:
        weights: factor on the KL divergence of the weights.
        code: factor on the KL divergence of an example's latent code.
    """

    weights: float = 1.0
    code: float = 1.0


def build_member(
    config: Config,
    *,
    channels: int,
    sources: Collection[str] = SOURCES,
    kl_scale: KlScale = KlScale(),
    policy: str = FLOAT32,
    is_trained: bool = False,
) -> tf_keras.Model:
    """The configured network with the kind of weights that ``config.method`` trains.

    Variational weights take the place of dropout. So a sample has one source of randomness or the
    other, and the spread of samples has one cause.

    Args:
        config: the configuration.
        channels: channels of the image.
        sources: what the seed reaches, see `tfuq.networks.layers.LayerFactory`.
        kl_scale: factors on the KL divergences.
        policy: how layers with point weights compute, see `tfuq.networks.layers.LayerFactory`.
        is_trained: whether it is the network that is trained, of which
            `tfuq.training.supervision.predicting` makes the one that predicts. It has the outputs
            of deep supervision too, a probabilistic U-Net has its posterior network, and the
            weights of the method swag are points.

    Returns:
        ``(image [N, *patch, channels], seed [2]) → [N, *patch, outputs]``, or ``[N, outputs]``. The
        network that is trained has a list of outputs with deep supervision, and that of a
        probabilistic U-Net takes the labels ``[N, *patch]`` as its third input.
    """
    kind = METHOD_TRAITS[config.method].network
    options: dict[str, Any] = {
        "channels": channels,
        "outputs": task_of(config).outputs(config),
        "is_supervised": is_trained and config.network.deep_supervision,
    }
    if kind == "swag" and not is_trained:
        gaussian = SwagPosterior(deviations=deviations_held(config))
        layers = LayerFactory(weights=gaussian, sources=sources, policy=policy)
        return build_network(config.network, layers, **options)
    if kind in _POINT_NETWORKS:
        layers = LayerFactory(sources=sources, policy=policy)
        options |= _options_of_kind(config, kl_scale, is_trained=is_trained)
        return _POINT_NETWORKS[kind](config.network, layers, **options)
    from tfuq.networks.layers.variational import GaussianPosterior  # which takes half a second

    posterior = GaussianPosterior(
        initial_scale=config.variational.initial_scale,
        prior_scale=config.variational.prior_scale,
        kl_scale=kl_scale.weights,
        estimator=config.variational.estimator,
    )
    layers = LayerFactory(weights=posterior, sources=sources, policy=policy)
    network = config.network.without_dropout()
    if kind == "latent":
        return build_latent_network(
            network,
            config.latent,
            layers,
            kl_scale=kl_scale.code,
            **options,
        )
    return build_network(network, layers, **options)


def _options_of_kind(config: Config, kl_scale: KlScale, *, is_trained: bool) -> dict[str, Any]:
    """What a network with point weights is built with, beside what all are."""
    kind = METHOD_TRAITS[config.method].network
    if kind == "stochastic":
        return {"rank": config.stochastic.rank}
    if kind == "probabilistic":
        return {
            "settings": config.probabilistic,
            "kl_scale": kl_scale.code,
            "classes": len(config.data.classes),
            "has_posterior": is_trained,
        }
    return {}


def load_posterior(
    run: Run,
    method: str,
    *,
    keep: int,
    allow_missing: bool = False,
    member: int | None = None,
    precision: str = FLOAT32,
    with_xla: bool = False,
    skip_empty: SkipEmpty = NEVER,
) -> Posterior:
    """The networks of a run as a method samples them.

    Args:
        run: the run.
        method: its name.
        keep: windows whose encoding is held in memory, see `WindowedNetwork`.
        allow_missing: as in `members_of`.
        member: as in `members_of`.
        precision: the type that convolutions are computed in.
        with_xla: whether XLA compiles the networks, see `WindowedNetwork`.
        skip_empty: which windows are empty, see `WindowedNetwork`.

    Raises:
        RunError: as `members_of`, or weights that cannot be read.
    """
    models = []
    for index in members_of(run, method, allow_missing=allow_missing, member=member):
        models.append(_load_member(run, method, index))
    chunk = _common_chunk(run.config, models, with_xla)

    def networks(grid: Sequence[int] | None) -> list[WindowedNetwork]:
        members = []
        for model in models:
            network = windowed(
                run.config,
                model,
                keep=keep,
                precision=precision,
                with_xla=with_xla,
                skip_empty=skip_empty,
                transforms=ranges_of(run.config, traits_of(method).transforms),
                chunk=chunk,
                grid=grid,
            )
            members.append(network)
        return members

    return Posterior(_on_one_grid(networks))


def _common_chunk(config: Config, models: Sequence[tf_keras.Model], with_xla: bool) -> int:
    """Windows that every member sees at once, as they see the same ones."""
    if with_xla:  # as on GPUs
        return min(chunk_size(config, model) for model in models)
    return config.chunk


def _on_one_grid(
    networks: Callable[[Sequence[int] | None], list[WindowedNetwork]],
) -> list[WindowedNetwork]:
    """Networks whose windows begin at the same voxels, as members of several shapes need it.

    Args:
        networks: Makes them, on their own grids or on one that is given.
    """
    members = networks(None)
    grids = {member.split.grid for member in members}
    if len(grids) == 1:
        return members
    return networks([math.lcm(*sizes) for sizes in zip(*grids, strict=True)])


def members_of(
    run: Run, method: str, *, allow_missing: bool = False, member: int | None = None
) -> list[int]:
    """The indices of the members that a method samples.

    Args:
        run: the run.
        method: its name. It samples all members that the run is configured to have, or the first.
        allow_missing: whether members that have not finished training are left out.
        member: the one member to sample instead; None for those of the method.

    Raises:
        RunError: a member that is needed has not finished training, or the run cannot serve the
            method.
    """
    config = run.config
    finished = run.finished_members
    if not finished:
        raise RunError(f"{run.path}: no member has finished training; run {resume_command(run)}")
    if member is not None and member >= config.members:
        raise RunError(
            f"{run.path}: has no member {member}; it has the members 0 to {config.members - 1}"
        )
    missing = missing_members(run, method, member)
    if missing and not allow_missing:
        raise RunError(_missing_message(run, method, missing, member))
    check_method(
        method,
        trained_as=config.method,
        members=len(finished),
        has_dropout=_have_dropout(config),
    )
    if member is not None:
        return [member]
    if traits_of(method).draws_member:
        return finished
    return finished[:1]


def _have_dropout(config: Config) -> bool:
    """Whether the networks of all members have dropout."""
    numbers = range(config.members)
    return all(member_config(config, number).network.has_dropout for number in numbers)


def _missing_message(run: Run, method: str, missing: list[int], member: int | None) -> str:
    needed = f"{method} draws from member {member or 0}"
    if member is None and traits_of(method).draws_member:
        needed = f"{method} draws from all {run.config.members}"
    indices = ", ".join(map(str, missing))
    return (
        f"{run.path}: member(s) {indices} have not finished training, and {needed}; "
        f"run {resume_command(run)}, or pass --allow-missing to do without"
    )


def missing_members(run: Run, method: str, member: int | None = None) -> list[int]:
    """The members that a method should sample and that have not finished training.

    Args:
        run: the run.
        method: its name.
        member: the one member to sample instead; None for those of the method.
    """
    needed = {member or 0}
    if member is None and traits_of(method).draws_member:
        needed = set(range(run.config.members))
    return sorted(needed - set(run.finished_members))


def resume_command(run: Run) -> str:
    """The command that trains the members that are missing."""
    return f"tfuq train {run.path / 'config.yaml'} --run {run.path} --resume"


def member_digest(run: Run, index: int) -> str:
    """The digest that was recorded when the member's training ended."""
    return weights_digest(run.member(index))


def _load_member(run: Run, method: str, index: int) -> tf_keras.Model:
    config = member_config(run.config, index)
    model = build_member(
        config,
        channels=run.facts["channels"],
        sources=traits_of(method).sources,
    )
    path = run.member(index) / "weights.npz"
    arrays = load_arrays(path, member_digest(run, index))
    if METHOD_TRAITS[config.method].network == "latent":
        width = np.array(untransformed(config.latent.initial_scale), np.float32)
        arrays = {_CODE_WIDTH: width} | arrays
    assign_arrays(model, arrays, where=str(path))
    return model


def windowed(
    config: Config,
    model: tf_keras.Model,
    *,
    keep: int,
    precision: str = FLOAT32,
    with_xla: bool = False,
    skip_empty: SkipEmpty = NEVER,
    transforms: TransformRanges = NO_TRANSFORMS,
    chunk: int | None = None,
    grid: Sequence[int] | None = None,
) -> WindowedNetwork:
    """A network that takes images of any size, as the configuration predicts.

    Args:
        config: the configuration.
        model: its network.
        keep: windows whose encoding is held in memory, see `WindowedNetwork`.
        precision: the type that convolutions are computed in.
        with_xla: whether XLA compiles the network, see `WindowedNetwork`.
        skip_empty: which windows are empty, see `WindowedNetwork`.
        transforms: what each sample does to the image, see `WindowedNetwork`.
        chunk: windows that the network sees at once; None for as many as the configuration says.
        grid: see `WindowedNetwork`.
    """
    return WindowedNetwork(
        model,
        task_of(config).activation(config),
        overlap=config.prediction.overlap,
        chunk=chunk or _common_chunk(config, [model], with_xla),
        keep=keep,
        precision=precision,
        with_xla=with_xla,
        skip_empty=skip_empty,
        transforms=transforms,
        grid=grid,
    )
