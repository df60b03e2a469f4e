"""Streaming statistics over samples: objects without state, explicit states, bounded memory.

``p`` is one sample's class probabilities ``[N, *S, K]``. A binary network has ``[N, *S, 1]``, the
probability of its foreground; the statistics then hold both classes. `tfuq.measures.voxel` makes
maps from these statistics.

Memory grows with the number of samples T only in reducers that keep something of each sample:

* `PackedMasks` keeps a bit for each voxel and foreground class. Pairwise measures and measures of
  components need it.
* `LandmarkSamples` keeps a position for each landmark.
* `tfuq.calibration.reducers.PickedSamples` keeps the probabilities of the voxels that a scaling is
  fitted on.
"""

from tfuq.measures.reducers.base import LastSample, PlacedReducer, Reducer
from tfuq.measures.reducers.classes import (
    EntropyTerms,
    Moments,
    PackedMasks,
    RegionEntropyTerms,
    Votes,
    chosen_class,
)
from tfuq.measures.reducers.landmarks import LandmarkSamples

__all__ = [
    "EntropyTerms",
    "LandmarkSamples",
    "LastSample",
    "Moments",
    "PackedMasks",
    "PlacedReducer",
    "Reducer",
    "RegionEntropyTerms",
    "Votes",
    "chosen_class",
]
