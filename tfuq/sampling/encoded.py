"""What of a prediction is computed once, before any sample is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from tfuq.sampling.empty import EmptyChunks


@dataclass(frozen=True, kw_only=True)
class EncodedImages:
    """What `WindowedNetwork.encode` hands to `WindowedNetwork.sample`; no seed changes it.

    Attributes:
        corners: first voxel of each window, int32 ``[windows, 1 + rank]``: the image's index, then
            one coordinate per axis. Windows fill whole chunks.
        images: ``[N, *S, C]``, mirrored where the last window reaches beyond them.
        encoded: features of each chunk's windows, ``[chunks, chunk, …]`` each; no chunks where they
            are not kept.
        is_kept: whether the features are kept, bool scalar.
        is_tiled: whether an image has several windows, bool scalar.
        importance: weight of each voxel of a window, ``[*patch]``.
        weight: sum of the windows' weights at each voxel, ``[*S]``.
        widths: posterior widths of the variational kernels.
        empty: the chunks that need no sample of their own; None where every chunk is sampled.
    """

    corners: tf.Tensor
    images: tf.Tensor
    encoded: list[tf.Tensor]
    is_kept: tf.Tensor
    is_tiled: tf.Tensor
    importance: tf.Tensor
    weight: tf.Tensor
    widths: list[tf.Tensor]
    empty: EmptyChunks | None = None
