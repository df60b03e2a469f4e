"""A network that is led chunk by chunk from outside of the graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfuq.sampling.blending import gaussian_importance
from tfuq.sampling.window_plan import WindowPlan
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
    """A network that sees one chunk of windows at a time."""

    def __init__(self, network: WindowedNetwork) -> None:
        """Prepare a network.

        Args:
            network: the network.
        """
        self._network = network
        self._widths = network.split.widths()
        self._sample = tf.function(self._windows_of_sample, autograph=False)
        # Within the graph numbers next to zero become zero, as those of the whole volume do.
        self._weighted = tf.function(lambda p, shares: p * shares[..., None], autograph=False)

    def encode(self, plan: WindowPlan, stack: np.ndarray, chunk: int) -> list[tf.Tensor]:
        """Features of a chunk.

        Args:
            plan: the windows.
            stack: what they see, ``[planes, rows, columns, C]``.
            chunk: index of the chunk.
        """
        patches = [plan.patch_at(stack, window) for window in plan.windows_of(chunk)]
        features: list[tf.Tensor] = self._network.encode_patches(tf.constant(np.stack(patches)))
        return features

    def sample(
        self,
        plan: WindowPlan,
        chunk: int,
        features: list[tf.Tensor],
        seed: tf.Tensor,
        noise_seed: tf.Tensor,
    ) -> tf.Tensor:
        """A chunk's windows of one sample, ``[chunk, *patch, C]``.

        Args:
            plan: the windows.
            chunk: index of the chunk.
            features: as `encode` gives them.
            seed: as `WindowedNetwork.sample` takes it.
            noise_seed: as `WindowedNetwork.sample` takes it.
        """
        corner = tf.constant(plan.corners_of(chunk))
        return self._sample(features, self._widths, corner, seed, noise_seed)

    def weighted(self, plan: WindowPlan, sample: tf.Tensor, shares: np.ndarray) -> np.ndarray:
        """Windows, each voxel with its share of the sample.

        Args:
            plan: the windows.
            sample: as `sample` gives it.
            shares: ``[chunk, *patch]``.

        Returns:
            ``[chunk, planes, rows, columns, C]`` of windows.
        """
        weighted: np.ndarray = self._weighted(sample, tf.constant(shares)).numpy()
        return weighted.reshape(len(weighted), *plan.size, weighted.shape[-1])

    def _windows_of_sample(
        self,
        features: list[tf.Tensor],
        widths: list[tf.Tensor],
        corner: tf.Tensor,
        seed: tf.Tensor,
        noise_seed: tf.Tensor,
    ) -> tf.Tensor:
        return self._network.windows([*features, *widths, corner, seed], corner, noise_seed)
