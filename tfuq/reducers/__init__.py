"""Streaming statistics over samples: stateless objects, explicit state, memory that does not grow with T.

``p`` is one sample's class probabilities ``[N, *S, K]``, or ``[N, *S, 1]`` of a binary network: its foreground's. A
reducer's ``finalize`` returns named statistics, of both classes then, that `tfuq.measures.voxel` turns into maps.
Memory grows with T only in those that keep something of each sample: `PackedMasks` a bit per voxel and foreground class, which
pairwise and per-component measures cannot do without, `LandmarkSamples` a position per landmark, and `tfuq.scaling.PickedSamples`
the probabilities of the voxels that a scaling is fitted on.
"""

from tfuq.reducers.base import LastSample, Reducer
from tfuq.reducers.classes import EntropyTerms, Moments, PackedMasks, RegionEntropyTerms, Votes, chosen_class
from tfuq.reducers.landmarks import LandmarkSamples

__all__ = [
    "EntropyTerms",
    "LandmarkSamples",
    "LastSample",
    "Moments",
    "PackedMasks",
    "Reducer",
    "RegionEntropyTerms",
    "Votes",
    "chosen_class",
]
