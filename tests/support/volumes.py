"""Volumes of smooth waves on a tilted grid."""

import numpy as np

from tfuq.data.volume import Volume

TILTED = np.array([[0.9, 0.3, 0, -20], [-0.3, 0.9, 0, 5], [0, 0, 2.0, 7], [0, 0, 0, 1]])


def smooth_volume(shape=(20, 18, 12), channels=2, affine=TILTED):
    grid = np.moveaxis(np.indices(shape, dtype=np.float32), 0, -1)
    waves = np.stack([np.sin(grid @ [0.2, 0.1, 0.15] + c) for c in range(channels)], -1)
    return Volume(waves.astype(np.float32), affine)
