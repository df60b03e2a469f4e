"""What prediction.skip_empty saves on a scan.

python benchmarks/skip_empty.py $TFUQ_DATA/volumes/abdomen_ct.nii.gz --window -160 240

It samples an untrained 3D U-Net by MC dropout on the scan, clipped to a window, with all windows and without the empty
ones. Printed are how many chunks of windows repeat another, and the processor time of the samples.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfuq.config import NEVER, Config, SkipEmpty, load
from tfuq.data import readers
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.sampling.members import build_member, windowed
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.sampler import Sampler

_SEED = (0, 0)


def configured(patch: int) -> Config:
    return load(
        "hippocampus",
        (
            f"network.patch_size=[{patch}, {patch}, {patch}]",
            "network.widths=[8, 16, 32]",
            "network.level_dropout={3: 0.4}",
        ),
    )


def image_of(path: str, low: float, high: float) -> np.ndarray:
    array = np.clip(readers.read(Path(path)).array, low, high)
    normalized = (array - array.mean()) / array.std()
    return normalized[None, ..., None].astype(np.float32)


def sampling_time(
    config: Config, image: np.ndarray, samples: int, skip: SkipEmpty
) -> tuple[float, str]:
    """Processor seconds of the samples, and how many chunks repeat another."""
    network = windowed(config, build_member(config, channels=1), keep=8, skip_empty=skip)
    sampler = Sampler(Posterior([network]), voxel_reducers(), finish=voxel_maps)
    text = "all sampled"
    context = network.encode(image)
    if context.placed.empty is not None:
        repeats = np.asarray(context.placed.empty.is_repeat)
        text = f"{repeats.sum()} of {repeats.size} chunks repeat another"
    sampler.sample(image, _SEED, tf.constant(1))  # builds the graph
    started = time.process_time()
    sampler.sample(image, _SEED, tf.constant(samples))
    return time.process_time() - started, text


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scan")
    parser.add_argument("--window", type=float, nargs=2, required=True)
    parser.add_argument("--patch", type=int, default=16)
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--share", type=float, default=0.0)
    arguments = parser.parse_args()
    config = configured(arguments.patch)
    image = image_of(arguments.scan, *arguments.window)
    choices: tuple[SkipEmpty, ...] = (NEVER, arguments.share)
    for skip in choices:
        seconds, text = sampling_time(config, image, arguments.samples, skip)
        print(f"skip_empty {skip}: {text}; {seconds:.1f} s of processor time")


if __name__ == "__main__":
    main()
