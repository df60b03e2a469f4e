"""The reducer of heatmaps: positions of landmarks."""

from __future__ import annotations

import math

import tensorflow as tf

from tfuq.measures.reducers.base import SampleStatistics, Shape

_STEPS = 10  # of Newton's method; half of them are enough for single precision at the border


class LandmarkSamples:
    """Every sample's landmarks, ``landmarks [N, T, L, 3]``.

    The columns are x and y in pixels, and the heatmap's value at its maximum. With companions there
    is a fourth column: the companion map's value where the heatmap has its maximum. One sample
    ``p`` is the heatmaps ``[N, rows, columns, L]``, followed by the companions if there are any.

    The maximum is refined by a centroid, weighted by squares, of the pixels within ⌈2σ⌉ of it along
    each axis. The refined position is the one of which a Gaussian of width σ has that centroid
    among these pixels. The two differ where the border of the image cuts the Gaussian. A map that
    is nowhere positive around its maximum is not refined.

    Smoothed, a landmark is the pixel where the heatmap, convolved with a Gaussian of width σ and
    sum 1, has its maximum, and the value is that maximum (Drevický & Kodym 2020). Beyond the image
    the heatmap is 0.
    """

    def __init__(
        self, sigma: float, *, companions: bool = False, is_smoothed: bool = False
    ) -> None:
        """Make the reducer.

        Args:
            sigma: width of a heatmap's Gaussian in pixels.
            companions: whether as many further maps follow the heatmaps.
            is_smoothed: whether a position is the maximum of the smoothed heatmap.
        """
        self._sigma = sigma
        self._is_smoothed = is_smoothed
        self._companions = companions
        self._radius = math.ceil(2 * sigma)
        self._variance = sigma**2 / 2  # of the squares

    def initialize(self, shape: Shape, samples: tf.Tensor) -> tf.Tensor:
        channels = shape[-1]
        if self._companions:
            return tf.zeros([samples, shape[0], channels // 2, 4])
        return tf.zeros([samples, shape[0], channels, 3])

    def update(self, state: tf.Tensor, p: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        maps = [p]
        if self._companions:
            maps = tf.split(p, 2, axis=-1)
        landmarks = self.peaks(*maps)
        return tf.tensor_scatter_nd_update(state, [[t]], landmarks[None])

    def finalize(self, state: tf.Tensor, samples: tf.Tensor) -> SampleStatistics:
        return {"landmarks": tf.transpose(state, [1, 0, 2, 3])}

    def peaks(self, heatmaps: tf.Tensor, companions: tf.Tensor | None = None) -> tf.Tensor:
        """The landmarks of one sample.

        Args:
            heatmaps: ``[N, rows, columns, L]``.
            companions: maps of the same shape, or None.

        Returns:
            ``[N, L, 3]``, or ``[N, L, 4]`` with companions; columns as the class describes.
        """
        if self._is_smoothed:
            heatmaps = smoothed(heatmaps, self._sigma)
        shape = tf.shape(heatmaps)
        maps = tf.transpose(heatmaps, [0, 3, 1, 2])  # [N, L, rows, columns]
        flat = tf.reshape(
            maps,
            [shape[0], shape[3], -1],
        )
        best = tf.argmax(flat, axis=-1, output_type=tf.int32)
        maximum = tf.stack(
            [best % shape[2], best // shape[2]],
            -1,
        )  # [N, L, 2] as (x, y)
        position = tf.cast(maximum, maps.dtype)
        if not self._is_smoothed:
            position = self._refined(maps, maximum, shape)
        height = tf.reduce_max(flat, axis=-1)[..., None]
        columns = [position, height]
        if companions is not None:
            companion_maps = tf.transpose(companions, [0, 3, 1, 2])
            companion_flat = tf.reshape(
                companion_maps,
                [shape[0], shape[3], -1],
            )
            values = tf.gather(companion_flat, best, batch_dims=2)
            columns.append(values[..., None])
        return tf.concat(columns, axis=-1)

    def _refined(self, maps: tf.Tensor, maximum: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
        """The positions ``[N, L, 2]`` about the pixels ``maximum [N, L, 2]`` of the maps.

        Args:
            maps: ``[N, L, rows, columns]``.
            maximum: pixel of each map's maximum, as (x, y).
            shape: N, rows, columns, L.
        """
        radius = self._radius
        dtype = maps.dtype
        padded = tf.pad(
            maps,
            [[0, 0], [0, 0], [radius, radius], [radius, radius]],
        )
        steps = tf.range(2 * radius + 1)
        padded_columns = shape[2] + 2 * radius
        x = maximum[..., 0, None, None]
        y = maximum[..., 1, None, None]
        window = (y + steps[:, None]) * padded_columns + x + steps  # of the padded maps
        flat = tf.reshape(
            padded,
            [shape[0], shape[3], -1],
        )
        values = tf.gather(flat, window, batch_dims=2)
        weights = tf.square(tf.nn.relu(values))
        sums = tf.stack(
            [tf.reduce_sum(weights, -2), tf.reduce_sum(weights, -1)],
            -2,
        )
        pixels = tf.cast(
            maximum[..., None] + steps - radius,
            dtype,
        )
        size = tf.cast(
            tf.stack([shape[2], shape[1]]),
            dtype,
        )
        refined = self._centre(sums, pixels, size)
        is_positive = tf.reduce_sum(sums, -1) > 0
        return tf.where(is_positive, refined, tf.cast(maximum, dtype))

    def _centre(self, sums: tf.Tensor, pixels: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
        """The centre, along each axis, of the Gaussian that has the same centroid as the sums.

        Args:
            sums: weights along each axis, ``[N, L, 2, 2r + 1]``.
            pixels: their coordinates, of the same shape.
            size: pixels of the image along each axis, ``[2]`` as (x, y).

        Returns:
            ``[N, L, 2]`` as (x, y), in pixels.
        """
        centroid = _centroid(sums, pixels)
        is_inside = tf.cast(
            (pixels >= 0) & (pixels < size[:, None]),
            sums.dtype,
        )
        centre = centroid
        for _ in range(_STEPS):
            distance = tf.square(pixels - centre[..., None])
            # A narrow Gaussian would vanish at all pixels if the nearest were not taken off.
            nearest = tf.reduce_min(distance, axis=-1, keepdims=True)
            exponent = (nearest - distance) / (2 * self._variance)
            gaussian = is_inside * tf.exp(exponent)
            mean = _centroid(gaussian, pixels)
            # The centroid moves with the centre by the share of the Gaussian's variance that
            # the border leaves.
            variance = _centroid(
                gaussian,
                tf.square(pixels - mean[..., None]),
            )
            slope = variance / self._variance
            step = tf.math.divide_no_nan(centroid - mean, slope)
            centre = tf.clip_by_value(centre + step, -0.5, size - 0.5)
        return centre


def smoothed(heatmaps: tf.Tensor, sigma: float) -> tf.Tensor:
    """Heatmaps ``[N, rows, columns, L]`` convolved with a Gaussian of sum 1; beyond them is 0."""
    shape = tf.shape(heatmaps)
    rows = _gaussian_matrix(shape[1], sigma)
    columns = _gaussian_matrix(shape[2], sigma)
    return tf.einsum("nrcl,rs,ct->nstl", heatmaps, rows, columns)


def _gaussian_matrix(size: tf.Tensor, sigma: float) -> tf.Tensor:
    """What each of ``size`` pixels in a row adds to each other one."""
    pixels = tf.cast(tf.range(size), tf.float32)
    distance = pixels[:, None] - pixels
    return tf.exp(-tf.square(distance) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))


def _centroid(weights: tf.Tensor, pixels: tf.Tensor) -> tf.Tensor:
    weighted = tf.reduce_sum(weights * pixels, -1)
    return tf.math.divide_no_nan(weighted, tf.reduce_sum(weights, -1))
