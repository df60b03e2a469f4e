"""The graph that is served.

It is the sampling function of ``tfuq predict``, between a check of the request and the names of its
answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfuq.measures.catalogue import maps_of
from tfuq.prediction import AnyPredictor
from tfuq.sampling.mean_network import at_its_means
from tfuq.sampling.members import windowed
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.sampler import Sampler
from tfuq.serving.steps import Preparation, is_whole_image, without_padding
from tfuq.serving.tasks import SERVED
from tfuq.serving.tasks import Tensors as Outputs
from tfuq.tasks import task_of

_Demand = tuple[tf.Tensor, list[Any]]  # what must hold, and the message where it does not


class ServedNetwork(tf.Module):
    """Signatures by name, each a ``tf.function`` of a batch of images.

    * ``serving_default``: image, seed and number of samples → the measures.
    * ``images_only``: the same, with the seed and the number of the request to export.
    * ``deterministic``: the first member without anything random.
    * ``prepared``: preprocessed images, seed and number → all that ``tfuq predict`` makes its files
      of.

    All share the variables of the predictor's networks.
    """

    def __init__(self, predictor: AnyPredictor, most: int) -> None:
        """Make the parts of the graph.

        Args:
            predictor: Samples the networks that are served.
            most: The number of samples that no request exceeds.
        """
        super().__init__()
        self._config = predictor.config
        self._sampler = predictor.sampler
        self._posterior = predictor.posterior
        self.most = most
        self._channels = predictor.run.facts["channels"]
        self._seed = predictor.request.seed
        self.samples = min(predictor.samples, most)
        # A constant number would be optimized into products with its reciprocal, which round
        # otherwise than quotients.
        self._samples = tf.Variable(self.samples, trainable=False)
        self._prepare = Preparation(predictor.config, predictor.run.statistics)
        self._at_means = _without_randomness(predictor)
        make_outputs = SERVED[predictor.config.task].outputs
        self._measures = make_outputs(predictor.config, predictor.maps)
        self._single = make_outputs(predictor.config, maps_of(1))

    def signatures(self) -> dict[str, tf.types.experimental.PolymorphicFunction]:
        """The signatures by name."""
        rank = self._config.network.rank
        image = tf.TensorSpec([None] * (rank + 2), tf.float32, "image")
        seed = tf.TensorSpec([2], tf.int32, "seed")
        num_samples = tf.TensorSpec([], tf.int32, "num_samples")
        sampled = [image, seed, num_samples]
        return {
            "serving_default": _traced(self._serving_default, sampled),
            "images_only": _traced(self._images_only, [image]),
            "deterministic": _traced(self._deterministic, [image]),
            "prepared": _traced(self._prepared, sampled),
        }

    def weights(self) -> list[tf.Variable]:
        """What the signatures read, each variable once."""
        variables: list[tf.Variable] = []
        for member in self._posterior.members:
            variables += member.model.weights
        variables += [*self._prepare.variables, self._samples]
        by_identity = {id(variable): variable for variable in variables}
        return list(by_identity.values())

    def _serving_default(
        self,
        image: tf.Tensor,
        seed: tf.Tensor,
        num_samples: tf.Tensor,
    ) -> Outputs:
        prepared = self._prepare(self._checked(image))
        drawn = self._drawn(prepared, seed, num_samples)
        return self._of_image(self._measures(drawn), image)

    def _images_only(self, image: tf.Tensor) -> Outputs:
        return self._serving_default(image, tf.constant([self._seed, 0]), self._samples)

    def _deterministic(self, image: tf.Tensor) -> Outputs:
        prepared = self._with_known_shape(self._prepare(self._checked(image)))
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

    def _drawn(self, images: tf.Tensor, seed: tf.Tensor, num_samples: tf.Tensor) -> Outputs:
        images = self._with_known_shape(images)
        samples = tf.clip_by_value(num_samples, 1, self.most)
        return dict(self._sampler.sample(images, seed, samples))

    def _with_known_shape(self, images: tf.Tensor) -> tf.Tensor:
        """The images, their shape known as far as the sampling graph needs it."""
        any_size = [None] * (self._config.network.rank + 1)
        return tf.ensure_shape(images, [*any_size, self._channels])

    def _checked(self, image: tf.Tensor) -> tf.Tensor:
        """The image, where it is one that the network can take."""
        assertions = []
        for condition, message in self._demands(image):
            assertions.append(tf.debugging.Assert(condition, message, summarize=6))
        with tf.control_dependencies(assertions):
            return tf.identity(image)

    def _demands(self, image: tf.Tensor) -> list[_Demand]:
        shape = tf.shape(image)
        channels = (
            f"image: the network takes {self._channels} channel(s) as the last axis; "
            "the shape sent is"
        )
        finite = "image: holds NaN or infinite values; every value must be finite"
        demands: list[_Demand] = [
            (shape[0] > 0, ["image: the batch is empty; send one image or more"]),
            (tf.equal(shape[-1], self._channels), [channels, shape]),
            (tf.reduce_all(tf.math.is_finite(image)), [finite]),
        ]
        if is_whole_image(self._config):
            size = self._config.network.patch_size
            message = f"image: must be resampled to {size} pixels; the shape sent is"
            is_of_size = tf.reduce_all(tf.equal(shape[1:-1], size))
            demands.append((is_of_size, [message, shape]))
        return demands


def _without_randomness(predictor: AnyPredictor) -> Sampler:
    """Samples the first member at the means of its weights, without dropout."""
    config = predictor.config
    task = task_of(config)
    first = predictor.posterior.members[0]
    request = predictor.request
    network = windowed(
        config,
        at_its_means(first.model),
        keep=request.batch,
        precision=request.precision,
        skip_empty=request.skip_empty,
    )
    return Sampler(Posterior([network]), task.reducers(config), finish=task.finish)


def _traced(
    call: Callable[..., Outputs], signature: list[tf.TensorSpec]
) -> tf.types.experimental.PolymorphicFunction:
    return tf.function(call, input_signature=signature, autograph=False)
