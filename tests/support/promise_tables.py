"""Makes the tables of real predictions in ``tests/data/promises``; see the README there for how the
runs are trained.

    python -m tests.support.promise_tables DIGITS XRAYS HIPPOCAMPUS

takes three folders that ``tfuq predict`` wrote, of runs on MNIST, the cephalometric X-rays and the
hippocampus. It keeps the numbers that conformal scores are made of, and no image or label.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np

from tfuq.calibration.conformal import predicted_interval
from tfuq.calibration.risk_control import THRESHOLDS, excess_shares, missed_shares
from tfuq.data.cases import Case, read_case_image, read_label
from tfuq.data.layouts import cases_of
from tfuq.data.readers import read
from tfuq.data.sets.classification import class_of
from tfuq.data.sets.landmarks import pixel_mm, reference_points
from tfuq.runs import Run, open_run

TABLES = Path(__file__).parents[1] / "data" / "promises"
DIGITS = 2000
Arrays = dict[str, np.ndarray]


def predicted_cases(folder: Path) -> tuple[Run, list[Case]]:
    """The run of a predictions folder, and the cases in it."""
    manifest = json.loads((folder / "manifest.json").read_text())
    run = open_run(Path(manifest["run"]))
    return run, [case for case in cases_of(run.config.data) if case.id in manifest["cases"]]


def rows_of(path: Path) -> dict[str, list[dict[str, str]]]:
    """The rows of a table by case."""
    found: dict[str, list[dict[str, str]]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["case"], []).append(row)
    return found


def digits(folder: Path) -> Arrays:
    """``p [n, 10]``, the probabilities of each class, and ``truth [n]``."""
    run, cases = predicted_cases(folder)
    rows = rows_of(folder / "predictions.csv")
    names = [f"probability_{name}" for name in run.config.data.classes]
    chosen = cases[:DIGITS]
    p = [[rows[case.id][0][name] for name in names] for case in chosen]
    truth = [class_of(run.config, case) for case in chosen]
    return {"p": np.array(p, np.float32), "truth": np.array(truth, np.uint8)}


def xrays(folder: Path) -> Arrays:
    """``errors`` and ``spreads [n, L]`` in mm: radial errors, and the mean radial spread over
    samples."""
    run, cases = predicted_cases(folder)
    rows = rows_of(folder / "landmarks.csv")
    errors, spreads = [], []
    for case in cases:
        size = read_case_image(case).shape[:2]
        found = np.array([[row["x"], row["y"]] for row in rows[case.id]], float)
        away = (found - reference_points(run.config, case, size)) * pixel_mm(run.config, size)
        errors.append(np.linalg.norm(away, axis=1))
        spreads.append([row["mean_radial_spread_mm"] for row in rows[case.id]])
    return {"errors": np.array(errors, np.float32), "spreads": np.array(spreads, np.float32)}


def hippocampus(folder: Path) -> Arrays:
    """``missed`` and ``excess [n, classes, thresholds]``, the losses of bounds at each of
    ``thresholds``; ``true``, ``low`` and ``high [n, classes]`` volumes and intervals over samples
    in mm³; ``voxel [n]`` in mm³."""
    run, cases = predicted_cases(folder)
    found = [_volumes_of(run, folder / case.id, case) for case in cases]
    table = {name: np.array([case[name] for case in found]) for name in found[0]}
    return table | {"thresholds": THRESHOLDS}


def _volumes_of(run: Run, folder: Path, case: Case) -> Arrays:
    label = read_label(run.config, case, read_case_image(case))
    p = read(folder / "probability.nii.gz").array
    rows = rows_of(folder / "structures.csv")[case.id]
    whole = {row["class"]: row for row in rows if row["component"] == "all"}
    parts: dict[str, list] = {name: [] for name in ("missed", "excess", "true", "low", "high")}
    for k, name in enumerate(run.config.data.classes[1:], start=1):
        truth = label.array == k
        sides = ("volume_mm3", "volume_lower_mm3", "volume_upper_mm3")
        low, high = predicted_interval({side: float(whole[name][side]) for side in sides})
        parts["missed"].append(missed_shares(p[..., k], truth).astype(np.float16))
        parts["excess"].append(excess_shares(p[..., k], truth).astype(np.float16))
        parts["true"].append(np.float32(np.count_nonzero(truth) * label.voxel_volume))
        parts["low"].append(np.float32(low))
        parts["high"].append(np.float32(high))
    found = {name: np.array(values) for name, values in parts.items()}
    return found | {"voxel": np.float32(label.voxel_volume)}


def main(*folders: str) -> None:
    """Write the three tables."""
    TABLES.mkdir(parents=True, exist_ok=True)
    for make, folder in zip((digits, xrays, hippocampus), map(Path, folders), strict=True):
        np.savez_compressed(TABLES / f"{make.__name__}.npz", **make(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
