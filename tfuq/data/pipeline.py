"""Training examples as ``tf.data``: drawn in parallel, batched, prefetched, in an order that a seed fixes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfuq.data.dataset import TrainingSet, epoch_order

_WORKERS = 2


def epoch_dataset(training: TrainingSet, rows: list[int], *, batch: int, steps: int, seed: list[int]) -> tf.data.Dataset:
    """One epoch of ``(images [batch, *patch, C], targets [batch, …])``; ``seed`` names member and epoch."""
    order = epoch_order(rows, batch * steps, np.random.default_rng(seed))
    image, target = training.example(int(order[0]), np.random.default_rng(seed))

    def draw(step):
        # Each example has a seed of its own, so that it does not depend on the batch it is drawn in.
        positions = range(int(step) * batch, (int(step) + 1) * batch)
        drawn = [training.example(int(order[p]), np.random.default_rng([*seed, p])) for p in positions]
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
