"""Training that starts from the weights of another run."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tf_keras

from tfuq import runs
from tfuq.errors import ConfigError
from tfuq.networks.freezing import layer_of
from tfuq.networks.latent import is_of_code
from tfuq.networks.weights import Arrays, load_arrays, model_arrays, set_arrays
from tfuq.runs import Run

_log = logging.getLogger(__name__)
_WIDTH = "untransformed_scale"  # of a posterior; it starts as configured, unless it is frozen
_MEAN = "_posterior_loc"
_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a network takes of another's weights.

    Attributes:
        arrays: All weights of the network, by name.
        adapted: Names of weights that were brought to another number of channels.
        left: Names of weights that stay as they start.
    """

    arrays: Arrays
    adapted: list[str]
    left: list[str]

    def count(self, names: Collection[str]) -> int:
        """How many of these weights it takes."""
        return len(set(names) - set(self.left))


def start_from(
    model: tf_keras.Model,
    source: str,
    member: int,
    channels: int,
    frozen: Collection[str] = (),
) -> None:
    """Give a network the weights of a run wherever names and shapes agree.

    A posterior's mean takes the point weights of the same name, and point weights the mean. Widths
    of posteriors start as configured, but for those of frozen layers, which nothing infers any
    more: they are the run's where it has some. The first convolution is adapted to another number
    of channels. The last layer, where it has other outputs, starts at random.

    Args:
        model: The network.
        source: The run's folder.
        member: The number of the network's member. It takes the weights of the run's member of that
            number; where the run has fewer, they are taken in turn.
        channels: Of the network's images.
        frozen: Names of layers that stay as they start.

    Raises:
        ConfigError: The run has no trained member, or no kernel that fits (of a latent network, one
            of its backbone), or a frozen layer does not fit.
        RunError: It is no run, or its weights cannot be read.
    """
    run = runs.open_run(Path(source))
    finished = run.finished_members
    if not finished:
        raise ConfigError(
            f"training.initial_weights: {source} has no member that was trained to its end; "
            "train it, or name another run"
        )
    path = run.member(finished[member % len(finished)]) / "weights.npz"
    taken = fitting(model_arrays(model), load_arrays(path), _channels(run), channels, frozen)
    if not taken.count(_kernels(taken.arrays)):
        raise ConfigError(
            f"training.initial_weights: nothing of {path} fits a layer of this network; name a run "
            f"of the same network.name and widths (it has {run.config.network.name} of "
            f"{run.config.network.widths})"
        )
    for layer in frozen:
        _require_start(layer, taken, path)
    set_arrays(model, taken.arrays)
    _log.info(_sentence(taken, path))


def _backbone(names: Collection[str]) -> list[str]:
    """The weights that are not about a latent code; all of a network without one."""
    return [name for name in names if not is_of_code(layer_of(name))]


def _kernels(arrays: Arrays) -> list[str]:
    """The kernels of the backbone: without one of them, a bias or two fit by chance."""
    return [name for name in _backbone(arrays) if arrays[name].ndim > 1]


def _require_start(layer: str, taken: Taken, path: Path) -> None:
    """Refuse a frozen layer of which a weight, other than a width, would stay at random."""
    names = [name for name in taken.arrays if layer_of(name) == layer]
    at_random = [name for name in taken.left if layer_of(name) == layer and _WIDTH not in name]
    if at_random or not taken.count(names):
        raise ConfigError(
            f"training.frozen has layer '{layer}', for which {path} has no weights, so that it "
            "would stay at random; leave it out of training.frozen, or name a run that has it in "
            "training.initial_weights"
        )


def _channels(run: Run) -> int:
    return int(run.facts["channels"])


def fitting(
    own: Arrays,
    other: Mapping[str, np.ndarray],
    trained: int,
    wanted: int,
    frozen: Collection[str] = (),
) -> Taken:
    """What fits of another network's weights.

    Args:
        own: The network's weights by name.
        other: The other network's.
        trained: Channels of the images that the other network was trained on.
        wanted: Channels of the network's images.
        frozen: Names of layers whose widths are the other's.
    """
    means = {_point_name(name): array for name, array in other.items() if _WIDTH not in name}
    arrays: Arrays = {}
    adapted = []
    left = []
    for name, array in own.items():
        found = means.get(_point_name(name))
        if _WIDTH in name and layer_of(name) in frozen:
            found = other.get(name)
        is_first = found is not None and _is_first(array, found, trained, wanted)
        if found is None:
            arrays[name] = array
            left.append(name)
        elif found.shape == array.shape:
            arrays[name] = found.astype(array.dtype)
        elif is_first:
            arrays[name] = _of_channels(found, wanted).astype(array.dtype)
            adapted.append(name)
        else:
            arrays[name] = array
            left.append(name)
    return Taken(arrays=arrays, adapted=adapted, left=left)


def _point_name(name: str) -> str:
    """The name that weights have in a network without a posterior."""
    return name.replace(_MEAN, "")


def _is_first(array: np.ndarray, found: np.ndarray, trained: int, wanted: int) -> bool:
    """Whether both are kernels of the first convolution, for other numbers of channels."""
    if array.ndim != found.ndim or array.ndim < 3:
        return False
    return found.shape == (*array.shape[:-2], trained, array.shape[-1]) and (
        array.shape[-2] == wanted
    )


def _of_channels(kernel: np.ndarray, channels: int) -> np.ndarray:
    """A kernel for another number of channels, with about the same output.

    Each channel has the mean over the trained ones, and their sum stays.
    """
    total = kernel.sum(axis=-2, keepdims=True)
    return np.repeat(total / channels, channels, axis=-2)


def _sentence(taken: Taken, path: Path) -> str:
    text = f"{_counted(taken)} start as those of {path}"
    if taken.adapted:
        text += f"; {', '.join(taken.adapted)} adapted to the channels"
    if taken.left:
        names = ", ".join(taken.left[:_MOST_NAMED])
        more = len(taken.left) - _MOST_NAMED
        text += f"; as without it: {names}"
        if more > 0:
            text += f" and {more} more"
    return text


def _counted(taken: Taken) -> str:
    """How many arrays are taken; of a latent network, of its backbone and of the rest."""
    backbone = _backbone(taken.arrays)
    text = f"{taken.count(backbone)} of {len(backbone)} tensors"
    about_code = set(taken.arrays) - set(backbone)
    if about_code:
        text += (
            f" of the backbone, and {taken.count(about_code)} of {len(about_code)} about the code,"
        )
    return text
