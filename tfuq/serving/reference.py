"""What ``tfuq predict`` makes of an image that a served network is asked about."""

from __future__ import annotations

import numpy as np

from tfuq.config import PreprocessingConfig
from tfuq.data.dataset import make_preprocessor
from tfuq.data.preprocessing import Box, Preprocessor, box_in_padding, from_examples, to_examples
from tfuq.data.volume import Volume
from tfuq.errors import RunError
from tfuq.measures.landmark import landmark_measures
from tfuq.members import member_digest, members_of
from tfuq.prediction import Predictor, Request, make_predictor
from tfuq.prediction.predictor import Drawn
from tfuq.runs import Run
from tfuq.serving.description import Export
from tfuq.serving.steps import graph_steps, is_whole_image
from tfuq.serving.transport import Arrays

_NARROWER, _WIDER = 3, 5


def check_images(run: Run) -> np.ndarray:
    """Images ``[N, *S, C]`` that try everything: in 2D more than a chunk of them; of segmentation narrower than the patch along one
    axis, and longer along another. Their intensities are whole numbers, whose sums are the same in any order."""
    config, rng = run.config, np.random.default_rng(0)
    size = np.array(config.network.patch_size)
    if not is_whole_image(config):
        size[0], size[-1] = max(size[0] - _NARROWER, 1), size[-1] + _WIDER
    low, high = config.preprocessing.window or (0, 255)
    count = config.chunk + 1 if config.network.rank == 2 else 1
    shape = (count, *size, run.facts["channels"])
    return rng.integers(round(low) - 9, round(high) + 9, shape, endpoint=True).astype(np.float32)


class Reference:
    """The run's own answers to requests."""

    def __init__(self, run: Run, export: Export):
        """Raises:
        RunError: the run is no longer the one that was exported.
        """
        self._run, self._export = run, export
        self._predictors: dict[str, Predictor] = {}
        found = [member_digest(run, index) for index in members_of(run, export.method, allow_missing=True)]
        if found != export.weights_digest:
            raise RunError(f"{run.path}: has other weights, or other finished members, than the export; export it again")

    def of(self, signature: str, inputs: Arrays) -> Arrays:
        """The outputs of a signature."""
        is_deterministic = signature == "deterministic"
        predictor = self._predictor("deterministic" if is_deterministic else self._export.method)
        images = inputs["image"] if signature == "prepared" else prepared_images(self._run, inputs["image"])
        samples = 1 if is_deterministic else int(inputs.get("num_samples", self._export.samples))
        drawn = predictor.sampler.sample(images, inputs.get("seed", (self._export.seed, 0)), samples)
        drawn = {name: values.numpy() for name, values in drawn.items()}
        if signature == "prepared":
            return drawn
        sent, seen = inputs["image"].shape[1:-1], images.shape[1:-1]
        return _named(predictor, drawn, () if is_whole_image(self._run.config) else box_in_padding(sent, seen))

    def _predictor(self, method: str) -> Predictor:
        if method not in self._predictors:
            batch = self._run.config.prediction.batch_size
            request = Request(method=method, samples=self._export.max_samples, seed=self._export.seed, batch=batch, allow_missing=True)
            self._predictors[method] = make_predictor(self._run, request)
        return self._predictors[method]


def prepared_images(run: Run, images: np.ndarray) -> np.ndarray:
    """The images after the steps that the graph does, as ``tfuq predict`` does them."""
    if is_whole_image(run.config):
        whole = make_preprocessor(run.config, run.statistics)
        return np.stack([whole.image(Volume(image[:, :, None], np.eye(4))).array[:, :, 0] for image in images])
    axis = run.config.preprocessing.slice_axis
    steps = Preprocessor(_of_graph(run), tuple(run.config.network.patch_size), run.statistics)
    return to_examples(steps.image(Volume(from_examples(images, axis), np.eye(4))).array, axis)


def _of_graph(run: Run) -> PreprocessingConfig:
    """The run's preprocessing without the client's part."""
    own, whole = graph_steps(run.config), run.config.preprocessing
    normalization = "zscore-training" if "zscore-training" in own else "none"
    window = whole.window if "window" in own else None
    return PreprocessingConfig(window=window, normalization=normalization, slice_axis=whole.slice_axis)


def _named(predictor: Predictor, drawn: Drawn, box: Box) -> Arrays:
    """As the files and columns have it, of the box of each image that is not padding."""
    config = predictor.config
    if config.task == "landmarks":
        return _landmarks(drawn["landmarks"])
    label = drawn["probability"].argmax(-1)
    measures = {name: drawn[name] for name in ("probability", *predictor.maps)}
    if config.task == "segmentation":
        named = measures | {"label": label.astype(np.uint8)}
        return {name: np.ascontiguousarray(values[(slice(None), *box)]) for name, values in named.items()}
    names = np.array([config.data.classes[k].encode() for k in label], object)
    return measures | {"label": names} | ({"votes": drawn["votes"]} if predictor.samples > 1 else {})


def _landmarks(found: np.ndarray) -> Arrays:
    wide = found.astype(float)
    predicted = np.exp(wide[..., 3:]) * np.ones(2) if found.shape[-1] == 4 else None
    rows = [
        [
            landmark_measures(points[:, k, :2], points[:, k, 2], None, None if predicted is None else predicted[n, :, k])
            for k in range(found.shape[2])
        ]
        for n, points in enumerate(wide)
    ]
    served = [name for name in rows[0][0] if not name.startswith("ellipse")]
    return {name: np.array([[row[name] for row in image] for image in rows], np.float32) for name in served}
