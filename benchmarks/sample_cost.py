"""What one sample costs, as a ratio to one pass of the deterministic network in float32.

python benchmarks/sample_cost.py [--precision bfloat16] [--slices 8 --size 256 --samples 20 --rounds 9]

The 485,885-parameter U-Net of configs/iseg2017.yaml on 8 slices of 256×256, T = 20, all reducers included. The pass it is
compared with is the same architecture compiled alone, image to the sigmoid. Runs alternate, so that a machine that slows
down slows both; medians over the rounds are compared, by the clock and by processor time, which others' work disturbs less.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import tensorflow as tf

from tfuq import config as configuration
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.networks import build_network
from tfuq.networks.layers import LayerFactory
from tfuq.sampling.members import build_member, windowed
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.processors import require_precision
from tfuq.sampling.sampler import Sampler

METHODS = ("mc-dropout", "vi")
CHANNELS = 2


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--slices", type=int, default=8)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=9)
    return parser.parse_args()


def make_sampler(method: str, arguments: argparse.Namespace):
    config = configured(method, arguments.size)
    model = build_member(config, channels=CHANNELS)
    network = windowed(config, model, keep=arguments.slices, precision=arguments.precision)
    sampler = Sampler(Posterior([network]), voxel_reducers(), finish=voxel_maps)
    seed = tf.constant([1, 2])
    samples = tf.constant(arguments.samples)
    return lambda images: sampler.sample(images, seed, samples)


def make_pass(size: int):
    config = configured("deterministic", size)
    model = build_network(config.network, LayerFactory(sources=()), channels=CHANNELS, outputs=1)
    print(f"{model.count_params():,} parameters")
    return tf.function(
        lambda images: tf.sigmoid(model([images, tf.zeros([2], tf.int32)], training=False))
    )


def configured(method: str, size: int) -> configuration.Config:
    return configuration.load(
        "iseg2017", (f"network.patch_size=[{size}, {size}]", f"method={method}")
    )


def seconds(call, images: tf.Tensor, repeats: int) -> np.ndarray:
    """By the clock and by the processors, of all repeats."""
    started = clocks()
    for _ in range(repeats):
        call(images)
    return clocks() - started


def clocks() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time()])


def main() -> None:
    arguments = parsed()
    require_precision(arguments.precision)
    shape = [arguments.slices, arguments.size, arguments.size, CHANNELS]
    images = tf.random.stateless_normal(shape, [0, 0])
    one_pass = make_pass(arguments.size)
    samplers = {method: make_sampler(method, arguments) for method in METHODS}
    for call in (one_pass, *samplers.values()):
        call(images)
    times: dict[str, list[np.ndarray]] = {name: [] for name in ("pass", *METHODS)}
    for _ in range(arguments.rounds):
        times["pass"].append(seconds(one_pass, images, arguments.samples))
        for method, call in samplers.items():
            times[method].append(seconds(call, images, 1))
    medians = {
        name: np.median(values, axis=0) / arguments.samples for name, values in times.items()
    }
    print(f"pass in float32: {medians['pass'][0]:.4f} s")
    for method in METHODS:
        clock, processors = medians[method] / medians["pass"]
        print(
            f"{method}, {arguments.precision}: {medians[method][0]:.4f} s, "
            f"{clock:.2f} of a pass by the clock, {processors:.2f} by processor time"
        )


if __name__ == "__main__":
    main()
