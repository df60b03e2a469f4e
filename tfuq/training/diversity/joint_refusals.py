"""Members that cannot be trained together, each refused with what would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.config import Config
from tfuq.data.budget import free_memory, readable
from tfuq.errors import ConfigError
from tfuq.networks.weights import model_arrays
from tfuq.sampling.memory import memory_errors
from tfuq.training.strategy import has_gpus

# Copies of the weights that a training holds at least: they, their gradients, two running means of
# these, and the best ones.
_COPIES = 5
_FLOAT_BYTES = 4


def require_room(config: Config, model: tf_keras.Model, strategy: tf.distribute.Strategy) -> None:
    """Refuse members of which the weights alone do not fit into the memory of the CPU.

    Args:
        config: The configuration.
        model: The network of one of them.
        strategy: The devices; what fits into a GPU is seen when it trains.

    Raises:
        ConfigError: They do not fit.
    """
    if has_gpus(strategy):
        return
    needed = config.members * _COPIES * _FLOAT_BYTES * model.count_params()
    free = free_memory()
    if needed > free:
        raise _too_large(config, f"take {readable(needed)} or more, and {readable(free)} are free")


def _too_large(config: Config, reason: str) -> ConfigError:
    ensemble = config.ensemble
    return ConfigError(
        f"ensemble.diversity {ensemble.diversity} trains {ensemble.members} networks at once, "
        f"which {reason}; lower ensemble.members or training.batch_size, or set "
        "ensemble.diversity: seeds, which trains one after another"
    )


@contextmanager
def memory_refusals(config: Config) -> Iterator[None]:
    """Tell full memory by what would take less.

    Raises:
        ConfigError: Tensors within the block do not fit.
    """
    try:
        with memory_errors():
            yield
    except MemoryError as error:
        raise _too_large(config, "do not fit into memory") from error


def require_different(models: Sequence[tf_keras.Model]) -> None:
    """Refuse members that begin alike: on the same batches they would stay alike.

    Raises:
        ConfigError: Two of them do.
    """
    first = model_arrays(models[0])
    for index, model in enumerate(models[1:], start=1):
        arrays = model_arrays(model)
        if all(np.array_equal(array, arrays[name]) for name, array in first.items()):
            raise ConfigError(
                f"training.initial_weights starts members 0 and {index} alike, and "
                "members that are trained together would stay alike; remove it, or name a run of "
                "as many members"
            )
