"""Sample masks and maps of one class, as a prediction has them."""

import numpy as np
import tensorflow as tf

from tfuq.measures.reducers import PackedMasks
from tfuq.measures.sample_masks import SampleMasks
from tfuq.measures.structure import ClassMaps, ImageMaps


def packed(masks, slice_axis=None):
    """Masks [T, X, Y, Z] through the real reducer."""
    examples = masks[:, None] if slice_axis is None else np.moveaxis(masks, slice_axis + 1, 1)
    p = np.stack([~examples, examples], -1).astype(np.float32) * 0.8 + 0.1
    reducer, count = PackedMasks(), tf.constant(len(masks))
    state = reducer.initialize(tf.shape(p[0]), count)
    for t, sample in enumerate(p):
        state = reducer.update(state, tf.constant(sample), tf.constant(t))
    bits = reducer.finalize(state, count)["masks"].numpy()
    return SampleMasks.of_classes(bits, [1], examples.shape[2:], slice_axis)


def class_maps(masks, label, slice_axis=None):
    rng = np.random.default_rng(1)
    entropy_term, predictive_entropy, mutual_information = rng.random((3, *masks.shape[1:]))
    return ClassMaps(
        label=label,
        masks=packed(masks, slice_axis),
        entropy_term=entropy_term,
        image=ImageMaps(
            predictive_entropy=predictive_entropy,
            mutual_information=mutual_information,
            voxel_volume=2.5,
        ),
    )


SHAPE = (12, 11, 10)


def sample_masks(seed=0, samples=6, shape=SHAPE):
    """Two blobs of wobbling size, and one that only some samples have."""
    rng = np.random.default_rng(seed)
    grid = np.indices(shape)
    masks = []
    for t in range(samples):
        mask = 2.5 + rng.uniform(-0.8, 0.8) > np.linalg.norm(grid.T - (3, 3, 3), axis=-1).T
        mask |= 1.8 + rng.uniform(-0.5, 0.5) > np.linalg.norm(grid.T - (9, 8, 6), axis=-1).T
        if t % 3 == 0:
            mask[0, -1, -1] = True
        masks.append(mask)
    return np.array(masks)
