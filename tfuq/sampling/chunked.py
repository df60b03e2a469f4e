"""A network that is led chunk by chunk from outside the graph, with the bytes of the graph's loop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfuq.sampling.blending import gaussian_importance
from tfuq.sampling.window_plan import Place, WindowPlan
from tfuq.sampling.windows import WindowedNetwork


def plan_windows(network: WindowedNetwork, shape: Sequence[int]) -> WindowPlan:
    """Where the windows of a batch lie.

    Args:
        network: sees the windows.
        shape: of the batch, ``(N, *S, C)``; N is 1 for volumes.
    """
    *batch, _ = shape
    mirrored = [batch[0]]
    for size, patch, grid in zip(batch[1:], network.patch, network.split.grid, strict=True):
        mirrored.append(size + (patch - size) % grid)
    return WindowPlan(
        corners=network.corners(tf.constant(shape)).numpy(),
        patch=network.patch,
        chunk=network.chunk,
        shape=tuple(batch),
        mirrored=tuple(mirrored),
        keep=network.keep,
    )


def importance_of_window(plan: WindowPlan) -> np.ndarray:
    """Weights of a window's voxels, float32 ``[planes, rows, columns]`` of the window."""
    importance: np.ndarray = gaussian_importance(plan.patch).numpy()
    return importance.reshape(plan.size)


class ChunkedNetwork:
    """The chunks of one batch of images, as one network sees them."""

    def __init__(self, network: WindowedNetwork, plan: WindowPlan, images: np.ndarray) -> None:
        """Prepare a network.

        Args:
            network: the network.
            plan: its windows.
            images: the batch, ``[N, *S, C]``.
        """
        self._network = network
        self._plan = plan
        self._stack = images.reshape(plan.planes, *images.shape[-3:])  # [planes, rows, columns, C]
        self._widths = network.split.widths()
        self._weighted = tf.function(self._weighted_windows)

    def encode(self, chunk: int) -> list[tf.Tensor]:
        """Features of a chunk.

        Args:
            chunk: its index.
        """
        patches = [self._patch_at(window) for window in self._plan.windows_of(chunk)]
        features: list[tf.Tensor] = self._network.encode_patches(tf.constant(np.stack(patches)))
        return features

    def windows(
        self,
        chunk: int,
        features: list[tf.Tensor],
        shares: np.ndarray,
        seed: tf.Tensor,
        noise_seed: tf.Tensor,
    ) -> np.ndarray:
        """A chunk's windows of one sample, each voxel with its share of the sample.

        Args:
            chunk: its index.
            features: as `encode` gives them.
            shares: ``[chunk, *patch]``.
            seed: as `WindowedNetwork.sample` takes it.
            noise_seed: as `WindowedNetwork.sample` takes it.

        Returns:
            ``[chunk, planes, rows, columns, C]`` of windows.
        """
        windows = self._plan.windows_of(chunk)
        corners = self._plan.corners[windows.start : windows.stop, 1:]
        if not self._plan.is_tiled:
            corners = corners[:1]
        weighted: np.ndarray = self._weighted(
            features,
            self._widths,
            tf.constant(corners),
            tf.constant(shares),
            seed,
            noise_seed,
        ).numpy()
        return weighted.reshape(len(weighted), *self._plan.size, weighted.shape[-1])

    def _weighted_windows(
        self,
        features: list[tf.Tensor],
        widths: list[tf.Tensor],
        corner: tf.Tensor,
        shares: tf.Tensor,
        seed: tf.Tensor,
        noise_seed: tf.Tensor,
    ) -> tf.Tensor:
        p = self._network.windows([*features, *widths, corner, seed], corner, noise_seed)
        return p * shares[..., None]

    def _patch_at(self, window: int) -> np.ndarray:
        """A window's part of the image, mirrored where it reaches beyond."""
        place = self._plan.place(window) or (0, 0, 0)
        inside = []
        beyond = []
        for first, size, length in zip(place, self._plan.size, self._stack.shape, strict=False):
            stop = min(first + size, length)
            inside.append(slice(first, stop))
            beyond.append((0, first + size - stop))
        patch = np.pad(self._stack[tuple(inside)], [*beyond, (0, 0)], "symmetric")
        return patch.reshape(*self._plan.patch, -1)
