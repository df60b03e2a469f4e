"""The graph that is served: the sampling function of ``tfuq predict``, between a check of the request and names of its answer."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tfuq.means import at_its_means
from tfuq.measures.voxel import SINGLE_SAMPLE_MAPS
from tfuq.members import windowed
from tfuq.posterior import Posterior
from tfuq.prediction import Predictor
from tfuq.sampling import Sampler
from tfuq.serving.outputs import Outputs, make_outputs
from tfuq.serving.steps import Preparation, is_whole_image, without_padding
from tfuq.tasks import task_of


class ServedNetwork(tf.Module):
    """Signatures by name, each a ``tf.function`` of a batch of images; all share the variables of the predictor's networks.

    ``serving_default``: image, seed and number of samples → the measures. ``images_only``: the same by the run's seed and number.
    ``deterministic``: the network without draws, its first member alone. ``prepared``: preprocessed images, seed and number →
    everything that ``tfuq predict`` makes its files of.
    """

    def __init__(self, predictor: Predictor, most: int):
        """``most``: the number of samples that no request exceeds."""
        super().__init__()
        self._config, self._sampler, self.most = predictor.config, predictor.sampler, most
        self._channels = predictor.run.facts["channels"]
        self._seed, self.samples = predictor.request.seed, min(predictor.samples, most)
        # A constant number would be optimized into products with its reciprocal, which round otherwise than quotients.
        self._samples = tf.Variable(self.samples, trainable=False)
        self._prepare = Preparation(predictor.config, predictor.run.statistics)
        self._at_means = _without_draws(predictor)
        self._measures = make_outputs(predictor.config, predictor.maps)
        self._single = make_outputs(predictor.config, SINGLE_SAMPLE_MAPS)

    def signatures(self) -> dict[str, Callable]:
        """By name."""
        rank = self._config.network.rank
        image = tf.TensorSpec([None] * (rank + 2), tf.float32, "image")
        draws = tf.TensorSpec([2], tf.int32, "seed"), tf.TensorSpec([], tf.int32, "num_samples")
        return {
            "serving_default": tf.function(self._serving_default, input_signature=[image, *draws]),
            "images_only": tf.function(self._images_only, input_signature=[image]),
            "deterministic": tf.function(self._deterministic, input_signature=[image]),
            "prepared": tf.function(self._prepared, input_signature=[image, *draws]),
        }

    def weights(self) -> list[tf.Variable]:
        """What the signatures read, each variable once."""
        of_networks = [variable for network in self._sampler.posterior.members for variable in network.model.weights]
        found = [*of_networks, *self._prepare.variables, self._samples]
        return list({id(variable): variable for variable in found}.values())

    def _serving_default(self, image: tf.Tensor, seed: tf.Tensor, num_samples: tf.Tensor) -> Outputs:
        drawn = self._drawn(self._prepare(self._checked(image)), seed, num_samples)
        return self._of_image(self._measures(drawn), image)

    def _images_only(self, image: tf.Tensor) -> Outputs:
        return self._serving_default(image, tf.constant([self._seed, 0]), self._samples)

    def _deterministic(self, image: tf.Tensor) -> Outputs:
        prepared = self._known(self._prepare(self._checked(image)))
        drawn = self._at_means.sample(prepared, tf.constant([self._seed, 0]), tf.constant(1))
        return self._of_image(self._single(drawn), image)

    def _of_image(self, outputs: Outputs, image: tf.Tensor) -> Outputs:
        """The outputs at the pixels of the image that was sent, without the padding."""
        if is_whole_image(self._config):
            return outputs
        shape = tf.shape(image)[1:-1]
        return {name: without_padding(values, shape) for name, values in outputs.items()}

    def _prepared(self, image: tf.Tensor, seed: tf.Tensor, num_samples: tf.Tensor) -> Outputs:
        return self._drawn(self._checked(image), seed, num_samples)

    def _drawn(self, images, seed, num_samples):
        return self._sampler.sample(self._known(images), seed, tf.clip_by_value(num_samples, 1, self.most))

    def _known(self, images):
        """The images, their shape known as far as the sampling graph needs it."""
        return tf.ensure_shape(images, [None] * (self._config.network.rank + 1) + [self._channels])

    def _checked(self, image):
        """The image, where it is one that the network can take."""
        shape = tf.shape(image)
        demands = [
            (shape[0] > 0, ["image: the batch is empty; send one image or more"]),
            (
                tf.equal(shape[-1], self._channels),
                [f"image: the network takes {self._channels} channel(s) as the last axis; the shape sent is", shape],
            ),
            (tf.reduce_all(tf.math.is_finite(image)), ["image: holds NaN or infinite values; every value must be finite"]),
        ]
        if is_whole_image(self._config):
            size = self._config.network.patch_size
            demands.append(
                (
                    tf.reduce_all(tf.equal(shape[1:-1], size)),
                    [f"image: must be resampled to {size} pixels; the shape sent is", shape],
                )
            )
        with tf.control_dependencies([tf.debugging.Assert(holds, message, summarize=6) for holds, message in demands]):
            return tf.identity(image)


def _without_draws(predictor: Predictor) -> Sampler:
    config, first = predictor.config, predictor.sampler.posterior.members[0]
    network = windowed(config, at_its_means(first.model), keep=predictor.request.batch)
    return Sampler(Posterior([network]), task_of(config).reducers(config), finish=task_of(config).finish)
