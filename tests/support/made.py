"""Runs and predictions made without any network, so that what reads them is tested in moments."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import tf_keras
from PIL import Image

from tests.conftest import settings, task_settings
from tfuq import runs
from tfuq.config import Config
from tfuq.data.cases import Case, read_case_image, read_label
from tfuq.data.layouts import cases_of
from tfuq.data.ownership import digest_of
from tfuq.data.preprocessing import PADDING
from tfuq.data.sets.classification import class_of
from tfuq.data.sets.landmarks import pixel_mm, reference_points
from tfuq.data.writers import write_csv, write_json, write_nifti
from tfuq.measures.landmark import landmark_measures
from tfuq.measures.sample_masks import StoredSamples
from tfuq.measures.structure import ClassMaps, ImageMaps, structure_rows
from tfuq.networks.weights import model_arrays, save_arrays
from tfuq.runs import Run
from tfuq.runs.results import LANDMARKS, PREDICTIONS, SAMPLES, Manifest
from tfuq.sampling.members import build_member
from tfuq.scoring.evaluation import score_folder

_FACTS = {
    "versions": {"tfuq": "0.1.0", "numpy": "2"}, "devices": ["cpu"], "git": None, "seeds": {"training": 11},
    "channels": 1, "statistics": None,
}  # fmt: skip


def make_run(path: Path, task: str, root: Path, **changes) -> Run:
    """A run of the small data sets of the tests, all of whose cases are for testing, as a training leaves it but for weights."""
    make = (
        settings
        if task == "segmentation"
        else lambda *arguments, **more: task_settings(task, *arguments, **more)
    )
    config = make(root, "hybrid", **changes)
    ids = [case.id for case in cases_of(config.data) if case.has_reference]
    return runs.create(path, config, {"train": [], "validation": [], "test": ids}, _FACTS)


def make_network_run(
    path: Path, config: Config, cases: list[str], statistics: dict | None = None
) -> Run:
    """A run with weights as no training leaves them: at random, every kind of them, so that nothing is hidden by a zero.

    Biases, slopes and normalizations differ from what they start as, and posteriors are wide enough for samples to differ.
    """
    facts = _FACTS | {"statistics": statistics}
    run = runs.create(path, config, {"train": [], "validation": [], "test": cases}, facts)
    for member in range(config.members):
        rng = np.random.default_rng(member)
        tf_keras.utils.set_random_seed(member)
        arrays = model_arrays(build_member(config, channels=1))
        moved = {name: _moved(name, array, rng) for name, array in arrays.items()}
        digest = save_arrays(run.member(member) / "weights.npz", moved)
        write_json(run.member(member) / "done", {"digest": digest})
    return run


def _moved(name: str, array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(0, 0.2, array.shape)
    if name.endswith("untransformed_scale"):
        return (-2.5 + noise).astype(np.float32)
    is_kernel = name.endswith(("kernel", "kernel_posterior_loc"))
    return array if is_kernel else (array + noise).astype(np.float32)


def make_scores(run: Run, method: str, samples: int = 4, noise: float = 1.0, most: int = 8) -> Path:
    """Predict cases of the run by adding ``noise`` to the truth, score them, and say where the scores are."""
    folder = make_predictions(run, method, samples, noise, most)
    scores = score_folder(folder, None)
    scores.write(run.scores(method), plot=_draw)
    return run.scores(method)


def make_predictions(
    run: Run, method: str, samples: int = 4, noise: float = 1.0, most: int = 8
) -> Path:
    """Predict cases of the run by adding ``noise`` to the truth, and say where the predictions are."""
    folder, rng = run.predictions(method), np.random.default_rng(len(method))
    manifest = Manifest(
        run=str(run.path),
        method=method,
        samples=samples,
        seed=5,
        weights_digest=["ab" * 32],
        tfuq_version="0.1.0",
    )
    cases = [case for case in cases_of(run.config.data) if case.id in run.split["test"]][:most]
    for case in cases:
        manifest.add(case, {})
    _MAKERS[run.config.task](folder, run.config, cases, (samples, noise, rng))
    manifest.write(folder)
    return folder


def enter_files(folder: Path) -> None:
    """Make the tables and figures that lie in a score folder those of its scoring."""
    summary = json.loads((folder / "summary.json").read_text())
    paths = [*folder.glob("*.csv"), *folder.glob("figures/*.png")]
    summary["files"] = {str(path.relative_to(folder)): digest_of(path) for path in paths}
    write_json(folder / "summary.json", summary)


def _draw(folder: Path) -> list[Path]:
    folder.mkdir()
    Image.new("RGB", (40, 30), "white").save(folder / "risk-coverage-case.png")
    return [folder / "risk-coverage-case.png"]


def _volumes(folder: Path, config: Config, cases: list[Case], how: tuple) -> None:
    for case in cases:
        image = read_case_image(case)
        truth = read_label(config, case, image).array
        known = np.where(truth == PADDING, 0, truth)
        p = _noisy(known, len(config.data.classes), how)  # [T, X, Y, Z, K]
        mean = p.mean(0)
        label, total = mean.argmax(-1).astype(np.uint8), _entropy(mean)
        maps = {"predictive_entropy": total}
        if len(p) > 1:
            expected = _entropy(p).mean(0)
            modal = np.stack([(p.argmax(-1) == k).mean(0) for k in range(p.shape[-1])]).max(0)
            spread = np.take_along_axis(p.std(0), label[..., None], -1)[..., 0]
            maps |= {
                "expected_entropy": expected,
                "mutual_information": np.maximum(total - expected, 0),
            }
            maps |= {"variation_ratio": 1 - modal, "standard_deviation": spread}
        for name, array in {"label": label, "probability": mean, **maps}.items():
            array = array if array.dtype == np.uint8 else array.astype(np.float32)
            write_nifti(folder / case.id / f"{name}.nii.gz", image.with_array(array))
        masks = np.stack([p.argmax(-1) == k for k in range(1, p.shape[-1])], 1).reshape(
            1, len(p), p.shape[-1] - 1, -1
        )
        kept = StoredSamples(np.packbits(masks, axis=-1, bitorder="little"), None, image)
        kept.write(folder / case.id)
        rows = [case.unit.named(row) for row in _structures(case, config, kept, p)]
        write_csv(folder / case.id / "structures.csv", rows)


def _noisy(truth: np.ndarray, classes: int, how: tuple) -> np.ndarray:
    samples, noise, rng = how
    shared = rng.normal(0, noise * rng.uniform(0.3, 2), (*truth.shape, classes))
    logits = (
        2.5 * np.eye(classes)[truth]
        + shared
        + rng.normal(0, noise, (samples, *truth.shape, classes))
    )
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _entropy(p: np.ndarray) -> np.ndarray:
    return -(p * np.log(np.maximum(p, 1e-12))).sum(-1)


def _structures(case: Case, config: Config, kept: StoredSamples, p: np.ndarray) -> list[dict]:
    total, rows = _entropy(p.mean(0)), []
    for k, name in enumerate(config.data.classes[1:], start=1):
        terms = -(p[..., k] * np.log(np.maximum(p[..., k], 1e-12))).mean(0)
        mutual, label = total - _entropy(p).mean(0), p.mean(0).argmax(-1) == k
        maps = ClassMaps(
            label=label,
            masks=kept.of_classes([k]),
            entropy_term=terms,
            image=ImageMaps(
                predictive_entropy=total,
                mutual_information=mutual,
                voxel_volume=kept.grid.voxel_volume,
            ),
        )
        rows += [
            {"case": case.id, "class": name, **row}
            for row in structure_rows(maps, min_component_voxels=50)
        ]
    return rows


def _classes(folder: Path, config: Config, cases: list[Case], how: tuple) -> None:
    rows, names = [], config.data.classes
    for case in cases:
        p = _noisy(np.array([class_of(config, case)]), len(names), how)[:, 0]
        row = {"case": case.id, "label": names[int(p.mean(0).argmax())]}
        row |= {f"probability_{name}": float(p.mean(0)[k]) for k, name in enumerate(names)}
        row |= {
            "predictive_entropy": float(_entropy(p.mean(0))),
            "expected_entropy": float(_entropy(p).mean()),
        }
        rows.append(row | {"standard_deviation": float(p[:, p.mean(0).argmax()].std())})
    write_csv(folder / PREDICTIONS, rows)


def _landmarks(folder: Path, config: Config, cases: list[Case], how: tuple) -> None:
    samples, noise, rng = how
    found, drawn = [], []
    for case in cases:
        size = read_case_image(case).shape[:2]
        for name, point in zip(
            config.data.landmarks, reference_points(config, case, size), strict=True
        ):
            points = point + rng.normal(0, noise, 2) + rng.normal(0, noise, (samples, 2))
            head = {"case": case.id, "landmark": name}
            found.append(
                head
                | landmark_measures(points, rng.uniform(0.2, 1, samples), pixel_mm(config, size))
            )
            drawn += [
                head | {"sample": t, "x": float(x), "y": float(y), "activation": 0.5}
                for t, (x, y) in enumerate(points)
            ]
    write_csv(folder / LANDMARKS, found)
    write_csv(folder / SAMPLES, drawn)


_MAKERS = {"segmentation": _volumes, "classification": _classes, "landmarks": _landmarks}
