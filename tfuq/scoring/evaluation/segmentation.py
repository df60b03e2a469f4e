"""Scores of segmentations: each case against its reference, and measures against quality over cases."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy import stats

from tfuq.config import Config
from tfuq.data.cases import Case, read_case_label
from tfuq.data.layouts import cases_of
from tfuq.data.readers import is_readable, read, stem
from tfuq.data.stored import number, read_table
from tfuq.data.volume import Volume
from tfuq.errors import DataError
from tfuq.results import Manifest
from tfuq.scoring.calibration import brier, error_auroc, expected_calibration_error, negative_log_likelihood
from tfuq.scoring.evaluation.scores import OnCase, Scores, mean_of, provenance, score_table
from tfuq.scoring.metrics import MEASURES, METRICS
from tfuq.scoring.segmentation import overlap_scores, surface_scores

_AGAIN = "remove its folder and predict the case again"
_NOT_MEASURES = ("case", "class", "component", "reason", *METRICS)


def score_segmentation(folder: Path, manifest: Manifest, config: Config, reference: Path | None, on_case: OnCase) -> Scores:
    """Score label maps and probabilities against the data set's labels, or those in the folder ``reference``.

    Raises:
        RunError: a damaged table. DataError: a reference or a map is missing or does not fit.
    """
    cases, structures = [], []
    for case in cases_with_references(manifest, config, reference):
        rows, case_structures = _score_case(folder / case.id, case, config, MEASURES if manifest.samples > 1 else MEASURES[:1])
        cases += rows
        structures += case_structures
        on_case(case.id)
    return Scores(cases, _summary(manifest, cases, structures), {"structures": structures})


def cases_with_references(manifest: Manifest, config: Config, reference: Path | None) -> Iterator[Case]:
    """The predicted cases with their labels: the data set's own, or those of the folder ``reference``.

    Raises:
        DataError: a case has none.
    """
    found = _reference_files(config, reference) if reference else {}
    if not manifest.cases:
        raise DataError(f"{manifest.run}: its predictions hold no case; run tfuq predict")
    for case_id, entry in sorted(manifest.cases.items()):
        label = found.get(case_id) if reference else entry.label and Path(entry.label)
        if label is None:
            where = f"in {reference}" if reference else "in its data set"
            raise DataError(f"case '{case_id}' has no reference {where}; give a folder with one per case by --reference")
        yield Case(case_id, tuple(Path(p) for p in entry.images), label)


def _reference_files(config: Config, folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise DataError(f"--reference {folder}: no such folder")
    plain = {stem(path): path for path in sorted(folder.iterdir()) if path.is_file() and is_readable(path)}
    try:
        listed = cases_of(config.data, folder)
    except DataError:
        listed = []
    return plain | {case.id: case.label for case in listed if case.label}


def _score_case(folder: Path, case: Case, config: Config, maps: Sequence[str]) -> tuple[list[dict], list[dict]]:
    predicted = read(folder / "label.nii.gz")
    truth = read_case_label(case, predicted, len(config.data.classes), config.data.label_values).array
    if predicted.array.ndim != 3 or predicted.array.max() >= len(config.data.classes):
        raise DataError(f"{folder / 'label.nii.gz'}: is no map of {len(config.data.classes)} classes; {_AGAIN}")
    label = predicted.array.astype(np.uint8)
    rows = [
        {"case": case.id, "class": name, **_class_scores(np.isin(label, classes), np.isin(truth, classes), predicted)}
        for name, classes in config.data.structures.items()
    ]
    rows.append(
        {
            "case": case.id,
            "class": "all",
            **_mean_row(rows[: len(config.data.classes) - 1]),
            **_voxel_scores(folder, predicted, truth, maps, len(config.data.classes)),
        }
    )
    quality = {row["class"]: row["dice"] for row in rows}
    return rows, [row | {"dice": quality[row["class"]]} for row in _structures(folder / "structures.csv", quality)]


def _structures(path: Path, classes: Container[str]) -> list[dict]:
    rows = read_table(path, ("case", "class", "component"), _AGAIN)
    strange = [row["class"] for row in rows if row["class"] not in classes]
    if strange:
        raise DataError(f"{path}: has a class '{strange[0]}' that the run has not; {_AGAIN}")
    for row in rows:
        for name in row.keys() - _NOT_MEASURES:
            number(path, row, name, _AGAIN)
    return rows


def _read_map(path: Path, label: Volume, highest: float, channels: tuple[int, ...] = ()) -> np.ndarray:
    """A map's array; it must lie on the label's grid, have the channels, and values between 0 and ``highest``."""
    volume = read(path)
    is_on_grid = volume.same_grid(label) and volume.array.shape[3:] == channels
    if not is_on_grid or volume.array.min() < 0 or volume.array.max() > highest + 1e-3:
        raise DataError(f"{path}: is not on the grid of its label, or beyond 0 to {highest:.4g}; {_AGAIN}")
    return volume.array


def _class_scores(predicted: np.ndarray, reference: np.ndarray, grid: Volume) -> dict:
    return overlap_scores(predicted, reference, grid.voxel_volume) | surface_scores(predicted, reference, grid.spacing)


def _mean_row(rows: list[dict]) -> dict:
    """Means over the foreground classes, of those where a score exists."""
    return {name: mean_of([row[name] for row in rows]) for name in rows[0] if name in METRICS}


def _voxel_scores(folder: Path, predicted: Volume, truth: np.ndarray, maps: Sequence[str], classes: int) -> dict:
    p = _read_map(folder / "probability.nii.gz", predicted, 1.0, (classes,)).reshape(-1, classes)
    y = truth.ravel().astype(int)
    scores = {"nll": negative_log_likelihood(p, y), "brier": brier(p, y), "ece": expected_calibration_error(p, y)}
    wrong = (predicted.array != truth).ravel()
    for name in maps:
        uncertainty = _read_map(folder / f"{name}.nii.gz", predicted, np.log(classes))
        scores[f"auroc_{name}"] = error_auroc(uncertainty.ravel(), wrong)
    return scores


def _summary(manifest: Manifest, cases: list[dict], structures: list[dict]) -> dict:
    classes = list(dict.fromkeys(row["class"] for row in cases))
    return provenance(manifest) | {
        "scores": {c: score_table([row for row in cases if row["class"] == c]) for c in classes},
        "structure_measures": {c: measure_means(_whole(structures, c)) for c in classes[:-1]},
        "spearman_with_dice": {c: spearman_with_dice(_whole(structures, c)) for c in classes[:-1]},
    }


def _whole(structures: list[dict], name: str) -> list[dict]:
    """The rows of a class as a whole, one per case."""
    return [row for row in structures if row["class"] == name and row["component"] == "all"]


def _measure_names(rows: list[dict]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row if name not in _NOT_MEASURES))


def measure_means(rows: list[dict]) -> dict[str, float | None]:
    """Mean over cases of every structure-level measure, of those cases that have it."""
    return {name: mean_of([float(r[name]) for r in rows if r.get(name) not in (None, "")]) for name in _measure_names(rows)}


def spearman_with_dice(rows: list[dict]) -> dict[str, dict]:
    """Spearman's ρ with p and n of every structure-level measure against Dice, over the rows of a class (one per case).

    ρ and p are None where fewer than three cases have the measure, or either is constant.
    """
    table = {}
    for name in _measure_names(rows):
        pairs = np.array([(float(r[name]), r["dice"]) for r in rows if r.get(name) not in (None, "")])
        usable = len(pairs) > 2 and (pairs.std(0) > 0).all()
        rho, p = stats.spearmanr(pairs[:, 0], pairs[:, 1]) if usable else (None, None)
        table[name] = {"rho": None if rho is None else float(rho), "p": None if p is None else float(p), "n": len(pairs)}
    return table
