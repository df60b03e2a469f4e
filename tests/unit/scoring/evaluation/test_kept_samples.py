"""Masks of kept samples on the label's grid."""

import numpy as np

from tfuq.data.volume import Volume
from tfuq.measures.sample_masks import StoredSamples
from tfuq.scoring.evaluation.kept_samples import masks_on_grid


def test_masks_are_moved_to_the_labels_voxels():
    rng = np.random.default_rng(0)
    masks = rng.random((3, 2, 4, 3, 2)) < 0.4  # T, classes, and a grid two voxels further on
    affine = np.eye(4)
    affine[0, 3] = 2
    network = Volume(np.zeros((4, 3, 2), np.uint8), affine)
    packed = np.packbits(masks.reshape(1, 3, 2, -1), axis=-1, bitorder="little")
    grid = Volume(np.zeros((6, 3, 2), np.uint8), np.eye(4))
    found = list(masks_on_grid(StoredSamples(packed, None, network), [1, 2], grid))
    assert not np.any([mask[:2] for mask in found])
    np.testing.assert_array_equal([mask[2:] for mask in found], masks.any(1))
