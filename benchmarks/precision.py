"""What bfloat16 changes: scores and maps of a run's test split beside those of float32.

python benchmarks/precision.py RUN [SAMPLES]

Three predictions are made and scored: in float32, in bfloat16, and in float32 by another seed, which shows what the choice of
the seed changes. RUN is a run of a segmentation. Maps of mutual information are compared voxel by voxel with those of
the first, over the voxels where either is above 0.001 nat.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel
import numpy as np

from tfuq.scoring.evaluation import FailureOptions, score_folder

VARIANTS = {
    "float32": ["--precision", "float32"],
    "bfloat16": ["--precision", "bfloat16"],
    "float32, another seed": ["--precision", "float32", "--seed", "12345"],
}
MAP = "mutual_information"
LEAST = 1e-3  # nat
LIMIT = 0.87  # a case of a lower Dice failed
SCORES = ("dice", "nll", "brier", "ece", "auroc_predictive_entropy", "auroc_mutual_information")
MEASURES = ("mean_entropy", "mean_mutual_information", "pairwise_dice")


def tfuq(*arguments: object) -> None:
    command = [sys.executable, "-c", "from tfuq_cli.main import main; main()"]
    subprocess.run([*command, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def scored(run: str, samples: str, folder: Path, options: list[str]) -> dict[str, float]:
    tfuq("predict", run, "--samples", samples, "--out", folder, *options)
    failures = FailureOptions(limit=LIMIT)
    return flattened(score_folder(folder, None, failures).summary)


def flattened(summary: dict) -> dict[str, float]:
    """Means over cases, of all classes together, and how well each measure finds cases that failed."""
    values = {"ece, pooled": summary["ece_pooled"]}
    for metric in SCORES:
        values[metric] = summary["scores"]["all"][metric]["mean"]
    for row in summary["failure_detection"]["case"]:
        if row["measure"] in MEASURES and row["auroc_failure"] is not None:
            values[f"AUROC of failure by {row['measure']}"] = row["auroc_failure"]
    return values


def maps(folder: Path) -> dict[str, np.ndarray]:
    return {
        path.parent.name: np.asarray(nibabel.load(path).dataobj)
        for path in sorted(folder.rglob(f"{MAP}.nii.gz"))
    }


def compared(ours: dict[str, np.ndarray], base: dict[str, np.ndarray]) -> str:
    """Correlation and differences over the voxels that are not tiny in both."""
    first, second = (np.concatenate([each[case].ravel() for case in base]) for each in (base, ours))
    seen = (first > LEAST) | (second > LEAST)
    difference = np.abs(first - second)[seen]
    correlation = np.corrcoef(first[seen], second[seen])[0, 1]
    return f"r = {correlation:.4f}, mean |difference| {difference.mean():.5f} nat, largest {difference.max():.4f}, {seen.sum():,} voxels"


def main() -> None:
    run, samples = [*sys.argv[1:], "20"][:2]
    with tempfile.TemporaryDirectory() as out:
        folders = {name: Path(out) / name.replace(", ", "-").replace(" ", "-") for name in VARIANTS}
        rows = {name: scored(run, samples, folders[name], VARIANTS[name]) for name in VARIANTS}
        base = maps(folders["float32"])
        print("| |", " | ".join(VARIANTS), "|")
        for score in rows["float32"]:
            print(
                f"| {score} |",
                " | ".join(f"{row.get(score, np.nan):.5f}" for row in rows.values()),
                "|",
            )
        for name in list(VARIANTS)[1:]:
            print(f"{MAP}, {name}: {compared(maps(folders[name]), base)}")


if __name__ == "__main__":
    main()
