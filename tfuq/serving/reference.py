"""What ``tfuq predict`` makes of an image that a served network is asked about."""

from __future__ import annotations

from typing import Literal

import numpy as np

from tfuq.config import PreprocessingConfig
from tfuq.data.preprocessing import Box, Preprocessor, box_in_padding, from_examples, to_examples
from tfuq.data.sets.dataset import make_preprocessor
from tfuq.data.volume import Volume
from tfuq.errors import RunError
from tfuq.prediction import AnyPredictor, Request, make_predictor
from tfuq.runs import Run
from tfuq.sampling.members import member_digest, members_of
from tfuq.serving.description import Export
from tfuq.serving.steps import graph_steps, is_whole_image
from tfuq.serving.tasks import SERVED
from tfuq.serving.transport import Arrays
from tfuq.tasks.records import ExampleStatistics

# Pixels by which an image of segmentation differs from the patch.
_NARROWER = 3
_WIDER = 5


def check_images(run: Run) -> np.ndarray:
    """Make images that try everything.

    In 2D there are more than a chunk of them. Those of segmentation are narrower than the patch
    along one axis, and longer along another. Their intensities are whole numbers, whose sums are
    the same in any order.

    Returns:
        ``[N, *S, C]``, float32.
    """
    config = run.config
    size = np.array(config.network.patch_size)
    if not is_whole_image(config):
        size[0] = max(size[0] - _NARROWER, 1)
        size[-1] += _WIDER
    low, high = config.preprocessing.window or (0, 255)
    count = 1
    if config.network.rank == 2:
        count = config.chunk + 1
    shape = (count, *size, run.facts["channels"])
    rng = np.random.default_rng(0)
    intensities = rng.integers(round(low) - 9, round(high) + 9, shape, endpoint=True)
    return intensities.astype(np.float32)


class Reference:
    """The run's own answers to requests."""

    def __init__(self, run: Run, export: Export) -> None:
        """Check that the run is still the one that was exported.

        Args:
            run: The run.
            export: The description of the export.

        Raises:
            RunError: It is another.
        """
        self._run = run
        self._export = export
        self._predictors: dict[str, AnyPredictor] = {}
        members = members_of(run, export.method, allow_missing=True)
        digests = [member_digest(run, index) for index in members]
        if digests != export.weights_digest:
            raise RunError(
                f"{run.path}: has other weights, or other finished members, than the export; "
                "export it again"
            )

    def of(self, signature: str, inputs: Arrays) -> Arrays:
        """The outputs of a signature by name.

        Args:
            signature: Its name.
            inputs: The request by the names of inputs.
        """
        method = self._export.method
        samples = int(inputs.get("num_samples", self._export.samples))
        if signature == "deterministic":
            method = "deterministic"
            samples = 1
        predictor = self._predictor(method)
        images = inputs["image"]
        if signature != "prepared":
            images = prepared_images(self._run, images)
        seed = inputs.get("seed", (self._export.seed, 0))
        tensors = predictor.sampler.sample(images, seed, samples)
        statistics: ExampleStatistics = predictor.record.of(tensors)
        if signature == "prepared":
            return statistics.arrays()
        box: Box = ()
        if not is_whole_image(self._run.config):
            box = box_in_padding(inputs["image"].shape[1:-1], images.shape[1:-1])
        return SERVED[self._run.config.task].named(predictor, statistics, box)

    def _predictor(self, method: str) -> AnyPredictor:
        if method not in self._predictors:
            request = Request(
                method=method,
                samples=self._export.max_samples,
                seed=self._export.seed,
                batch=self._run.config.prediction.batch_size,
                allow_missing=True,
                precision=self._export.precision,
                skip_empty=self._export.skip_empty,
            )
            self._predictors[method] = make_predictor(self._run, request)
        return self._predictors[method]


def prepared_images(run: Run, images: np.ndarray) -> np.ndarray:
    """The images after the steps of the graph, as ``tfuq predict`` does them.

    Args:
        run: The run.
        images: ``[N, *S, C]``.
    """
    if is_whole_image(run.config):
        return _prepared_pictures(run, images)
    axis = run.config.preprocessing.slice_axis
    patch = tuple(run.config.network.patch_size)
    steps = Preprocessor(_steps_of_graph(run), patch, run.statistics)
    volume = Volume(from_examples(images, axis), np.eye(4))
    return to_examples(steps.image(volume).array, axis)


def _prepared_pictures(run: Run, images: np.ndarray) -> np.ndarray:
    preprocessor = make_preprocessor(run.config, run.statistics)
    prepared = []
    for image in images:
        volume = Volume(image[:, :, None], np.eye(4))
        prepared.append(preprocessor.image(volume).array[:, :, 0])
    return np.stack(prepared)


def _steps_of_graph(run: Run) -> PreprocessingConfig:
    """The run's preprocessing without the client's part."""
    names = graph_steps(run.config)
    preprocessing = run.config.preprocessing
    window = None
    if "window" in names:
        window = preprocessing.window
    normalization: Literal["none", "zscore-training"] = "none"
    if "zscore-training" in names:
        normalization = "zscore-training"
    return PreprocessingConfig(
        window=window,
        normalization=normalization,
        slice_axis=preprocessing.slice_axis,
    )
