"""Members of a run: the network of a configuration, as trained and as a method draws from it."""

from __future__ import annotations

import pydantic
import tf_keras

from tfuq.config import Config
from tfuq.data.stored import read_json
from tfuq.errors import RunError
from tfuq.layers import GaussianPosterior, LayerFactory
from tfuq.networks import build_network
from tfuq.posterior import METHOD_TRAITS, Posterior, check_method
from tfuq.runs import Run
from tfuq.tasks import task_of
from tfuq.weights import assign_arrays, load_arrays
from tfuq.windows import WindowedNetwork


def build_member(config: Config, *, channels: int, stochastic: bool = True, kl_scale: float = 1.0) -> tf_keras.Model:
    """The configured network with the kind of weights that ``config.method`` trains.

    Variational weights take the place of dropout: a sample draws the one or the other, and its spread has one source.
    """
    weights, network = None, config.network
    if METHOD_TRAITS[config.method].variational:
        v = config.variational
        weights, network = GaussianPosterior(v.initial_scale, v.prior_scale, kl_scale, v.estimator), network.without_dropout()
    layers = LayerFactory(weights, stochastic=stochastic)
    return build_network(network, layers, channels=channels, outputs=task_of(config).outputs(config))


def load_posterior(run: Run, method: str, *, keep: int) -> Posterior:
    """The networks of a run as ``method`` draws from them; ``keep`` as in `WindowedNetwork`.

    Raises:
        RunError: no member is trained, or the run cannot serve the method.
    """
    config, members = run.config, run.finished_members
    if not members:
        raise RunError(f"{run.path}: no member has finished training; run tfuq train --resume")
    check_method(method, trained_as=config.method, members=len(members), has_dropout=config.network.has_dropout)
    used = members if METHOD_TRAITS[method].draws_member else members[:1]
    return Posterior([_load_member(run, method, index, keep) for index in used])


class _Done(pydantic.BaseModel):
    digest: str


def member_digest(run: Run, index: int) -> str:
    """The digest that was recorded when the member's training ended."""
    return read_json(run.member(index) / "done", _Done, "train the member again").digest


def _load_member(run: Run, method: str, index: int, keep: int) -> WindowedNetwork:
    config = run.config
    model = build_member(config, channels=run.facts["channels"], stochastic=METHOD_TRAITS[method].draws_within)
    path = run.member(index) / "weights.npz"
    assign_arrays(model, load_arrays(path, member_digest(run, index)), where=str(path))
    return windowed(config, model, keep=keep)


def windowed(config: Config, model: tf_keras.Model, *, keep: int) -> WindowedNetwork:
    """A network applied to images of any size as the configuration predicts."""
    activation = task_of(config).activation(config)
    return WindowedNetwork(model, activation, overlap=config.prediction.overlap, chunk=config.chunk, keep=keep)
