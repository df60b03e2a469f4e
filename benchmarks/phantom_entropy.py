"""Estimated aleatoric uncertainty against the truth that the brain phantom keeps.

    python benchmarks/phantom_entropy.py FOLDER

FOLDER has runs of ``quickstart`` in ``runs/quickstart`` and their phantom in ``data``, as the commands of docs/results/phantom.md
make them.

The truth is each voxel's entropy of the label over raters, H[p(y | anatomy)], from the class probabilities that the labels were
drawn with. The estimate is the expected entropy of a method; for deterministic, which has none, the predictive entropy.
Correlations are over the voxels of all test cases, over those that are ambiguous (true entropy of at least 0.01 nat), and over
those at a boundary, which have a face neighbour of another most probable class.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy import stats

from tfuq.data.boundary import at_boundary
from tfuq.data.readers import read

AMBIGUOUS = 0.01  # nat: a voxel that about one rater in 760 labels otherwise


def entropy(p: np.ndarray) -> np.ndarray:
    """Of class probabilities ``[…, K]``, in nat."""
    return -(p * np.log(np.maximum(p, 1e-30))).sum(-1)


def correlations(estimate: np.ndarray, truth: np.ndarray, boundary: np.ndarray) -> dict[str, float]:
    """Pearson's r and Spearman's ρ over all voxels, the ambiguous and those at a boundary, and both means over the ambiguous."""
    ambiguous = truth >= AMBIGUOUS
    found = {}
    for where, mask in (
        ("ambiguous", ambiguous),
        ("boundary", boundary),
        ("all", np.ones_like(ambiguous)),
    ):
        found[f"r {where}"] = float(np.corrcoef(estimate[mask], truth[mask])[0, 1])
        found[f"ρ {where}"] = float(stats.spearmanr(estimate[mask], truth[mask])[0])
    return found | {
        "mean estimate": float(estimate[ambiguous].mean()),
        "mean truth": float(truth[ambiguous].mean()),
    }


def voxels_of(predictions: Path, probabilities: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimate, truth, and whether it is at a boundary, of every voxel of every predicted case."""
    voxels = []
    for case in sorted(path.parent for path in predictions.glob("*/label.nii.gz")):
        expected = case / "expected_entropy.nii.gz"
        estimate = read(
            expected if expected.is_file() else case / "predictive_entropy.nii.gz"
        ).array
        p = read(probabilities / f"{case.name}.nii.gz").array.astype(float)
        voxels.append(
            [values.ravel() for values in (estimate, entropy(p), at_boundary(p.argmax(-1)))]
        )
    return tuple(np.concatenate(parts) for parts in zip(*voxels, strict=True))


def main(demo: Path) -> None:
    for predictions in sorted(demo.glob("runs/quickstart/*/predictions/*")):
        estimate, truth, boundary = voxels_of(predictions, demo / "data" / "probabilities")
        found = correlations(estimate, truth, boundary)
        share = (truth >= AMBIGUOUS).mean()
        row = "  ".join(f"{name} {value:.3f}" for name, value in found.items())
        run = predictions.parent.parent.name
        print(
            f"{run}, {predictions.name}: {row}  ({len(truth):,} voxels, {share:.1%} ambiguous, {boundary.mean():.1%} boundary)"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
