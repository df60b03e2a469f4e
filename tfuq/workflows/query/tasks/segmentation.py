"""How informative a segmented volume is: BALD, as a mean over its voxels.

References:
    Houlsby et al. 2011, Bayesian Active Learning for Classification and Preference Learning;
    Gal et al. 2017, Deep Bayesian Active Learning with Image Data.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfuq.calibration.observed import Part
from tfuq.data.readers import read
from tfuq.workflows.query.tasks.base import QUERIED, Queried


def _mean_of_map(folder: Path, name: str) -> float:
    return float(read(folder / f"{name}.nii.gz").array.mean(dtype=float))


def _mutual_information(folder: Path, parts: Sequence[Part]) -> float:
    return _mean_of_map(folder, "mutual_information")


def _entropy(folder: Path, parts: Sequence[Part]) -> float:
    return _mean_of_map(folder, "predictive_entropy")


QUERIED.register("segmentation")(
    Queried(
        information=_mutual_information,
        title="mutual information (BALD), in nat, as a mean over the voxels of the image",
        of_one_sample=_entropy,
        title_of_one_sample="predictive entropy, in nat, as a mean over the voxels of the image",
    )
)
