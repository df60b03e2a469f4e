"""What a served request costs, as a ratio to the network time of tfuq predict, and what an export takes on disk.

python benchmarks/served_cost.py

The 485,885-parameter U-Net of configs/iseg2017.yaml, untrained, exported and loaded as TensorFlow Serving loads it; one request of 8
slices of 256×256 by T = 20. Rounds alternate, so that a machine that slows down slows both; medians are compared, by the clock and by
processor time, which others' work disturbs less. Transport is not in it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tfuq import config as configuration
from tfuq import runs
from tfuq.data.writers import write_json
from tfuq.networks.weights import model_arrays, save_arrays
from tfuq.prediction import Request, make_predictor
from tfuq.runs import Run
from tfuq.sampling.members import build_member
from tfuq.serving import export
from tfuq.serving.loading import LoadedExport

SLICES, SAMPLES, ROUNDS, CHANNELS = 8, 20, 9, 2
SIZE = "network.patch_size=[256, 256]"


def untrained_run(path: Path, method: str) -> Run:
    """A run of the configuration as training would leave it, but for what is learnt."""
    config = configuration.load("iseg2017", (SIZE, f"method={method}"))
    empty = {"train": [], "validation": [], "test": []}
    run = runs.create(path, config, empty, {"channels": CHANNELS, "statistics": None})
    for member in range(config.members):
        arrays = model_arrays(build_member(config, channels=CHANNELS))
        write_json(
            run.member(member) / "done",
            {"digest": save_arrays(run.member(member) / "weights.npz", arrays)},
        )
    return run


def seconds(call: Callable[[], object]) -> np.ndarray:
    """By the clock and by the processors."""
    started = np.array([time.perf_counter(), time.process_time()])
    call()
    return np.array([time.perf_counter(), time.process_time()]) - started


def report_size(run: Run, version: Path) -> None:
    weights = sum(path.stat().st_size for path in run.path.glob("members/*/weights.npz"))
    size = sum(path.stat().st_size for path in version.rglob("*") if path.is_file())
    print(
        f"{run.config.method}: export {size / 1e6:.2f} MB, weights {weights / 1e6:.2f} MB: 1.2 × + 2 MB is {1.2 * weights / 1e6 + 2:.2f} MB"
    )


def report_cost(run: Run, request: Request, version: Path) -> None:
    images = np.random.default_rng(0).normal(size=(SLICES, 256, 256, CHANNELS)).astype(np.float32)
    predictor, asked = (
        make_predictor(run, request),
        {"image": images, "seed": [0, 0], "num_samples": SAMPLES},
    )
    with LoadedExport(version) as loaded:
        calls = {
            "predict": lambda: predictor.draw(images),
            "served": lambda: loaded.call("serving_default", asked),
        }
        times: dict[str, list[np.ndarray]] = {name: [] for name in calls}
        for _ in range(ROUNDS + 1):  # the first compiles
            for name, call in calls.items():
                times[name].append(seconds(call))
    predicted, served = (np.median(times[name][1:], axis=0) for name in ("predict", "served"))
    clock, processors = served / predicted
    print(
        f"{request.method}: predict {predicted[0]:.3f} s, served {served[0]:.3f} s: {clock:.3f} by the clock, {processors:.3f} by processor time"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for method in ("mc-dropout", "vi", "hybrid"):
            run = untrained_run(Path(folder, method), method)
            request = Request(method=method, samples=SAMPLES, seed=0, batch=SLICES)
            version = export(run, request, Path(folder, f"model-{method}"), 100)
            report_size(run, version)
            report_cost(run, request, version)


if __name__ == "__main__":
    main()
