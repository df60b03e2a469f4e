"""Predictors without a network: what they draw is given, so that what is made of it can be held against it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.support.made import make_run
from tests.support.replies import SAMPLES, true_reply
from tfuq.data.cases import read_case_image, read_label
from tfuq.data.writers import write_json
from tfuq.measures.catalogue import maps_of
from tfuq.prediction import Predictor, Request, make_predictor
from tfuq.prediction.cases import known_cases
from tfuq.runs import Run
from tfuq.tasks.records import VoxelStatistics

Draw = Callable[[np.ndarray, int], dict[str, np.ndarray]]


class GivenSamples:
    """In the place of a sampler: its statistics are those of a function of images and T; it notes what it was asked."""

    def __init__(self, draw: Draw):
        self._draw = draw
        self.asked = []

    def sample(self, images, seed, samples):
        self.asked.append((np.shape(images), np.asarray(seed).tolist(), int(samples)))
        return self._draw(np.asarray(images), int(samples))


def make_finished_run(path: Path, task: str, root: Path, **changes) -> Run:
    """A run whose members have digests, and no weights."""
    run = make_run(path, task, root, **changes)
    for member in range(run.config.members):
        write_json(run.member(member) / "done", {"digest": f"{member:064x}"})
    return run


def make_given_predictor(
    run: Run, draw: Draw | None = None, method: str = "mc-dropout", **asked
) -> Predictor:
    """A predictor of the run that draws what a network of chance would, or what is given."""
    drawn = draw or (lambda images, _: true_reply(run.config, images.shape))
    wanted = {"samples": SAMPLES, "seed": 5, "batch": 4} | asked
    return make_predictor(run, Request(method=method, **wanted), sampler=GivenSamples(drawn))


def drawn_of_label(label: np.ndarray, classes: int, sure: float = 0.8) -> dict[str, np.ndarray]:
    """What samples draw of a volume that all see it as labelled ``[X, Y, Z]``: each class with this probability."""
    others = (1 - sure) / (classes - 1)
    p = np.where(np.eye(classes, dtype=bool)[label], sure, others).astype(np.float32)[None]
    terms = -p * np.log(p)
    entropy = terms.sum(-1)
    nothing = np.zeros_like(entropy)
    bits = np.stack([label.ravel() == k for k in range(1, classes)])
    packed = np.packbits(bits, axis=-1, bitorder="little")
    return {
        "probability": p,
        "predictive_entropy": entropy,
        "expected_entropy": entropy,
        "mutual_information": nothing,
        "variation_ratio": nothing,
        "standard_deviation": nothing,
        "entropy_terms": terms,
        "masks": np.repeat(packed[None, None], SAMPLES, 1),
    }


def voxel_statistics(probability: np.ndarray, **given: np.ndarray) -> VoxelStatistics:
    """The record of samples with a mean ``[n, *S, K]``; what is not given is 0."""
    nothing = np.zeros(probability.shape[:-1], np.float32)
    maps = dict.fromkeys(maps_of(2), nothing)
    rest = {"masks": np.zeros(0, np.uint8), "entropy_terms": np.zeros_like(probability)}
    return VoxelStatistics.of({"probability": probability} | maps | rest | given)


def padded_label(run: Run, case_id: str) -> np.ndarray:
    """The label of a case of the run's data as large as the network takes it."""
    predictor = make_given_predictor(run)
    (case,) = known_cases(run, [case_id])
    label = read_label(run.config, case, read_case_image(case))
    space = predictor.preprocess.padded(label.with_array(label.array[..., None])).array[..., 0]
    return space.astype(int)
