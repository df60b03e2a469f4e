"""A network of a fixed patch size applied to images of any size, inside the graph.

Overlapping windows are blended with Gaussian weights (as nnU-Net and MONAI do) within one sample,
before anything non-linear. A sample is one function of the image: what is dropped at a place, or
drawn as noise, is the same in every window that holds it. So windows begin at whole elements of
the maps that something is dropped in (see `SplitNetwork.grid`), and where the last one reaches
beyond the image, by less than such an element, the image is mirrored.

The network always sees ``chunk`` windows at once: kernels choose their summation order by the
batch's size, and some by the place in it. With a fixed size, an image's result depends to the bit
on its index modulo ``chunk`` alone, not on how many images a caller passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.prefix import split_at_seed

# A network's outputs, the seed of noise, and where in their volumes they begin (int32, [N, rank] or [1, rank]) → a sample.
Activation = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


class WindowedNetwork(tf.Module):
    """``encode`` runs what does not depend on the seed, once per image; ``sample`` the rest, once per sample.

    A network whose output has no spatial axes sees whole images, which then have the patch's size.
    """

    def __init__(self, model: tf_keras.Model, activation: Activation, *, overlap: float, chunk: int, keep: int):
        """``activation`` makes a sample of the network's outputs, window by window. ``keep``: the most windows whose encoding
        is held in memory (at least a chunk); beyond, each sample computes it anew."""
        super().__init__()
        self.model, self._activation = model, activation
        self._channels = _channels_of_sample(model, activation)
        self._is_dense = len(model.outputs[0].shape) == len(model.inputs[0].shape)
        self._split = split_at_seed(model)
        self._prefix = self._split.prefix
        self._patch = tuple(int(n) for n in model.inputs[0].shape[1:-1])
        self._overlap, self._chunk, self._keep = overlap, chunk, keep
        # Not inlined, so that it is compiled alike (to the last bit) where it is kept and where it is computed anew.
        self._encode_patches = tf.function(
            lambda patches: tf.nest.flatten(self._prefix(patches, training=False)), experimental_attributes={"_noinline": True}
        )

    def encode(self, images: tf.Tensor) -> dict:
        """``images [N, *S, C]``, S at least the patch. The result is passed back to `sample`."""
        corners, images = self._corners(tf.shape(images)), self._mirrored(images)
        chunks = tf.shape(corners)[0] // self._chunk
        importance = gaussian_importance(self._patch)
        kept = tf.where(chunks <= max(self._keep // self._chunk, 1), chunks, 0)
        encoded = tf.map_fn(
            lambda index: self._encode_chunk(images, corners, index),
            tf.range(kept),
            fn_output_signature=[tf.TensorSpec([self._chunk, *t.shape[1:]], t.dtype) for t in self._prefix.outputs],
            parallel_iterations=1,
        )
        return {
            "corners": corners,
            "images": images,
            "encoded": encoded,
            "is_kept": kept > 0,
            "is_tiled": tf.reduce_any(tf.shape(images)[1:-1] != self._patch),
            "importance": importance,
            "weight": self._total_weight(images, corners, importance),
            "widths": self._split.widths(),
        }

    def sample_shape(self, images: tf.Tensor) -> list:
        """Shape of one sample of ``images``: scalar tensors, the channels a plain number."""
        space = tf.unstack(tf.shape(images))[:-1] if self._is_dense else [tf.shape(images)[0]]
        return [*space, self._channels]

    def sample(self, images: tf.Tensor, context: dict, seed: tf.Tensor, *, noise_seed: tf.Tensor) -> tf.Tensor:
        """One sample ``[N, *S, C]`` as the activation makes it, without S where the output has no space.

        ``seed`` is the sample's own; the noise that the activation integrates over is drawn from ``noise_seed``, which is the same for
        all samples of a prediction: they would differ by it otherwise, and the difference pass for the network's.
        """
        shape, corners, images = self.sample_shape(images), context["corners"], context["images"]
        blended = tf.zeros(self.sample_shape(images))
        chunks = tf.shape(corners)[0] // self._chunk

        def add_chunk(index, blended):
            features = tf.cond(
                context["is_kept"],
                lambda: [stack[index] for stack in context["encoded"]],  # a view, where tf.gather would copy
                lambda: self._encode_chunk(images, corners, index),
            )
            # TensorFlow fuses a convolution with the addition after it only where it knows the shapes.
            known = [
                tf.ensure_shape(f, [self._chunk, *t.shape[1:]]) for f, t in zip(features, self._prefix.outputs, strict=True)
            ]
            first = index * self._chunk
            # Whole images all begin at 0: one corner, and so one mask, serves the chunk.
            corner = corners[first : first + tf.where(context["is_tiled"], self._chunk, 1), 1:]
            outputs = self._split.suffix([*known, *context["widths"], corner, seed], training=False)
            p = self._activation(outputs, noise_seed, corner)
            if not self._is_dense:
                return index + 1, _place(blended, p, first)
            return index + 1, tf.cond(
                context["is_tiled"],
                lambda: self._blend(blended, p, corners[first : first + self._chunk], context),
                lambda: _place(blended, p, first),
            )

        _, blended = tf.while_loop(lambda i, _: i < chunks, add_chunk, (0, blended), parallel_iterations=1)
        return tf.slice(blended, [0] * len(shape), shape)

    def _mirrored(self, images):
        """The images, longer by their mirror image where the last window reaches beyond them."""
        if max(self._split.grid) == 1:
            return images
        beyond = [(self._patch[a] - tf.shape(images)[1 + a]) % grid for a, grid in enumerate(self._split.grid)]
        return tf.pad(images, [[0, 0], *[[0, n] for n in beyond], [0, 0]], "SYMMETRIC")

    def _corners(self, shape: tf.Tensor) -> tf.Tensor:
        """First voxel (image index, then one per axis) of each window, the last repeated to fill whole chunks.

        A repeated window writes nothing: its image index is −1.
        """
        axes = [tf.range(shape[0])]
        for axis, (size, grid) in enumerate(zip(self._patch, self._split.grid, strict=True), start=1):
            room = -((size - shape[axis]) // grid)  # in steps of the grid, as all that follows
            stride = max(int(size * (1 - self._overlap)) // grid, 1)
            count = -(-room // stride) + 1
            step = tf.cast(room, tf.float32) / tf.cast(tf.maximum(count - 1, 1), tf.float32)
            axes.append(tf.cast(tf.round(tf.cast(tf.range(count), tf.float32) * step), tf.int32) * grid)
        corners = tf.reshape(tf.stack(tf.meshgrid(*axes, indexing="ij"), -1), [-1, len(axes)])
        missing = (-tf.shape(corners)[0]) % self._chunk
        filler = tf.concat([tf.fill([missing, 1], -1), tf.zeros([missing, len(self._patch)], tf.int32)], 1)
        return tf.concat([corners, filler], 0)

    def _encode_chunk(self, images, corners, index):
        first = index * self._chunk
        if not self._is_dense:
            whole = tf.gather(images, tf.maximum(corners[first : first + self._chunk, 0], 0))
            return self._encode_patches(tf.ensure_shape(whole, [self._chunk, *self._prefix.inputs[0].shape[1:]]))
        return self._encode_patches(
            tf.stack([self._patch_at(images, corners[first + offset]) for offset in range(self._chunk)])
        )

    def _patch_at(self, images, corner):
        begin = tf.concat([tf.maximum(corner, 0), [0]], 0)
        return tf.ensure_shape(tf.slice(images, begin, [1, *self._patch, -1])[0], self._prefix.inputs[0].shape[1:])

    def _total_weight(self, images, corners, importance):
        """Sum of the window weights at each voxel ``[*S]``; the windows of the first image stand for all."""
        first = tf.boolean_mask(corners, tf.equal(corners[:, 0], 0))
        total = tf.zeros(tf.shape(images)[1:-1])

        def add(index, total):
            return index + 1, _add_at(total, importance, first[index, 1:], tf.constant(self._patch))

        return tf.while_loop(lambda i, _: i < tf.shape(first)[0], add, (0, total), parallel_iterations=1)[1]

    def _blend(self, blended, p, corners, context):
        size = [1, *self._patch, self._channels]
        for window in range(self._chunk):
            corner = corners[window]
            share = context["importance"] / tf.slice(context["weight"], corner[1:], self._patch)
            weighted = (p[window] * share[..., None])[None]
            begin = tf.concat([tf.maximum(corner, 0), [0]], 0)
            # A filler window has image index −1 and adds zero.
            blended = _add_at(blended, tf.where(corner[0] >= 0, weighted, 0.0), begin, size)
        return blended


def _channels_of_sample(model, activation) -> int:
    outputs, rank = tf.TensorSpec([1, *model.outputs[0].shape[1:]]), len(model.inputs[0].shape) - 2
    specs = [outputs, tf.TensorSpec([2], tf.int32), tf.TensorSpec([1, rank], tf.int32)]
    return int(tf.function(activation).get_concrete_function(*specs).output_shapes[-1])


def _place(target, values, first):
    """Write whole images ``values`` from row ``first`` on; filler beyond the last image is dropped."""
    count = tf.shape(target)[0]

    def write():
        last = tf.minimum(first + tf.shape(values)[0], count)
        begin = tf.stack([first] + [0] * (len(target.shape) - 1))
        return _update(target, begin, tf.concat([[last], tf.shape(target)[1:]], 0), values[: last - first])

    # All images in one chunk, as in most 3D volumes: nothing to copy.
    return tf.cond(count <= tf.shape(values)[0], lambda: values[:count], write)


def _add_at(target, values, begin, size):
    return _update(target, begin, begin + size, tf.slice(target, begin, size) + values)


def _update(target, begin, end, values):
    return tf.raw_ops.TensorStridedSliceUpdate(input=target, begin=begin, end=end, strides=tf.ones_like(begin), value=values)


def gaussian_importance(patch: Sequence[int]) -> tf.Tensor:
    """Weights ``[*patch]``, 1 at the centre, of standard deviation an eighth of the patch, never below 1e-3.

    Computed where they are needed: as a constant they would be a large part of a graph that is stored.
    """
    weights = tf.ones([], tf.float64)
    for n in patch:
        profile = np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / (n / 8)) ** 2)
        weights = weights[..., None] * tf.constant(profile / profile.max())
    return tf.cast(tf.maximum(weights, 1e-3), tf.float32)
