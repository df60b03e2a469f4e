"""What of a prediction is computed once, before any sample is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from tfuq.sampling.empty import EmptyChunks


class PlacedWindows(NamedTuple):
    """The windows of images, before a network sees them; all members of a run have the same ones.

    Where shapes are known while a graph is made, so are sizes and conditions: numbers and truth
    values of Python. Then only what is needed becomes part of the graph.

    Attributes:
        images: ``[N, *S, C]``, mirrored where the last window reaches beyond them.
        corners: first voxel of each window, int32 ``[windows, 1 + rank]``: the image's index, then
            one coordinate per axis. Windows fill whole chunks.
        chunks: how many chunks have windows; ``corners`` may go on with fillers.
        is_tiled: whether an image has several windows.
        empty: the chunks that need no sample of their own; None where every chunk is sampled.
    """

    images: tf.Tensor
    corners: tf.Tensor
    chunks: int | tf.Tensor
    is_tiled: bool | tf.Tensor
    empty: EmptyChunks | None = None


@dataclass(frozen=True, kw_only=True)
class EncodedImages:
    """What `WindowedNetwork.encode` hands to `WindowedNetwork.sample`; no seed changes it.

    Attributes:
        placed: the windows.
        encoded: features of each chunk's windows, ``[chunks, chunk, …]`` each; no chunks where they
            are not kept.
        is_kept: whether the features are kept.
        importance: weight of each voxel of a window, ``[*patch]``.
        weight: sum of the windows' weights at each voxel, ``[*S]``.
        widths: posterior widths of the variational kernels.
    """

    placed: PlacedWindows
    encoded: list[tf.Tensor]
    is_kept: bool | tf.Tensor
    importance: tf.Tensor
    weight: tf.Tensor
    widths: list[tf.Tensor]
