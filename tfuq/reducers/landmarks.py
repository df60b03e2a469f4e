"""Of heatmaps: positions."""

from __future__ import annotations

import math

import tensorflow as tf

_STEPS = 10  # of Newton's method; half of them are enough for single precision at the border


class LandmarkSamples:
    """Every sample's landmarks, ``landmarks [N, T, L, 3]``: x and y in pixels, and the heatmap's value at its maximum.

    ``p`` is one sample's heatmaps ``[N, rows, columns, L]``, beside which it may have as many ``companions``: maps whose values
    where the heatmaps have their maximum become a fourth column. The maximum is refined by the centroid, weighted by squares, of the
    pixels within ⌈2σ⌉ of it along each axis: the position of which a Gaussian of width σ has that centroid among these pixels. The two differ
    where the border of the image cuts the Gaussian. A map that is nowhere positive about its maximum is not refined.
    """

    def __init__(self, sigma: float, *, companions: bool = False):
        self._companions = companions
        self._radius, self._variance = math.ceil(2 * sigma), sigma**2 / 2  # of the squares

    def initialize(self, shape, samples):
        return tf.zeros([samples, shape[0], shape[-1] // 2, 4] if self._companions else [samples, shape[0], shape[-1], 3])

    def update(self, state, p, t):
        maps = tf.split(p, 2, axis=-1) if self._companions else [p]
        return tf.tensor_scatter_nd_update(state, [[t]], self.peaks(*maps)[None])

    def finalize(self, state, samples):
        return {"landmarks": tf.transpose(state, [1, 0, 2, 3])}

    def peaks(self, heatmaps: tf.Tensor, companions: tf.Tensor | None = None) -> tf.Tensor:
        """The landmarks of one sample: ``[N, L, 3]``, or ``[N, L, 4]`` with companions."""
        r, shape = self._radius, tf.shape(heatmaps)
        maps = tf.transpose(heatmaps, [0, 3, 1, 2])  # [N, L, rows, columns]
        flat = tf.reshape(maps, [shape[0], shape[3], -1])
        best = tf.argmax(flat, axis=-1, output_type=tf.int32)
        place = tf.stack([best % shape[2], best // shape[2]], -1)  # [N, L, 2] as (x, y)
        padded = tf.pad(maps, [[0, 0], [0, 0], [r, r], [r, r]])
        steps = tf.range(2 * r + 1)
        wide = shape[2] + 2 * r
        x, y = place[..., 0, None, None], place[..., 1, None, None]
        window = (y + steps[:, None]) * wide + x + steps  # of the padded maps
        values = tf.gather(tf.reshape(padded, [shape[0], shape[3], -1]), window, batch_dims=2)
        weights = tf.square(tf.nn.relu(values))
        sums = tf.stack([tf.reduce_sum(weights, -2), tf.reduce_sum(weights, -1)], -2)  # [N, L, 2, 2r + 1]
        pixels = tf.cast(place[..., None] + steps - r, heatmaps.dtype)
        size = tf.cast(tf.stack([shape[2], shape[1]]), heatmaps.dtype)
        refined = self._centre(sums, pixels, size)
        found = tf.where(tf.reduce_sum(sums, -1) > 0, refined, tf.cast(place, heatmaps.dtype))
        columns = [found, tf.reduce_max(flat, axis=-1)[..., None]]
        if companions is not None:
            beside = tf.reshape(tf.transpose(companions, [0, 3, 1, 2]), [shape[0], shape[3], -1])
            columns.append(tf.gather(beside, best, batch_dims=2)[..., None])
        return tf.concat(columns, axis=-1)

    def _centre(self, sums, pixels, size):
        """Where along each axis a Gaussian has the centroid that the ``sums [N, L, 2, 2r + 1]`` at ``pixels`` have."""
        found = _centroid(sums, pixels)
        within = tf.cast((pixels >= 0) & (pixels < size[:, None]), sums.dtype)
        centre = found
        for _ in range(_STEPS):
            distance = tf.square(pixels - centre[..., None])
            nearest = tf.reduce_min(distance, axis=-1, keepdims=True)  # lest all of a narrow one vanish
            gaussian = within * tf.exp((nearest - distance) / (2 * self._variance))
            mean = _centroid(gaussian, pixels)
            # The centroid moves with the centre by the variance that the border leaves of the Gaussian's.
            left = _centroid(gaussian, tf.square(pixels - mean[..., None])) / self._variance
            step = tf.math.divide_no_nan(found - mean, left)
            centre = tf.clip_by_value(centre + step, -0.5, size - 0.5)
        return centre


def _centroid(weights, pixels):
    return tf.math.divide_no_nan(tf.reduce_sum(weights * pixels, -1), tf.reduce_sum(weights, -1))
