"""Time and peak memory of tfuq predict on a synthetic CT that is larger than memory should be.

python benchmarks/predict_large.py 512 512 300 --classes 2 --samples 10

It trains a small network for one step on a few small volumes, makes a CT of the shape, and predicts it in a process of its
own. Printed are the wall time, the seconds of each stage, and the most memory that the process and its children had at once
(resident, looked at ten times a second) with the most room that its temporary files took. With --calibrate, tfuq calibrate
takes the CT with a label as its only case instead.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import nibabel
import numpy as np
import psutil
import yaml

_CASES = 4
_PAUSE = 0.1  # seconds


def write_volume(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(array, np.diag([0.8, 0.8, 1.0, 1.0])), path)


def ct(shape: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    """An ellipse of tissue in air, with noise, int16."""
    axes = [np.linspace(-1, 1, size, dtype=np.float32) for size in shape]
    x, y, z = np.meshgrid(*axes, indexing="ij", sparse=True)
    body = (x**2 + y**2 / 0.7 < 0.8) & (np.abs(z) < 2)
    image = np.where(body, 40, -1000).astype(np.int16)
    image += rng.integers(-20, 21, shape, np.int16)
    return image


def write_data(root: Path, patch: list[int], classes: int) -> None:
    """Small volumes whose labels are columns of the classes."""
    rng = np.random.default_rng(0)
    entries = []
    for index in range(_CASES):
        columns = np.arange(patch[0] * patch[1]).reshape(patch[0], patch[1], 1)
        of_columns = (columns * classes // columns.size).astype(np.uint8)
        label = np.broadcast_to(of_columns, patch)
        image = (label * 10 + rng.integers(-20, 21, patch)).astype(np.int16)
        write_volume(root / "imagesTr" / f"case_{index}.nii.gz", image)
        write_volume(root / "labelsTr" / f"case_{index}.nii.gz", label)
        name = f"case_{index}.nii.gz"
        entries.append({"image": f"./imagesTr/{name}", "label": f"./labelsTr/{name}"})
    (root / "dataset.json").write_text(json.dumps({"training": entries}))


def write_config(path: Path, root: Path, arguments: argparse.Namespace) -> None:
    config = {
        "name": "large",
        "method": arguments.method,
        "data": {
            "layout": "decathlon",
            "root": str(root),
            "source": "made by the benchmark",
            "licence": "none",
            "classes": [f"class{k}" for k in range(arguments.classes)],
            "split": {"train": 2, "validation": 1, "test": 1},
        },
        "network": {
            "patch_size": [arguments.patch] * 3,
            "widths": arguments.widths,
            "level_dropout": {len(arguments.widths): 0.3},
        },
        "training": {"epochs": 1, "steps_per_epoch": 1, "batch_size": 1},
        "prediction": {"overlap": arguments.overlap},
    }
    if arguments.classes == 2:
        config["network"]["output"] = "sigmoid"
    path.write_text(yaml.safe_dump(config))


def add_labelled_scan(root: Path, scan: Path, shape: tuple[int, ...], classes: int) -> str:
    """Make the scan a case of the data set, labelled with slabs of the classes; return its id."""
    case = "case_large"
    scan.rename(root / "imagesTr" / f"{case}.nii.gz")
    planes = np.arange(shape[0]).reshape(-1, 1, 1) * classes // shape[0]
    label = np.broadcast_to(planes.astype(np.uint8), shape)
    write_volume(root / "labelsTr" / f"{case}.nii.gz", label)
    listed = json.loads((root / "dataset.json").read_text())
    name = f"{case}.nii.gz"
    listed["training"].append({"image": f"./imagesTr/{name}", "label": f"./labelsTr/{name}"})
    (root / "dataset.json").write_text(json.dumps(listed))
    return case


def watched(command: list[str], folder: Path) -> tuple[float, float, float]:
    """Seconds, peak gigabytes of memory, and peak gigabytes of temporary files of a command."""
    temporary = folder / "temporary"
    temporary.mkdir()
    started = time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | {"TMPDIR": str(temporary)})
    memory = files = 0
    while process.poll() is None:
        with suppress(psutil.Error, OSError):
            parent = psutil.Process(process.pid)
            tree = [parent, *parent.children(recursive=True)]
            memory = max(memory, sum(each.memory_info().rss for each in tree))
            stored = [path.stat() for path in temporary.rglob("*")]
            files = max(files, sum(each.st_blocks * 512 for each in stored))
        time.sleep(_PAUSE)
    if process.returncode:
        sys.exit(process.returncode)
    return time.perf_counter() - started, memory / 1e9, files / 1e9


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("shape", type=int, nargs=3)
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--method", default="mc-dropout")
    parser.add_argument("--patch", type=int, default=64)
    parser.add_argument("--widths", type=int, nargs="+", default=[4, 8])
    parser.add_argument("--overlap", type=float, default=0.5)
    parser.add_argument("--save-samples", action="store_true")
    parser.add_argument("--calibrate", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder / "data", [arguments.patch] * 3, arguments.classes)
        write_config(folder / "config.yaml", folder / "data", arguments)
        scan = folder / "scan.nii.gz"
        write_volume(scan, ct(tuple(arguments.shape), np.random.default_rng(1)))
        tfuq = [sys.executable, "-c", "from tfuq_cli.main import main; main()"]
        run = str(folder / "run")
        subprocess.run([*tfuq, "train", str(folder / "config.yaml"), "--run", run], check=True)
        size = "×".join(map(str, arguments.shape))
        title = f"{size}, {arguments.classes} classes, T = {arguments.samples}"
        if arguments.calibrate:
            case = add_labelled_scan(folder / "data", scan, arguments.shape, arguments.classes)
            (folder / "cases.txt").write_text(case)
            calibrate = [*tfuq, "calibrate", run, "--cases", str(folder / "cases.txt")]
            calibrate += ["--alpha", "0.5", "--samples", str(arguments.samples)]
            seconds, memory, files = watched(calibrate, folder)
            print(f"{title}: {seconds:.0f} s, peak {memory:.2f} GB, temporary files {files:.2f} GB")
            return
        predict = [*tfuq, "predict", run, "--input", str(scan), "--out", str(folder / "out")]
        predict += ["--samples", str(arguments.samples)]
        if arguments.save_samples:
            predict.append("--save-samples")
        seconds, memory, files = watched(predict, folder)
        manifest = json.loads((folder / "out" / "manifest.json").read_text())
        ((_, stages),) = manifest["cases"].items()
        print(
            f"{title}: {seconds:.0f} s, peak {memory:.2f} GB, temporary files {files:.2f} GB; {stages}"
        )


if __name__ == "__main__":
    main()
