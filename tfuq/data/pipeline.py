"""Training examples as ``tf.data``: drawn in parallel, batched, prefetched, in an order that a seed fixes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfuq.data.dataset import TrainingSet, epoch_order
from tfuq.data.streams import example_stream, order_stream

_WORKERS = 2


def epoch_dataset(training: TrainingSet, rows: list[int], *, batch: int, steps: int, seed: int, epoch: int) -> tf.data.Dataset:
    """One epoch of ``(images [batch, *patch, C], targets [batch, …])``; ``seed`` is the member's, epochs count from 0."""
    order = epoch_order(rows, batch * steps, order_stream(seed, epoch))

    def example(position):
        # Each example has a stream of its own, so that it does not depend on the batch it is drawn in.
        return training.example(int(order[position]), example_stream(seed, epoch, position))

    image, target = example(0)

    def draw(step):
        drawn = [example(position) for position in range(int(step) * batch, (int(step) + 1) * batch)]
        return np.stack([x for x, _ in drawn]), np.stack([y for _, y in drawn])

    def fetch(step):
        images, targets = tf.numpy_function(draw, [step], [tf.float32, tf.as_dtype(target.dtype)])
        return tf.ensure_shape(images, [batch, *image.shape]), tf.ensure_shape(targets, [batch, *target.shape])

    dataset = tf.data.Dataset.range(steps).map(fetch, num_parallel_calls=_WORKERS, deterministic=True).prefetch(2)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    # An iterator that is dropped waits for its autotuning thread, which sleeps for up to 20 s.
    options.autotune.enabled = False
    return dataset.with_options(options)
