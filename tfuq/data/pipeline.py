"""Training examples as ``tf.data``: drawn in parallel, batched, prefetched, in an order that a seed fixes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfuq.data.dataset import TrainingSet, epoch_order

_WORKERS = 2


def epoch_dataset(training: TrainingSet, rows: list[int], *, batch: int, steps: int, seed: list[int]) -> tf.data.Dataset:
    """One epoch of ``(images [batch, *patch, C], labels [batch, *patch])``; ``seed`` names member and epoch."""
    order = epoch_order(rows, batch * steps, np.random.default_rng(seed))
    image, label = training.example(int(order[0]), np.random.default_rng(seed))

    def draw(position):
        return training.example(int(order[position]), np.random.default_rng([*seed, int(position)]))

    def fetch(position):
        x, y = tf.numpy_function(draw, [position], [tf.float32, tf.int32])
        return tf.ensure_shape(x, image.shape), tf.ensure_shape(y, label.shape)

    dataset = tf.data.Dataset.range(len(order))
    dataset = dataset.map(fetch, num_parallel_calls=_WORKERS, deterministic=True)
    dataset = dataset.batch(batch, drop_remainder=True).prefetch(2)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return dataset.with_options(options)
