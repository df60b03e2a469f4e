"""Where samples differ: mean mutual information at the boundaries of predicted structures, inside them, and elsewhere.

    python benchmarks/boundary_information.py runs/hippocampus/latent-vi/predictions/latent-vi [PREDICTIONS ...]

A boundary voxel has a face neighbour of another label, as in structures.csv; an interior voxel is any other voxel of a
structure; the rest is background.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tfuq.data.boundary import at_boundary
from tfuq.data.readers import read


def regions(label: np.ndarray) -> dict[str, np.ndarray]:
    """Masks of boundary, interior and background voxels of a label map."""
    boundary = at_boundary(label)
    return {
        "boundary": boundary,
        "interior": (label > 0) & ~boundary,
        "background": (label == 0) & ~boundary,
    }


def mean_information(predictions: Path) -> dict[str, float]:
    """Mean mutual information (nat) over the voxels of each region, those of all cases together."""
    gathered: dict[str, list] = {}
    for case in sorted(path.parent for path in predictions.glob("*/label.nii.gz")):
        label, information = (
            read(case / f"{name}.nii.gz").array for name in ("label", "mutual_information")
        )
        for name, mask in regions(label).items():
            gathered.setdefault(name, []).append(information[mask])
    return {name: float(np.concatenate(values).mean()) for name, values in gathered.items()}


def main(folders: list[str]) -> None:
    for folder in folders:
        found = mean_information(Path(folder))
        ratios = ", ".join(
            f"{found['boundary'] / found[name]:.1f} × {name}" for name in ("interior", "background")
        )
        print(
            f"{folder}: "
            + "  ".join(f"{name} {value:.2e} nat" for name, value in found.items())
            + f"  (boundary {ratios})"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
