"""A network of a fixed patch size applied to images of any size, inside the graph.

Overlapping windows are blended with Gaussian weights (as nnU-Net and MONAI do) within one sample,
before anything non-linear. A sample is one function of the image: what is dropped at some
coordinates, or is noise there, is the same in every window that holds them. So windows begin at
whole elements of the maps that something is dropped in (see `SplitNetwork.grid`). Where the last
one reaches beyond the image, by less than such an element, the image is mirrored.

The network always sees ``chunk`` windows at once: kernels choose their summation order by the
batch's size, and some by the index in it. With a fixed size, an image's result depends to the bit
on its index modulo ``chunk`` alone, not on how many images a caller passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import tensorflow as tf
import tf_keras

from tfuq.config import NEVER, SkipEmpty
from tfuq.sampling.blending import (
    gaussian_importance,
    total_weight,
    with_whole_images,
    with_windows,
)
from tfuq.sampling.convolutions import FLOAT32
from tfuq.sampling.corners import following, mirrored, window_at, window_corners
from tfuq.sampling.empty import EmptyChunks, empty_chunks
from tfuq.sampling.encoded import EncodedImages, PlacedWindows
from tfuq.sampling.known import choose, size_of
from tfuq.sampling.prefix import split_at_seed
from tfuq.sampling.transforms import NO_TRANSFORMS, TransformRanges, with_transforms
from tfuq.tasks.activation import Activation, channels_of_sample

# Below so many images at once, leaving dropped units out costs more than it saves.
_LEAST_IMAGES = 64


class WindowedNetwork(tf.Module):
    """A network that takes images of any size, at least its patch's.

    ``encode`` runs the deterministic prefix, once per image; ``sample`` runs the rest, once per
    sample.

    A network whose output has no spatial axes sees whole images, which then have the patch's size.

    Attributes:
        split: the network in two parts.
        patch: voxels of a window along each axis.
        chunk: windows that the network sees at once.
        keep: windows whose encoding is held in memory.
        skip_empty: which windows are empty.
        with_xla: whether XLA compiles it.
        channels: of a sample.
        is_dense: whether the output has spatial axes.
        encode_patches: features of a chunk of patches.
    """

    def __init__(
        self,
        model: tf_keras.Model,
        activation: Activation,
        *,
        overlap: float,
        chunk: int,
        keep: int,
        precision: str = FLOAT32,
        with_xla: bool = False,
        skip_empty: SkipEmpty = NEVER,
        transforms: TransformRanges = NO_TRANSFORMS,
        grid: Sequence[int] | None = None,
    ) -> None:
        """Prepare a network.

        Args:
            model: ``(image [N, *patch, C], seed [2]) → outputs``.
            activation: makes a sample from the network's outputs, window by window.
            overlap: the share of a window that the next one along an axis covers too.
            chunk: windows that the network sees at once.
            keep: the most windows whose encoding is held in memory (at least a chunk); beyond, each
                sample computes it anew.
            precision: the type that convolutions are computed in, ``float32`` or ``bfloat16``.
            with_xla: whether XLA compiles the network, which pays on GPUs and costs on CPUs. What
                is not for a single chunk then runs only in `tfuq.sampling.compiled`.
            skip_empty: which windows are empty, as `tfuq.config.learning.PredictionConfig` has it.
            transforms: what each sample does to the image. With any, nothing but the image itself
                is encoded, and the whole network runs once per sample.
            grid: voxels along each axis of which the windows begin at multiples, in turn multiples
                of the network's own; None for these.
        """
        super().__init__()
        self.model = model
        self._activation = activation
        self.channels = channels_of_sample(model, activation)
        self.is_dense = len(model.outputs[0].shape) == len(model.inputs[0].shape)
        has_few_images = chunk < _LEAST_IMAGES
        split = split_at_seed(model, precision, static_shapes=with_xla or has_few_images)
        if grid is not None:
            split = replace(split, grid=tuple(grid))
        self.split = with_transforms(split, transforms)
        self._prefix = self.split.prefix
        self.patch = tuple(int(size) for size in model.inputs[0].shape[1:-1])
        self._overlap = overlap
        self.chunk = chunk
        self.keep = keep
        self.skip_empty = skip_empty
        self.with_xla = with_xla
        # Not inlined, so that it is compiled alike (to the last bit) where it is kept and where it
        # is computed anew.
        self.encode_patches = tf.function(
            lambda patches: tf.nest.flatten(self._prefix(patches, training=False)),
            autograph=False,
            jit_compile=with_xla,
            experimental_attributes={"_noinline": True},
        )

        self._run_windows = self._windows
        if with_xla:
            self._run_windows = tf.function(self._windows, autograph=False, jit_compile=True)

    def encode(self, images: tf.Tensor) -> EncodedImages:
        """Run the deterministic prefix.

        Args:
            images: ``[N, *S, C]``, S at least the patch.

        Returns:
            What `sample` needs.
        """
        return self.encode_placed(self.place(images))

    def place(self, images: tf.Tensor) -> PlacedWindows:
        """Lay windows over images ``[N, *S, C]``, S at least the patch."""
        corners = self.corners(tf.shape(images))
        images = mirrored(images, patch=self.patch, grid=self.split.grid)
        return PlacedWindows(
            images=images,
            corners=corners,
            chunks=tf.shape(corners)[0] // self.chunk,
            is_tiled=tf.reduce_any(tf.shape(images)[1:-1] != self.patch),
            empty=self._empty(images, corners),
        )

    def _empty(self, images: tf.Tensor, corners: tf.Tensor) -> EmptyChunks | None:
        if self.skip_empty == NEVER:
            return None
        return empty_chunks(
            images, corners, patch=self.patch, chunk=self.chunk, share=self.skip_empty
        )

    def encode_placed(self, placed: PlacedWindows) -> EncodedImages:
        """Run the deterministic prefix on windows that `place` laid."""
        chunks = size_of(placed.corners, 0) // self.chunk
        is_kept = chunks <= max(self.keep // self.chunk, 1)
        encoded = []
        if is_kept is not False:  # known, XLA maps no empty range
            encoded = tf.map_fn(
                lambda index: self._encode_chunk(placed, index),
                tf.range(tf.where(is_kept, chunks, 0)),
                fn_output_signature=self._feature_specs(),
                parallel_iterations=1,
            )
        importance = gaussian_importance(self.patch)
        space = tf.shape(placed.images)[1:-1]
        return EncodedImages(
            placed=placed,
            encoded=encoded,
            is_kept=is_kept,
            importance=importance,
            weight=total_weight(space, placed.corners, importance, with_xla=self.with_xla),
            widths=self.split.widths(),
        )

    def _feature_specs(self) -> list[tf.TensorSpec]:
        """Shapes and types of a chunk's features."""
        specs = []
        for feature in self._prefix.outputs:
            shape = [self.chunk, *feature.shape[1:]]
            specs.append(tf.TensorSpec(shape, feature.dtype))
        return specs

    def sample_shape(self, images: tf.Tensor) -> list[tf.Tensor | int]:
        """Shape of one sample of ``images``: scalar tensors or numbers, the channels a number."""
        leading = [size_of(images, 0)]
        if self.is_dense:
            leading += [size_of(images, axis) for axis in range(1, len(images.shape) - 1)]
        return [*leading, self.channels]

    def sample(
        self,
        images: tf.Tensor,
        context: EncodedImages,
        seed: tf.Tensor,
        *,
        noise_seed: tf.Tensor,
    ) -> tf.Tensor:
        """One sample, as the activation makes it.

        Args:
            images: ``[N, *S, C]``.
            context: what `encode` made of them.
            seed: as `blended` takes it.
            noise_seed: as `blended` takes it.

        Returns:
            ``[N, *S, C]``, without S where the output has no spatial axes.
        """
        shape = self.sample_shape(images)
        blended = self.blended(context, seed, noise_seed=noise_seed)
        return tf.slice(blended, [0] * len(shape), shape)

    def blended(
        self, context: EncodedImages, seed: tf.Tensor, *, noise_seed: tf.Tensor
    ) -> tf.Tensor:
        """One sample, as far as the windows reach: beyond images that are mirrored.

        Args:
            context: what `encode` made of images.
            seed: of the sample, int32 ``[2]``.
            noise_seed: of the noise that the activation integrates over, int32 ``[2]``. It is the
                same for all samples of a prediction: they would differ by the noise otherwise, and
                the difference would pass for the network's.
        """
        placed = context.placed
        blended = tf.zeros(self.sample_shape(placed.images))

        def add_chunk(
            index: tf.Tensor, blended: tf.Tensor, of_empty: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            def sampled() -> tf.Tensor:
                return self._sample_of_chunk(context, index, seed, noise_seed)

            if placed.empty is None:
                p = sampled()
            else:
                p = tf.cond(placed.empty.is_repeat[index], lambda: of_empty, sampled)
                of_empty = tf.cond(placed.empty.is_first[index], lambda: p, lambda: of_empty)
            first = index * self.chunk
            return index + 1, self._added(blended, p, first, context), of_empty

        _, blended, _ = tf.while_loop(
            lambda index, *_: index < placed.chunks,
            add_chunk,
            (0, blended, self._sample_of_empty(placed)),
            parallel_iterations=1,
        )
        return blended

    def _sample_of_empty(self, placed: PlacedWindows) -> tf.Tensor:
        """What stands for the sample of an empty chunk before there is one."""
        if placed.empty is None:
            return tf.zeros([])
        return tf.zeros([self.chunk, *self.patch, self.channels])

    def _sample_of_chunk(
        self, context: EncodedImages, index: tf.Tensor, seed: tf.Tensor, noise_seed: tf.Tensor
    ) -> tf.Tensor:
        """A chunk's windows of one sample."""
        features = self._features_of_chunk(context, index)
        first = index * self.chunk
        # Whole images all begin at 0: one corner, and so one mask, serves the chunk.
        count = choose(context.placed.is_tiled, lambda: self.chunk, lambda: 1)
        corner = following(context.placed.corners, first, count)[:, 1:]
        return self.windows([*features, *context.widths, corner, seed], corner, noise_seed)

    def windows(
        self, inputs: list[tf.Tensor], corner: tf.Tensor, noise_seed: tf.Tensor
    ) -> tf.Tensor:
        """A chunk's windows of one sample ``[chunk, *patch, C]``, of what the suffix takes."""
        return self._run_windows(inputs, corner, noise_seed)

    def _windows(
        self, inputs: list[tf.Tensor], corner: tf.Tensor, noise_seed: tf.Tensor
    ) -> tf.Tensor:
        outputs = self.split.suffix(inputs, training=False)
        return self._activation(outputs, noise_seed, corner)

    def _features_of_chunk(self, context: EncodedImages, index: tf.Tensor) -> list[tf.Tensor]:
        """A chunk's features, of known shape.

        TensorFlow fuses a convolution with the addition after it only where it knows the shapes.
        """
        features = choose(
            context.is_kept,
            # A view, where tf.gather would copy.
            lambda: [stack[index] for stack in context.encoded],
            lambda: self._encode_chunk(context.placed, index),
        )
        known = []
        for feature, output in zip(features, self._prefix.outputs, strict=True):
            shape = [self.chunk, *output.shape[1:]]
            known.append(tf.ensure_shape(feature, shape))
        return known

    def _added(
        self,
        blended: tf.Tensor,
        p: tf.Tensor,
        first: tf.Tensor,
        context: EncodedImages,
    ) -> tf.Tensor:
        """The sample with a chunk's windows added, the first of which has the index ``first``."""
        if not self.is_dense:
            return with_whole_images(blended, p, first)
        if p.shape[0] is None:  # of noise that is integrated over
            p = tf.ensure_shape(p, [self.chunk, *self.patch, self.channels])
        return choose(
            context.placed.is_tiled,
            lambda: with_windows(
                blended,
                p,
                following(context.placed.corners, first, self.chunk),
                context.importance,
                context.weight,
                with_xla=self.with_xla,
            ),
            lambda: with_whole_images(blended, p, first),
        )

    def corners(self, shape: tf.Tensor) -> tf.Tensor:
        """First voxel of each window, see `tfuq.sampling.corners.window_corners`.

        Args:
            shape: of the images.
        """
        return window_corners(
            shape,
            patch=self.patch,
            grid=self.split.grid,
            overlap=self._overlap,
            chunk=self.chunk,
        )

    def _encode_chunk(self, placed: PlacedWindows, index: tf.Tensor) -> list[tf.Tensor]:
        """The features of the chunk's windows."""
        first = index * self.chunk
        if not self.is_dense:
            indices = tf.maximum(following(placed.corners, first, self.chunk)[:, 0], 0)
            whole = tf.gather(placed.images, indices)
            known = tf.ensure_shape(whole, [self.chunk, *self._prefix.inputs[0].shape[1:]])
            return list(self.encode_patches(known))
        patches = []
        for offset in range(self.chunk):
            corner = placed.corners[first + offset]
            patches.append(window_at(placed.images, corner, self.patch))
        return list(self.encode_patches(tf.stack(patches)))
