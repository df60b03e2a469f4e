"""Landmark regression: a position for every landmark, by way of a heatmap each, and its rows.

Positions in tables are in pixels of the image as it was given, and in mm where the width of a pixel
is known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfuq.calibration.conformal import landmark_scale
from tfuq.calibration.records import Calibration
from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.preprocessing import Statistics
from tfuq.data.sets.dataset import TrainingSet
from tfuq.data.sets.landmarks import (
    LandmarkSet,
    load_examples,
    pixel_mm,
    rescale_points,
    stretch,
)
from tfuq.data.sets.prepared import Examples
from tfuq.data.volume import Volume
from tfuq.measures.landmark import landmark_measures
from tfuq.measures.reducers import LandmarkSamples, Reducer
from tfuq.measures.reducers.base import SampleStatistics
from tfuq.networks.heatmap_losses import make_heatmap_loss, presence
from tfuq.networks.heteroscedastic import HeatmapsOf, log_variance, with_position_loss
from tfuq.runs.results import LANDMARKS, SAMPLES
from tfuq.scoring.rows import Row
from tfuq.tasks.activation import Activation
from tfuq.tasks.base import (
    FIRST_DEFINITION,
    NETWORK_TASKS,
    Distributions,
    TaskLoss,
    equal_weights,
    one_group,
)
from tfuq.tasks.records import LandmarkStatistics
from tfuq.tasks.tables import Sampled, Tables

_LEAST_PROBABILITY = 1e-12  # of which there is a logarithm


class LandmarkTables:
    """See `tfuq.tasks.tables.TaskTables`.

    ``landmarks.csv`` has the measures of `tfuq.measures.landmark` of each landmark. ``samples.csv``
    has the position of each landmark in each sample.
    """

    record = LandmarkStatistics
    keeps_members = False

    def rows_per_case(self, sampled: Sampled) -> dict[str, int]:
        """One of each landmark, and one of each of its samples."""
        landmarks = len(sampled.config.data.landmarks)
        return {LANDMARKS: landmarks, SAMPLES: landmarks * sampled.samples}

    def rows(
        self, sampled: Sampled, case: Case, image: Volume, statistics: LandmarkStatistics
    ) -> Tables:
        """See `tfuq.tasks.tables.TaskTables.rows`."""
        size = image.shape[:2]
        rows, columns = sampled.config.network.patch_size
        patch = (rows, columns)
        samples = statistics.landmarks.astype(float)  # [T, L, 3], or 4 with a log variance
        points = rescale_points(samples[..., :2], patch, size)
        activations = samples[..., 2]
        variances = None
        if samples.shape[-1] == 4:
            variances = np.exp(samples[..., 3:]) * stretch(patch, size) ** 2
        mm = pixel_mm(sampled.config, size)
        tables: Tables = {LANDMARKS: [], SAMPLES: []}
        for k, name in enumerate(sampled.config.data.landmarks):
            head = {"case": case.id, "landmark": name}
            predicted_variances = None
            if variances is not None:
                predicted_variances = variances[:, k]
            measures = landmark_measures(points[:, k], activations[:, k], mm, predicted_variances)
            tables[LANDMARKS].append(_with_radius(head | measures, sampled.calibration))
            tables[SAMPLES] += _sample_rows(head, points[:, k], activations[:, k])
        return tables


class Landmarks:
    """See `tfuq.tasks.base.Task`.

    A heteroscedastic network has as many maps of log variances after its heatmaps.
    """

    tables = LandmarkTables()

    def unit(self, config: Config) -> str:
        """A term of the likelihood belongs to a landmark, or to a pixel of a heatmap."""
        if _is_distribution(config):
            return "landmark"
        return "heatmap pixel"

    def outputs(self, config: Config) -> int:
        """Channels of the network's output."""
        landmarks = len(config.data.landmarks)
        if config.network.heteroscedastic:
            return 2 * landmarks
        return landmarks

    def activation(self, config: Config) -> Activation:
        """Makes heatmaps, and maps of log variances, from the network's outputs."""
        heatmaps_of = _heatmaps_of(config)
        if not config.network.heteroscedastic:
            return lambda outputs, _seed, _corner: heatmaps_of(outputs)

        def activation(outputs: tf.Tensor, _seed: tf.Tensor, _corner: tf.Tensor) -> tf.Tensor:
            raw_heatmaps, _ = tf.split(outputs, 2, axis=-1)
            heatmaps = heatmaps_of(raw_heatmaps)
            return tf.concat([heatmaps, log_variance(outputs)], axis=-1)

        return activation

    def training_set(
        self,
        config: Config,
        cases: list[Case],
        statistics: Statistics | None,
    ) -> LandmarkSet:
        """The training images."""
        return LandmarkSet(config, cases, statistics)

    def validation(
        self,
        config: Config,
        cases: list[Case],
        training: TrainingSet,
        statistics: Statistics | None,
    ) -> Sequence[Examples]:
        """All validation images as one group."""
        return one_group(load_examples, config, cases, training, statistics)

    def loss(self, config: Config, training: TrainingSet) -> TaskLoss:
        """The loss of positions: ``(positions, network's outputs, seed) → [N]``."""
        loss = make_heatmap_loss(config.training.loss)
        if config.network.heteroscedastic:
            sigma = config.training.loss.heatmap_sigma
            weight = _position_weight(config)
            loss = with_position_loss(loss, sigma, weight, _heatmaps_of(config))
        return lambda points, outputs, _seed: loss(points, outputs)

    def distributions(self, config: Config) -> Distributions:
        """The distribution over the pixels of each landmark that is there."""
        landmarks = len(config.data.landmarks)

        def distributions(
            points: tf.Tensor, outputs: tf.Tensor, _seed: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor]:
            heatmaps = tf.transpose(_pixel_probabilities(outputs[..., :landmarks]), [0, 3, 1, 2])
            p = tf.reshape(heatmaps, [tf.shape(heatmaps)[0], landmarks, -1])
            return p, equal_weights(tf.cast(presence(points), p.dtype))

        return distributions

    def coarse_targets(self, targets: tf.Tensor, strides: Sequence[int]) -> tf.Tensor:
        """Positions in coarse pixels; the width of a heatmap is as many of these."""
        rows, columns = strides
        return (targets + 0.5) / tf.constant([columns, rows], targets.dtype) - 0.5

    def loss_definition(self, config: Config) -> int:
        """2 where the first definition refined a position on other maps than a prediction does."""
        if config.network.heteroscedastic and _is_distribution(config):
            return 2
        return FIRST_DEFINITION

    def outputs_of(self, config: Config, sample: np.ndarray) -> tf.Tensor:
        """Outputs whose loss is that of a sample of heatmaps."""
        if not _is_distribution(config):
            return tf.constant(sample)
        landmarks = len(config.data.landmarks)
        heatmaps = sample[..., :landmarks]
        log_variances = sample[..., landmarks:]
        logits = tf.math.log(tf.maximum(heatmaps, _LEAST_PROBABILITY))
        return tf.concat([logits, log_variances], axis=-1)

    def quality(self, config: Config, sample: np.ndarray, targets: np.ndarray) -> float:
        """Mean radial error, in pixels of the network."""
        examples, rows, columns, _ = sample.shape
        landmarks = targets.shape[1]
        heatmaps = sample[..., :landmarks]
        flat = heatmaps.reshape(examples, rows * columns, -1)
        best = flat.argmax(1)
        positions = np.stack(
            [best % columns, best // columns],
            -1,
        )
        errors = np.linalg.norm(positions - targets, axis=-1)
        return float(np.nanmean(errors))

    def nll(self, sample: np.ndarray, targets: np.ndarray) -> float:
        """None: positions have no classes."""
        return np.nan

    def reducers(self, config: Config) -> Sequence[Reducer]:
        """The landmarks of every sample."""
        sigma = config.training.loss.heatmap_sigma
        return [
            LandmarkSamples(
                sigma,
                companions=config.network.heteroscedastic,
                is_smoothed=config.prediction.heatmap_peak == "smoothed",
            )
        ]

    def finish(self, statistics: SampleStatistics) -> SampleStatistics:
        """The landmarks of every sample."""
        return statistics


def _is_distribution(config: Config) -> bool:
    """Whether a heatmap is a distribution over its pixels."""
    return config.training.loss.name == "heatmap-cross-entropy"


def _heatmaps_of(config: Config) -> HeatmapsOf:
    """Makes a prediction's heatmaps from the network's outputs."""
    heatmaps_of: HeatmapsOf = tf.identity
    if _is_distribution(config):
        heatmaps_of = _pixel_probabilities
    return heatmaps_of


def _position_weight(config: Config) -> float:
    """Factor on the loss of a position, which is one term of the likelihood.

    A heatmap that is a distribution is one term too; of another heatmap, each pixel is.
    """
    if _is_distribution(config):
        return 1.0
    return 1.0 / np.prod(config.network.patch_size)


def _pixel_probabilities(outputs: tf.Tensor) -> tf.Tensor:
    """Softmax over the pixels of each heatmap."""
    normalizer = tf.reduce_logsumexp(
        outputs,
        axis=[1, 2],
        keepdims=True,
    )
    return tf.exp(outputs - normalizer)


def _with_radius(row: Row, calibration: Calibration | None) -> Row:
    """The row with the conformal radius about its mean position, in mm where it has mm."""
    if calibration is None:
        return row
    radius = calibration.conformal.radii[row["landmark"]] * landmark_scale(row)
    if "x_mm" in row:
        return row | {"conformal_radius_mm": radius}
    return row | {"conformal_radius": radius}


def _sample_rows(head: Row, points: np.ndarray, activations: np.ndarray) -> list[Row]:
    """Rows of one landmark's samples.

    Args:
        head: The columns that they share.
        points: ``[T, 2]`` in pixels.
        activations: ``[T]``, the maxima of the heatmaps.
    """
    rows = []
    for t, ((x, y), activation) in enumerate(zip(points, activations, strict=True)):
        position = {"sample": t, "x": float(x), "y": float(y)}
        rows.append(head | position | {"activation": float(activation)})
    return rows


NETWORK_TASKS.register("landmarks")(Landmarks())
