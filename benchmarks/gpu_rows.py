"""What the sampling graph and training steps cost on a GPU, each beside what it is compared with.

python benchmarks/gpu_rows.py [--torch PYTHON] [--tf32] [--slices 32 --size 256 --samples 20 --rounds 5]

Prints a table of: a sample of MC dropout and of VI by one pass of the deterministic network that XLA compiles; a sample of
MC dropout by one of the same network in PyTorch, compiled; whether the same seed gives the same bytes twice; how far the
maps are from those of the plain graph on the CPU; and milliseconds of a training step of configs/hippocampus.yaml.
The U-Net is that of configs/iseg2017.yaml (485,885 parameters), all slices at once. Calls take turns, and the fastest
round counts. Two runs print the same digests where processes give the same bytes, too. PyTorch's row is left out where
the Python given has none. Without a GPU the same is run on the CPU, where XLA compiles too: the times then say nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from suite import Worker
from suite_tensorflow import read
from tfuq import config as configuration
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.networks import build_network
from tfuq.networks.layers import LayerFactory
from tfuq.networks.losses import log_probabilities, make_class_loss
from tfuq.sampling.compiled import make_sampler
from tfuq.sampling.devices import has_gpu, share_gpus, use_full_float32
from tfuq.sampling.members import build_member, windowed
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.sampler import Sampler
from tfuq.training.step import TrainingStep
from tfuq.training.strategy import make_strategy

SEED = tf.constant([1, 2])
METHODS = ("mc-dropout", "vi")
TORCH_PEER = "mc-dropout: PyTorch compiled"
Row = tuple[str, str, str]  # what, the figure, the aim


class Sampling:
    """The U-Net as XLA compiles it, and its plain graph on the CPU."""

    def __init__(self, method: str, images: np.ndarray, samples: int) -> None:
        options = (
            f"network.patch_size={[*images.shape[1:3]]}",
            f"method={method}",
            f"prediction.chunk={len(images)}",
        )
        self._config = configuration.load("iseg2017", options)
        self._images = images
        self._samples = samples
        model = build_member(self._config, channels=2)
        self._sampler = self._sampler_of(model, with_xla=True)
        with tf.device("/CPU:0"):
            on_cpu = build_member(self._config, channels=2)
            on_cpu.set_weights(model.get_weights())
            self._plain = self._sampler_of(on_cpu, with_xla=False)

    def _sampler_of(self, model, *, with_xla: bool) -> Sampler:
        network = windowed(self._config, model, keep=len(self._images), with_xla=with_xla)
        return make_sampler(Posterior([network]), voxel_reducers(), finish=voxel_maps)

    def __call__(self) -> dict[str, tf.Tensor]:
        return self._sampler.sample(self._images, SEED, tf.constant(self._samples))

    def repeated(self) -> str:
        """Whether the same seed gives the same bytes twice, and a digest to compare with other processes."""
        digests = []
        for _ in range(2):
            digest = hashlib.sha256()
            for _, values in sorted(self().items()):
                digest.update(values.numpy().tobytes())
            digests.append(digest.hexdigest()[:12])
        first, second = digests
        return f"{'same' if first == second else 'other'} bytes, {first}"

    def distance_from_cpu(self) -> float:
        """The largest difference of any map from that of the plain graph on the CPU."""
        with tf.device("/CPU:0"):
            expected = self._plain.sample(
                tf.constant(self._images), SEED, tf.constant(self._samples)
            )
        found = self()
        return max(float(np.abs(found[k].numpy() - v.numpy()).max()) for k, v in expected.items())


def make_pass(images: np.ndarray, samples: int) -> Callable[[], object]:
    """As many passes of the deterministic network, each compiled by XLA and waited for at the end."""
    options = (f"network.patch_size={[*images.shape[1:3]]}", "method=deterministic")
    config = configuration.load("iseg2017", options)
    model = build_network(config.network, LayerFactory(sources=()), channels=2, outputs=1)
    one_pass = tf.function(
        lambda x: tf.sigmoid(model([x, tf.zeros([2], tf.int32)], training=False)),
        autograph=False,
        jit_compile=True,
    )
    on_device = tf.identity(images)
    return lambda: [one_pass(on_device) for _ in range(samples)][-1]


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    read(call())
    return time.perf_counter() - started


def fastest(calls: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Seconds of the fastest round of each, after one that compiles."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            times[name].append(call())
    return {name: min(values[1:]) for name, values in times.items()}


def sampling_rows(choices: argparse.Namespace) -> Iterator[Row]:
    shape = [choices.slices, choices.size, choices.size, 2]
    images = tf.random.stateless_normal(shape, [0, 0]).numpy()
    samplings = {method: Sampling(method, images, choices.samples) for method in METHODS}
    one_pass = make_pass(images, choices.samples)
    calls: dict[str, Callable[[], float]] = {"pass": lambda: seconds(one_pass)}
    for method, sampling in samplings.items():
        calls[method] = lambda sampling=sampling: seconds(sampling)
    settings = {"slices": choices.slices, "size": choices.size, "samples": choices.samples}
    with Worker(choices.torch, "suite_torch.py", settings) as torch:
        if TORCH_PEER in torch.peers:
            calls[TORCH_PEER] = lambda: torch.seconds(TORCH_PEER) or float("nan")
        times = fastest(calls, choices.rounds)
    yield "pass compiled by XLA", f"{times['pass'] / choices.samples:.5f} s", ""
    for method, aim in zip(METHODS, ("≤ 0.75", "≤ 1.0"), strict=True):
        yield f"{method} sample / pass", f"{times[method] / times['pass']:.2f}", aim
    if TORCH_PEER in times:
        ratio = times["mc-dropout"] / times[TORCH_PEER]
        yield "mc-dropout / PyTorch compiled", f"{ratio:.2f}", "≤ 1.0"
    else:
        yield "mc-dropout / PyTorch compiled", f"left out: no PyTorch in {choices.torch}", "≤ 1.0"
    for method, sampling in samplings.items():
        yield f"{method}: same seed twice", sampling.repeated(), "same bytes"
        yield f"{method}: from the CPU's maps", f"{sampling.distance_from_cpu():.1e}", "≤ 1e-4"


def training_rows(choices: argparse.Namespace) -> Iterator[Row]:
    for method, aim in zip(METHODS, ("≤ 4 ms", "≤ 9 ms"), strict=True):
        milliseconds = 1000 * step_seconds(method, choices.patch, choices.steps)
        yield f"training step, {method}, batch 2", f"{milliseconds:.2f} ms", aim


def step_seconds(method: str, patch: list[int], steps: int) -> float:
    """Seconds of a compiled step of the hippocampus network, of random images."""
    config = configuration.load("hippocampus", (f"network.patch_size={patch}", f"method={method}"))
    tf.config.experimental.enable_tensor_float_32_execution(True)  # as trainings do
    strategy = make_strategy()
    with strategy.scope():
        model = build_member(config, channels=1)
    class_loss = make_class_loss(config.training.loss, [1.0] * 3)

    def loss(labels: tf.Tensor, logits: tf.Tensor, _seed: tf.Tensor) -> tf.Tensor:
        return class_loss(labels, log_probabilities(logits))

    step = TrainingStep(config, strategy, model, loss, with_xla=True)
    images = tf.random.stateless_normal([config.training.batch_size, *patch, 1], [0, 0])
    labels = tf.cast(images[..., 0] > 1, tf.int32)
    share = tf.constant(1.0)
    for _ in range(3):  # the first compiles
        read(step(images, labels, SEED, share))
    started = time.perf_counter()
    for _ in range(steps):
        logs = step(images, labels, SEED, share)
    read(logs)
    return (time.perf_counter() - started) / steps


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", type=Path, default=Path(sys.executable), metavar="PYTHON")
    parser.add_argument(
        "--tf32",
        action="store_true",
        help="round factors, as PyTorch's convolutions do and predictions do not",
    )
    parser.add_argument("--slices", type=int, default=32)
    parser.add_argument("--size", type=int, default=256, help="pixels, a multiple of 16")
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patch", type=int, nargs=3, default=[48, 64, 48])
    parser.add_argument("--steps", type=int, default=100)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    choices = parsed(arguments)
    share_gpus()
    if not choices.tf32:
        use_full_float32()
    print(
        f"on {'a GPU' if has_gpu() else 'a CPU: the times say nothing'}, TensorFlow {tf.__version__}"
    )
    print("| what | seen | aim |\n|---|---|---|")
    for make_rows in (sampling_rows, training_rows):
        for what, figure, aim in make_rows(choices):
            print(f"| {what} | {figure} | {aim} |", flush=True)


if __name__ == "__main__":
    main()
