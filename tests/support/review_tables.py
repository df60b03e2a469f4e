"""Make the tables of ``tests/data/reviews`` of score folders of segmentations.

python -m tests.support.review_tables runs/hippocampus/hybrid/scores/{mc-dropout,ensemble,hybrid} runs/hippocampus/vi/scores/vi
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from benchmarks.review_partitions import observed_cases

FOLDER = Path(__file__).parents[1] / "data" / "reviews"


def main(folders: list[Path]) -> None:
    arrays = {}
    for folder in folders:
        cases = observed_cases(folder)
        names = list(cases[0].parts[0].measures)
        arrays[f"{folder.name}/measures"] = np.array(
            [[[part.measures[name] for name in names] for part in case.parts] for case in cases],
            np.float32,
        )
        qualities = [[part.quality for part in case.parts] for case in cases]
        arrays[f"{folder.name}/dice"] = np.array(qualities, np.float32)
        arrays[f"{folder.name}/names"] = np.array(names)
    np.savez_compressed(FOLDER / "hippocampus.npz", **arrays)


if __name__ == "__main__":
    main(list(map(Path, sys.argv[1:])))
