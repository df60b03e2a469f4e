"""Make a table of ``tests/data/reviews`` of score folders of segmentations.

python -m tests.support.review_tables hippocampus runs/hippocampus/hybrid/scores/{mc-dropout,ensemble,hybrid} runs/hippocampus/vi/scores/vi
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from benchmarks.review_partitions import observed_cases

FOLDER = Path(__file__).parents[1] / "data" / "reviews"


def main(name: str, folders: list[Path]) -> None:
    """Write the table of a data set, with the measures and the Dice by method."""
    arrays = {}
    for folder in folders:
        cases = observed_cases(folder)
        measures = list(cases[0].parts[0].measures)
        arrays[f"{folder.name}/measures"] = np.array(
            [[[part.measures[key] for key in measures] for part in case.parts] for case in cases],
            np.float32,
        )
        qualities = [[part.quality for part in case.parts] for case in cases]
        arrays[f"{folder.name}/dice"] = np.array(qualities, np.float32)
        arrays[f"{folder.name}/names"] = np.array(measures)
    np.savez_compressed(FOLDER / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main(sys.argv[1], list(map(Path, sys.argv[2:])))
