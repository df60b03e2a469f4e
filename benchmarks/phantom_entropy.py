"""Estimated aleatoric uncertainty against the truth that the brain phantom keeps.

    tfuq demo --out demo && python benchmarks/phantom_entropy.py demo

The truth is each voxel's entropy of the label over raters, H[p(y | anatomy)], from the class probabilities that the labels were
drawn with. The estimate is the expected entropy of a method; for deterministic, which has none, the predictive entropy.
Correlations are over the voxels of all test cases, and over those that are ambiguous: true entropy of at least 0.01 nat.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy import stats

from tfuq.data.readers import read

AMBIGUOUS = 0.01  # nat: a voxel that about one rater in 760 labels otherwise


def entropy(p: np.ndarray) -> np.ndarray:
    """Of class probabilities ``[…, K]``, in nat."""
    return -(p * np.log(np.maximum(p, 1e-30))).sum(-1)


def correlations(estimate: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Pearson's r and Spearman's ρ over all voxels and over the ambiguous ones, and both means over those."""
    ambiguous = truth >= AMBIGUOUS
    found = {}
    for where, mask in (("ambiguous", ambiguous), ("all", np.ones_like(ambiguous))):
        found[f"r {where}"] = float(np.corrcoef(estimate[mask], truth[mask])[0, 1])
        found[f"ρ {where}"] = float(stats.spearmanr(estimate[mask], truth[mask])[0])
    return found | {"mean estimate": float(estimate[ambiguous].mean()), "mean truth": float(truth[ambiguous].mean())}


def voxels_of(predictions: Path, probabilities: Path) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and truths of every voxel of every predicted case."""
    estimates, truths = [], []
    for case in sorted(path.parent for path in predictions.glob("*/label.nii.gz")):
        expected = case / "expected_entropy.nii.gz"
        estimates.append(read(expected if expected.is_file() else case / "predictive_entropy.nii.gz").array.ravel())
        truths.append(entropy(read(probabilities / f"{case.name}.nii.gz").array.astype(float)).ravel())
    return np.concatenate(estimates), np.concatenate(truths)


def main(demo: Path) -> None:
    for predictions in sorted(demo.glob("runs/quickstart/*/predictions/*")):
        estimate, truth = voxels_of(predictions, demo / "data" / "probabilities")
        found = correlations(estimate, truth)
        share = (truth >= AMBIGUOUS).mean()
        row = "  ".join(f"{name} {value:.3f}" for name, value in found.items())
        print(f"{predictions.name}: {row}  ({len(truth):,} voxels, {share:.1%} ambiguous)")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
