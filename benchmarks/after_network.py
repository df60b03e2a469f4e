"""Seconds and peak memory of all that tfuq predict does after the network, each size in a process of its own.

python benchmarks/after_network.py [CLASSES …]

Statistics of T = 5 samples of 256×256×150 voxels are made on the fly, a channel at a time: smooth blobs, a class each. With
0 for CLASSES, two classes, the second in hundreds of components. Then structures are measured, and every file of the case
is written; "channels" is the time that the statistics themselves take, which is left out of the rest.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy import ndimage

from tfuq.config import Config
from tfuq.config import load as load_config
from tfuq.data.volume import Volume
from tfuq.measures.catalogue import maps_of
from tfuq.measures.sample_masks import SampleMasks
from tfuq.prediction.case_folder import Prediction
from tfuq.prediction.on_input import InputGrid, MapsOnInput
from tfuq.prediction.structures import rows_of_structures

SHAPE = (256, 256, 150)
SAMPLES = 5
SIZES = ("20", "117", "0")


class Blobs:
    """Channels of statistics that are made when they are asked for."""

    shape = SHAPE
    names = ("probability", "entropy_terms", "masks", *maps_of(SAMPLES))

    def __init__(self, classes: int) -> None:
        """Place a blob of each class, or the components of one."""
        self.seconds = 0.0
        self._classes = classes or 2
        rng = np.random.default_rng(0)
        self._centres = rng.random((self._classes, 3)) * SHAPE
        self._field = None
        if not classes:
            noise = rng.normal(size=SHAPE).astype(np.float32)
            smooth = ndimage.gaussian_filter(noise, 5)
            self._field = smooth / smooth.std()
        self._total = sum(self._weight(k) for k in range(self._classes))
        self.packed = self._packed()

    def _weight(self, k: int) -> np.ndarray:
        """What the probability of a class is in proportion to."""
        if k == 0:
            return np.full(SHAPE, 0.05, np.float32)
        if self._field is not None:
            return 0.05 * np.exp(6 * (self._field - 1.7))
        total = np.zeros(SHAPE, np.float32)
        for axis, centre in enumerate(self._centres[k]):
            steps = np.arange(SHAPE[axis], dtype=np.float32) - np.float32(centre)
            total += np.square(steps / 15).reshape([-1 if a == axis else 1 for a in range(3)])
        return np.exp(-total / 2)

    def _packed(self) -> np.ndarray:
        """Samples that differ by how far their structures reach."""
        size = int(np.prod(SHAPE)) // 8
        packed = np.empty((1, SAMPLES, self._classes - 1, size), np.uint8)
        for k in range(1, self._classes):
            p = self._weight(k) / self._total
            for t in range(SAMPLES):
                mask = p > 0.4 + 0.05 * t
                packed[0, t, k - 1] = np.packbits(mask.ravel(), bitorder="little")
        return packed

    def channel(self, name: str, *index: int) -> np.ndarray:
        """A statistic of every voxel."""
        started = time.perf_counter()
        k = index[-1] if index else 1
        p = self._weight(k) / self._total
        if name != "probability":
            p = -p * np.log(np.maximum(p, 1e-30))
        self.seconds += time.perf_counter() - started
        return p

    def masks(self, classes) -> SampleMasks:
        """Every sample's mask of the union of some classes."""
        return SampleMasks.of_classes(self.packed, classes, SHAPE, None)


def config_of(classes: int) -> Config:
    """A configuration of so many classes."""
    names = ", ".join(["background", *(f"class{k}" for k in range(1, classes))])
    return load_config("hippocampus", (f"data.classes=[{names}]",))


def measure(classes: int, spacing: float) -> None:
    """Measure and write one case, and print what it took."""
    channels = Blobs(classes)
    config = config_of(classes or 2)
    image = Volume(np.broadcast_to(np.float32(0), SHAPE), np.diag([spacing, spacing, 1.0, 1.0]))
    prepared = image.with_array(image.array)
    if spacing != 1:
        prepared = Volume(image.array, np.eye(4))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    rows = rows_of_structures(config, channels, 1.0, {})
    measured = time.perf_counter() - started - channels.seconds
    maps = MapsOnInput(
        channels=channels,
        grid=InputGrid(image=image, prepared=prepared),
        classes=config.data.classes,
        maps=maps_of(SAMPLES),
    )
    with tempfile.TemporaryDirectory() as out:
        folder = Path(out, "case")
        held = channels.seconds
        prediction = Prediction(
            case="case", image=image, maps=maps, structures=rows, seconds={"measures": 0.0}
        )
        prediction.write(folder)
        size = sum(path.stat().st_size for path in folder.iterdir())
    making = prediction.seconds["measures"] - (channels.seconds - held)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{classes or 2} classes, {len(rows)} rows: structures {measured:.1f} s, maps {making:.1f} s, "
        f"writing {prediction.seconds['write']:.1f} s ({size / 2**20:.0f} MiB); "
        f"channels {channels.seconds:.1f} s; peak {peak / 2**20:.2f} GiB, before {before / 2**20:.2f}"
    )


def main() -> None:
    """Measure each size in a process of its own."""
    if sys.argv[1:2] == ["--one"]:
        measure(int(sys.argv[2]), float(sys.argv[3]))
        return
    for classes in sys.argv[1:] or SIZES:
        for spacing in ("1", "0.8"):
            command = [sys.executable, __file__, "--one", classes, spacing]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
