"""What one sample costs, as a ratio to one pass of the deterministic network.

python benchmarks/sample_cost.py

The 485,885-parameter U-Net of configs/iseg2017.yaml on 8 slices of 256×256, T = 20, all reducers included. The pass it is
compared with is the same architecture compiled alone, image to the sigmoid. Runs alternate, so that a machine that slows
down slows both; medians over the rounds are compared, by the clock and by processor time, which others' work disturbs less.
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

SLICES, SAMPLES, ROUNDS = 8, 20, 9
SIZE = "network.patch_size=[256, 256]"


def make_sampler(method: str):
    config = configuration.load("iseg2017", (SIZE, f"method={method}"))
    network = windowed(config, build_member(config, channels=2), keep=SLICES)
    sampler = Sampler(Posterior([network]), voxel_reducers(), finish=voxel_maps)
    seed, samples = tf.constant([1, 2]), tf.constant(SAMPLES)
    return lambda images: sampler.sample(images, seed, samples)


def make_pass():
    config = configuration.load("iseg2017", (SIZE, "method=deterministic"))
    model = build_network(config.network, LayerFactory(sources=()), channels=2, outputs=1)
    print(f"{model.count_params():,} parameters")
    return tf.function(
        lambda images: tf.sigmoid(model([images, tf.zeros([2], tf.int32)], training=False))
    )


def seconds(call, images, repeats: int) -> np.ndarray:
    """By the clock and by the processors, per repeat."""
    started = np.array([time.perf_counter(), time.process_time()])
    for _ in range(repeats):
        call(images)
    return (np.array([time.perf_counter(), time.process_time()]) - started) / SAMPLES


def main() -> None:
    images = tf.random.stateless_normal([SLICES, 256, 256, 2], [0, 0])
    one_pass = make_pass()
    samplers = {"mc-dropout": make_sampler("mc-dropout"), "vi": make_sampler("vi")}
    for call in (one_pass, *samplers.values()):
        call(images)
    times: dict[str, list[np.ndarray]] = {"pass": [], **{name: [] for name in samplers}}
    for _ in range(ROUNDS):
        times["pass"].append(seconds(one_pass, images, SAMPLES))
        for name, call in samplers.items():
            times[name].append(seconds(call, images, 1))
    base = np.median(times["pass"], axis=0)
    for name, values in times.items():
        clock, processors = np.median(values, axis=0) / base
        print(
            f"{name}: {np.median(values, axis=0)[0]:.4f} s, {clock:.2f} of a pass by the clock, {processors:.2f} by processor time"
        )


if __name__ == "__main__":
    main()
