"""Segmentation: what a server answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfuq.config import Config
from tfuq.data.preprocessing import Box
from tfuq.measures.reducers import chosen_class
from tfuq.prediction import Predictor
from tfuq.serving.description import Export
from tfuq.serving.expectation import Asked, Output, numbers, of_classes
from tfuq.serving.tasks.base import (
    SERVED,
    Arrays,
    PageWords,
    ServedTask,
    Tensors,
    chosen,
    words_of_classes,
)
from tfuq.tasks.records import VoxelStatistics


def _outputs(config: Config, maps: Sequence[str]) -> Callable[[Tensors], Tensors]:
    return lambda statistics: _segmented(statistics, maps)


def _segmented(statistics: Tensors, maps: Sequence[str]) -> Tensors:
    label = tf.cast(chosen_class(statistics["probability"]), tf.uint8)
    return {"label": label, **chosen(statistics, maps)}


def _expected(asked: Asked) -> dict[str, Output]:
    shape = (asked.images, *asked.space)
    entropy_term = (0.0, 1.0 / math.e)  # −p log p
    regions = len(asked.config.data.regions)
    packed_size = -(-math.prod(asked.space) // 8)
    masks = (asked.images, asked.samples, asked.classes - 1, packed_size)
    return of_classes(asked, shape) | {
        "label": Output(np.uint8, shape, (0, asked.classes - 1)),
        "variance": numbers((*shape, asked.classes), (0.0, 0.25)),
        "entropy_terms": numbers((*shape, asked.classes), entropy_term),
        "region_entropy_terms": numbers((*shape, regions), entropy_term),
        "masks": Output(np.uint8, masks, (0, 255)),
    }


def _named(predictor: Predictor[VoxelStatistics], statistics: VoxelStatistics, box: Box) -> Arrays:
    label = statistics.probability.argmax(-1)
    maps = {"probability": statistics.probability, **statistics.maps(predictor.maps)}
    maps["label"] = label.astype(np.uint8)
    return _without_padding(maps, box)


def _without_padding(maps: Arrays, box: Box) -> Arrays:
    cropped = {}
    for name, values in maps.items():
        cropped[name] = np.ascontiguousarray(values[(slice(None), *box)])
    return cropped


def _words(export: Export) -> PageWords:
    patch = "×".join(map(str, export.patch_size))
    return PageWords(
        inputs="scans",
        example="scan.nii.gz",
        sizes=(
            f"Images smaller than the network's patch ({patch}) are padded evenly with zeros for "
            "the network alone: the answer is as large as the\n"
            "image that was sent. Larger ones are covered with windows, which are blended within "
            "each sample. `prepared` takes images that are padded already."
        ),
        answers=words_of_classes(export),
    )


SERVED.register("segmentation")(
    ServedTask(outputs=_outputs, expected=_expected, named=_named, words=_words)
)
