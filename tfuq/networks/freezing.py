"""Layers of a network whose weights stay as they are while the others are trained."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import tf_keras

from tfuq.errors import ConfigError, resembling
from tfuq.networks.weights import Arrays

_STEM = re.compile(r"[a-z_]*[a-z]")  # what the name of a layer begins with, before numbers


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """What of a network is frozen.

    Attributes:
        layers: Names of the layers.
        weights: How many numbers they hold.
        of: How many numbers the network holds.
    """

    layers: list[str]
    weights: int
    of: int

    def __str__(self) -> str:
        return f"{self.weights:,} of {self.of:,} weights frozen, in {len(self.layers)} layers"


def freeze(model: tf_keras.Model, patterns: Sequence[str]) -> Frozen:
    """Freeze the layers with weights whose names match a pattern.

    A frozen layer has no trainable variables: no gradient is taken of them, and no optimizer knows
    them. A batch normalization uses its moving averages and leaves them. A variational layer is
    sampled as before, and its divergence is a constant part of the loss.

    Args:
        model: The network; before an optimizer is built for it.
        patterns: As of `fnmatch`, such as ``encoder*``.

    Returns:
        What was frozen; nothing without patterns.

    Raises:
        ConfigError: A pattern matches no layer that has weights, or all layers match.
    """
    with_weights = [layer for layer in model.layers if layer.weights]
    names = [layer.name for layer in with_weights]
    for pattern in patterns:
        _require_match(pattern, names)
    chosen = []
    for layer in with_weights:
        if any(fnmatch.fnmatchcase(layer.name, pattern) for pattern in patterns):
            chosen.append(layer)
    if len(chosen) == len(with_weights):
        raise ConfigError(
            f"training.frozen: {', '.join(patterns)} match all {len(chosen)} layers with weights, "
            "and nothing is left to train; leave some of them out"
        )
    for layer in chosen:
        layer.trainable = False
    return Frozen(
        layers=[layer.name for layer in chosen],
        weights=sum(layer.count_params() for layer in chosen),
        of=model.count_params(),
    )


def _require_match(pattern: str, names: Sequence[str]) -> None:
    if any(fnmatch.fnmatchcase(name, pattern) for name in names):
        return
    stems = sorted({f"{_stem(name)}*" for name in names})
    hint = resembling(pattern, [*names, *stems]) or f"; names begin as in {', '.join(stems)}"
    raise ConfigError(f"training.frozen '{pattern}' matches no layer with weights{hint}")


def _stem(name: str) -> str:
    match = _STEM.match(name)
    if match is None:
        return name
    return match.group()


def layer_of(variable: str) -> str:
    """The name of the layer of a variable, by the variable's name."""
    return variable.split("/")[0]


def without_layers(arrays: Arrays, layers: Collection[str]) -> Arrays:
    """The arrays that are of no layer among these.

    Args:
        arrays: By the names of variables.
        layers: Names of layers.
    """
    return {name: array for name, array in arrays.items() if layer_of(name) not in layers}
