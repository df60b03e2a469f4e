"""Members of a run: the network of a configuration, as trained and as a method draws from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pydantic
import tf_keras

from tfuq.config import Config
from tfuq.data.stored import read_json
from tfuq.errors import RunError
from tfuq.layers import SOURCES, WIDTH_VARIABLE, GaussianPosterior, LayerFactory, untransformed
from tfuq.networks import build_latent_network, build_network
from tfuq.posterior import METHOD_TRAITS, Posterior, check_method
from tfuq.runs import Run
from tfuq.tasks import task_of
from tfuq.weights import assign_arrays, load_arrays
from tfuq.windows import WindowedNetwork

_CODE_WIDTH = f"code/{WIDTH_VARIABLE}"  # earlier runs have a constant in its place


@dataclass(frozen=True)
class KlScale:
    """Factors on the KL divergence of the weights and on that of an example's latent code."""

    weights: float = 1.0
    code: float = 1.0


def build_member(
    config: Config, *, channels: int, draws: Collection[str] = SOURCES, kl_scale: KlScale = KlScale()
) -> tf_keras.Model:
    """The configured network with the kind of weights that ``config.method`` trains; ``draws`` as in `LayerFactory`.

    Variational weights take the place of dropout: a sample draws the one or the other, and its spread has one source.
    """
    kind, common = METHOD_TRAITS[config.method].network, {"channels": channels, "outputs": task_of(config).outputs(config)}
    if kind == "point":
        return build_network(config.network, LayerFactory(draws=draws), **common)
    v, network = config.variational, config.network.without_dropout()
    layers = LayerFactory(GaussianPosterior(v.initial_scale, v.prior_scale, kl_scale.weights, v.estimator), draws)
    if kind == "latent":
        return build_latent_network(network, config.latent, layers, kl_scale=kl_scale.code, **common)
    return build_network(network, layers, **common)


def load_posterior(run: Run, method: str, *, keep: int, allow_missing: bool = False) -> Posterior:
    """The networks of a run as ``method`` draws from them; ``keep`` as in `WindowedNetwork`, errors as `members_of` has them."""
    used = members_of(run, method, allow_missing=allow_missing)
    return Posterior([_load_member(run, method, index, keep) for index in used])


def members_of(run: Run, method: str, *, allow_missing: bool = False) -> list[int]:
    """The members that a method draws from: all that the run is configured to have, or the first alone; with ``allow_missing``
    all whose training has ended, or the first of those.

    Raises:
        RunError: a member that is needed has not finished training, or the run cannot serve the method.
    """
    finished, config = run.finished_members, run.config
    if not finished:
        raise RunError(f"{run.path}: no member has finished training; run {resume_command(run)}")
    draws_member, missing = METHOD_TRAITS[method].draws_member, missing_members(run, method)
    if missing and not allow_missing:
        drawn = f"{method} draws from all {config.members}" if draws_member else f"{method} draws from member 0"
        raise RunError(
            f"{run.path}: member(s) {', '.join(map(str, missing))} have not finished training, and {drawn}; run {resume_command(run)}, or "
            "pass --allow-missing to do without"
        )
    check_method(method, trained_as=config.method, members=len(finished), has_dropout=config.network.has_dropout)
    return finished if draws_member else finished[:1]


def missing_members(run: Run, method: str) -> list[int]:
    """The members that a method should draw from and that have not finished training."""
    wanted = range(run.config.members) if METHOD_TRAITS[method].draws_member else range(1)
    return sorted(set(wanted) - set(run.finished_members))


def resume_command(run: Run) -> str:
    """The command that trains what is missing."""
    return f"tfuq train {run.path / 'config.yaml'} --run {run.path} --resume"


class _Done(pydantic.BaseModel):
    digest: str


def member_digest(run: Run, index: int) -> str:
    """The digest that was recorded when the member's training ended."""
    return read_json(run.member(index) / "done", _Done, "train the member again").digest


def _load_member(run: Run, method: str, index: int, keep: int) -> WindowedNetwork:
    config = run.config
    model = build_member(config, channels=run.facts["channels"], draws=METHOD_TRAITS[method].draws)
    path = run.member(index) / "weights.npz"
    arrays = load_arrays(path, member_digest(run, index))
    if METHOD_TRAITS[config.method].network == "latent":
        arrays = {_CODE_WIDTH: np.float32(untransformed(config.latent.initial_scale))} | arrays
    assign_arrays(model, arrays, where=str(path))
    return windowed(config, model, keep=keep)


def windowed(config: Config, model: tf_keras.Model, *, keep: int) -> WindowedNetwork:
    """A network applied to images of any size as the configuration predicts."""
    activation = task_of(config).activation(config)
    return WindowedNetwork(model, activation, overlap=config.prediction.overlap, chunk=config.chunk, keep=keep)
