"""Classification: what a server answers."""

from __future__ import annotations

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
from tfuq.tasks.records import ClassStatistics


def _outputs(config: Config, maps: Sequence[str]) -> Callable[[Tensors], Tensors]:
    measures = list(maps)
    if len(maps) > 1:
        measures.append("votes")
    return lambda statistics: _classified(statistics, config.data.classes, measures)


def _classified(statistics: Tensors, classes: Sequence[str], measures: Sequence[str]) -> Tensors:
    label = tf.gather(tf.constant(classes), chosen_class(statistics["probability"]))
    return {"label": label, **chosen(statistics, measures)}


def _expected(asked: Asked) -> dict[str, Output]:
    shape = (asked.images,)
    return of_classes(asked, shape) | {
        "label": Output(object, shape, texts=tuple(asked.export.classes)),
        "variance": numbers((*shape, asked.classes), (0.0, 0.25)),
        "votes": numbers((*shape, asked.classes), (0.0, 1.0), adds_to_one=True),
    }


def _named(predictor: Predictor[ClassStatistics], statistics: ClassStatistics, box: Box) -> Arrays:
    label = statistics.probability.argmax(-1)
    measures = {"probability": statistics.probability, **statistics.maps(predictor.maps)}
    classes = predictor.config.data.classes
    names = [classes[k].encode() for k in label]
    measures["label"] = np.array(names, object)
    if predictor.samples > 1:
        measures["votes"] = statistics.votes
    return measures


def _words(export: Export) -> PageWords:
    return PageWords(
        inputs="images",
        example="image.png",
        sizes="",
        answers=words_of_classes(export),
    )


SERVED.register("classification")(
    ServedTask(outputs=_outputs, expected=_expected, named=_named, words=_words)
)
