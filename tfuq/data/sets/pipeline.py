"""Training examples as ``tf.data``.

They are made in parallel, batched and prefetched, in an order that a seed fixes.
"""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

from tfuq.data.parallel import worker_count
from tfuq.data.sets.dataset import Example, TrainingSet, epoch_order
from tfuq.data.streams import example_stream, order_stream

_FEWEST_WORKERS = 2
_MOST_WORKERS = 8  # more batches at once take memory, and Python's lock leaves them little to do
_PREFETCHED = 2  # batches
_ORDERS = 2  # kept: workers may be at the end of an epoch and at the start of the next


def training_dataset(
    training: TrainingSet,
    rows: list[int],
    *,
    batch: int,
    steps: int,
    seed: int,
    epochs: range,
    share: range | None = None,
) -> tf.data.Dataset:
    """Make the batches of epochs, one epoch after another.

    It is one data set, so that the first batches of an epoch are made while the epoch before it
    is validated.

    Args:
        training: The training examples.
        rows: The examples that the member trains on.
        batch: Examples in a batch.
        steps: Batches in an epoch.
        seed: The member's seed.
        epochs: The epochs, counted from 0.
        share: Positions within a batch of the examples that are made; None for all of them. The
            others of a batch are made by other processes.

    Returns:
        ``(images [n, *patch, C], targets [n, …])`` for each step of each epoch, where n is how many
        examples of a batch are made.
    """
    share = share or range(batch)

    @functools.lru_cache(maxsize=_ORDERS)
    def order_of(epoch: int) -> np.ndarray:
        return epoch_order(rows, batch * steps, order_stream(seed, epoch))

    def example(epoch: int, position: int) -> Example:
        # Each example has a stream of its own, so that it does not depend on its batch.
        rng = example_stream(seed, epoch, position)
        return training.example(int(order_of(epoch)[position]), rng)

    def stacked(count: np.ndarray) -> Example:
        epoch, step = divmod(int(count), steps)
        first = step * batch
        examples = [example(epoch, first + position) for position in share]
        images = np.stack([image for image, _ in examples])
        targets = np.stack([target for _, target in examples])
        return images, targets

    first_image, first_target = example(epochs.start, 0)
    image_shape = [len(share), *first_image.shape]
    target_shape = [len(share), *first_target.shape]
    target_type = tf.as_dtype(first_target.dtype)

    def fetch(count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images, targets = tf.numpy_function(stacked, [count], [tf.float32, target_type])
        images = tf.ensure_shape(images, image_shape)
        targets = tf.ensure_shape(targets, target_shape)
        return images, targets

    dataset = tf.data.Dataset.range(epochs.start * steps, epochs.stop * steps)
    batch_bytes = len(share) * (first_image.nbytes + first_target.nbytes)
    workers = _worker_count(batch_bytes)
    dataset = dataset.map(fetch, num_parallel_calls=workers, deterministic=True)
    return dataset.prefetch(_PREFETCHED).with_options(_options())


def _worker_count(batch_bytes: int) -> int:
    """How many batches are made at once, as cores and memory allow; it changes no example."""
    return max(_FEWEST_WORKERS, min(worker_count(batch_bytes), _MOST_WORKERS))


def _options() -> tf.data.Options:
    options = tf.data.Options()
    # An iterator that is dropped waits for its autotuning thread, which sleeps for up to 20 s.
    options.autotune.enabled = False
    return options
