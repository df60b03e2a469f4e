"""The peers of `suite.py` that run on TensorFlow: tfuq, a Keras loop, a loop over TFP's Flipout layers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras

from suite_worker import Peer, serve
from tfuq import config as configuration
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.sampling.compiled import make_sampler
from tfuq.sampling.devices import has_gpu
from tfuq.sampling.members import build_member, windowed
from tfuq.sampling.posterior import Posterior

WIDTHS = (8, 16, 32, 64, 128)
DROPOUT = {4: 0.5, 5: 0.5}
Convolution = Callable[[int, int, str | None], tf_keras.layers.Layer]


def tfuq_sampler(method: str, images: tf.Tensor, samples: int) -> Peer:
    """All samples in one call, with every map of uncertainty."""
    size = list(images.shape[1:3])
    config = configuration.load("iseg2017", (f"network.patch_size={size}", f"method={method}"))
    model = build_member(config, channels=2)
    network = windowed(config, model, keep=len(images), with_xla=has_gpu())
    sampler = make_sampler(Posterior([network]), voxel_reducers(), finish=voxel_maps)
    seed, count = tf.constant([1, 2]), tf.constant(samples)
    return lambda: read(sampler.sample(images, seed, count))


def point(filters: int, size: int, activation: str | None) -> tf_keras.layers.Layer:
    return tf_keras.layers.Conv2D(filters, size, padding="same", activation=activation)


def flipout(filters: int, size: int, activation: str | None) -> tf_keras.layers.Layer:
    return tfp.layers.Convolution2DFlipout(filters, size, padding="same", activation=activation)


def keras_unet(
    convolution: Convolution, dropout: dict[int, float], size: list[int]
) -> tf_keras.Model:
    """The network of configs/iseg2017.yaml as a user of Keras writes it."""
    image = x = tf_keras.Input((*size, 2))
    skips = []
    for level, width in enumerate(WIDTHS, start=1):
        if skips:
            x = tf_keras.layers.MaxPool2D(2)(x)
        x = convolution(width, 3, "relu")(convolution(width, 3, "relu")(x))
        if level in dropout:
            x = tf_keras.layers.Dropout(dropout[level])(x)
        skips.append(x)
    for width, skip in zip(WIDTHS[-2::-1], skips[-2::-1], strict=True):
        x = convolution(width, 2, "relu")(tf_keras.layers.UpSampling2D(2)(x))
        x = tf_keras.layers.Concatenate()([skip, x])
        x = convolution(width, 3, "relu")(convolution(width, 3, "relu")(x))
    logits = convolution(1, 1, None)(convolution(2, 3, None)(x))
    return tf_keras.Model(image, tf.sigmoid(logits))


def looped(call: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor, samples: int) -> Peer:
    """A loop over calls that keeps the mean."""

    def run() -> None:
        mean = np.zeros((*images.shape[:-1], 1), np.float32)
        for _ in range(samples):
            mean += np.asarray(call(images)) / samples

    return run


def read(tensors: object) -> None:
    """Wait until all of them are there."""
    for tensor in tf.nest.flatten(tensors):
        np.asarray(tensor)


def peers(slices: int, size: int, samples: int) -> dict[str, Peer]:
    """What is timed, by ``method: name``."""
    images = tf.random.stateless_normal([slices, size, size, 2], [0, 0])
    plain = keras_unet(point, {}, [size, size])
    dropping = keras_unet(point, DROPOUT, [size, size])
    variational = keras_unet(flipout, {}, [size, size])
    in_graph = tf.function(lambda batch: dropping(batch, training=True), autograph=False)
    one_pass = tf.function(lambda batch: plain(batch, training=False), autograph=False)
    return {
        "plain pass: Keras in tf.function": looped(one_pass, images, samples),
        "mc-dropout: tfuq": tfuq_sampler("mc-dropout", images, samples),
        "mc-dropout: Keras, model(x, training=True) in a loop": looped(
            lambda batch: dropping(batch, training=True), images, samples
        ),
        "mc-dropout: Keras, the same in tf.function": looped(in_graph, images, samples),
        "vi: tfuq": tfuq_sampler("vi", images, samples),
        "vi: TFP Flipout, model(x) in a loop": looped(variational, images, samples),
    }


if __name__ == "__main__":
    libraries = {
        "tensorflow": tf.__version__,
        "tf_keras": tf_keras.__version__,
        "tensorflow_probability": tfp.__version__,
    }
    serve(peers(**json.loads(sys.argv[1])), {}, libraries)
