"""Streaming statistics over samples: stateless objects, explicit state, memory that does not grow with T.

``p`` is one sample's class probabilities ``[N, *S, K]``, or ``[N, *S, 1]`` of a binary network: its foreground's. A
reducer's ``finalize`` returns named statistics, of both classes then, that `tfuq.measures.voxel` turns into maps.
`PackedMasks` is the one exception to constant memory: it keeps a bit per voxel, foreground class and sample, which pairwise
and per-component measures cannot do without.
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
