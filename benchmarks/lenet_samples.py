"""What 100 MC-dropout samples of LeNet cost over 10,000 images, as a ratio to one pass of the network.

python benchmarks/lenet_samples.py

The network of configs/mnist.yaml. Up to the first dropout, past all convolutions, it runs once per image; a sample draws the
dense part alone. The pass it is compared with is the same architecture compiled alone, image to probabilities, all images in
batches of the configuration's size.
"""

from __future__ import annotations

import time

import numpy as np
import tensorflow as tf

from tfuq import config as configuration
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.networks import build_network
from tfuq.networks.layers import LayerFactory
from tfuq.sampling.members import build_member, windowed
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.sampler import Sampler

IMAGES, SAMPLES, ROUNDS = 10_000, 100, 5


def main() -> None:
    config = configuration.load("mnist", ("method=mc-dropout",))
    batch = config.prediction.batch_size
    images = tf.random.stateless_normal([IMAGES, 28, 28, 1], [0, 0]).numpy()
    network = windowed(config, build_member(config, channels=1), keep=batch)
    sampler = Sampler(Posterior([network]), voxel_reducers(), finish=voxel_maps)
    model = build_network(config.network, LayerFactory(sources=()), channels=1, outputs=10)
    one_pass = tf.function(
        lambda x: tf.nn.softmax(model([x, tf.zeros([2], tf.int32)], training=False))
    )
    calls = {
        "pass": one_pass,
        "samples": lambda x: sampler.sample(x, tf.constant([1, 2]), tf.constant(SAMPLES)),
    }
    times = {
        name: [seconds(call, images, batch) for _ in range(ROUNDS + 1)][1:]
        for name, call in calls.items()
    }
    base, sampled = (float(np.median(times[name])) for name in ("pass", "samples"))
    print(
        f"{IMAGES:,} images: one pass {base:.3f} s, {SAMPLES} samples {sampled:.3f} s, {sampled / base:.1f} × one pass"
    )


def seconds(call, images: np.ndarray, batch: int) -> float:
    started = time.perf_counter()
    for start in range(0, len(images), batch):
        call(images[start : start + batch])
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
