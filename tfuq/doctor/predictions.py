"""Checks of predictions that a run holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfuq import results
from tfuq.data.cases import Case
from tfuq.data.readers import read
from tfuq.data.stored import number, read_table
from tfuq.data.volume import Volume
from tfuq.doctor.finding import Finding
from tfuq.results import Manifest
from tfuq.runs import Run

_AGAIN = "predict again with --overwrite"
_SAME = 1e-6  # a spread that files keep no digit of
_CONTINUOUS = ("predictive_entropy", "expected_entropy", "mutual_information")
_SPREADS = {results.PREDICTIONS: "standard_deviation", results.LANDMARKS: "variance"}
_COLUMNS = {results.PREDICTIONS: _CONTINUOUS, results.LANDMARKS: ("variance", "max_activation")}


def prediction_findings(run: Run) -> Iterator[Finding]:
    """Everything that the checks of predictions find, folder by folder."""
    check = _volumes if run.config.task == "segmentation" else _tables
    for path in sorted((run.path / "predictions").glob(f"*/{results.MANIFEST}")):
        yield from check(run, path.parent, results.read_manifest(path.parent))


def _volumes(run: Run, folder: Path, manifest: Manifest) -> Iterator[Finding]:
    spreads = []
    for case_id, entry in manifest.cases.items():
        case = Case(case_id, tuple(Path(path) for path in entry.images), pixel_mm=run.config.data.pixel_mm)
        label = read(folder / case_id / "label.nii.gz")
        yield from labels_outside_the_classes(folder / case_id / "label.nii.gz", label, len(run.config.data.classes))
        yield from geometry_does_not_match(folder / case_id, label, case)
        for name in _CONTINUOUS if manifest.samples > 1 else _CONTINUOUS[:1]:
            yield from map_is_constant(folder / case_id / f"{name}.nii.gz")
        if manifest.samples > 1:
            spreads.append(float(read(folder / case_id / "standard_deviation.nii.gz").array.max()))
    yield from samples_do_not_differ(folder, manifest, spreads)


def _tables(run: Run, folder: Path, manifest: Manifest) -> Iterator[Finding]:
    name = results.PREDICTIONS if run.config.task == "classification" else results.LANDMARKS
    path = folder / name
    rows = read_table(path, ("case",), _AGAIN)
    columns = {column: [number(path, row, column, _AGAIN) for row in rows] for column in (rows[0] if rows else {})
               if column in (*_COLUMNS[name], _SPREADS[name])}  # fmt: skip
    yield from samples_do_not_differ(folder, manifest, columns.get(_SPREADS[name], []))
    for column in _COLUMNS[name]:
        yield from measure_is_constant(path, column, columns.get(column, []))


def samples_do_not_differ(where: Path, manifest: Manifest, spreads: list[float | None]) -> Iterator[Finding]:
    """Samples that are copies: the ``spreads`` over them are zero, case after case."""
    if manifest.samples > 1 and spreads and max(value or 0.0 for value in spreads) <= _SAME:
        yield Finding(
            "samples",
            "fault",
            f"{where}: its {manifest.samples} samples of {manifest.method} do not differ",
            "epistemic uncertainty is the disagreement of samples; of copies it is zero, whatever the network does not know",
            "look at network.level_dropout (0 drops nothing) or at the members, then predict again with --overwrite",
        )


def labels_outside_the_classes(path: Path, label: Volume, classes: int) -> Iterator[Finding]:
    """A label map with a value that no class has."""
    if label.array.min() < 0 or label.array.max() >= classes or (label.array % 1).any():
        yield Finding(
            "labels",
            "fault",
            f"{path}: has values from {label.array.min():g} to {label.array.max():g}; the classes are 0 to {classes - 1}",
            "what no class has cannot be scored, and viewers show it as another structure",
            "the file was changed or is of another run: remove its folder and predict the case again",
        )


def geometry_does_not_match(folder: Path, label: Volume, case: Case) -> Iterator[Finding]:
    """A case's maps that lie elsewhere than its image."""
    wrong = [path for path in sorted(folder.glob("*.nii.gz")) if not read(path).same_grid(label)]
    image = case.images[0] if case.images and case.images[0].is_file() else None
    if image is not None and not read(image, case.pixel_mm).same_grid(label):
        wrong.append(folder / "label.nii.gz")
    for path in wrong:
        yield Finding(
            "geometry",
            "fault",
            f"{path}: is on another grid than {'the label beside it' if path.name != 'label.nii.gz' else image}",
            "a map that is shifted or mirrored marks the wrong place as uncertain",
            "the file or the scan was changed: remove the case's folder and predict it again",
        )


def map_is_constant(path: Path) -> Iterator[Finding]:
    """A map of uncertainty that is the same everywhere."""
    array = read(path).array
    if array.size > 1 and np.ptp(array) == 0:
        yield _constant(path, f"is {array.flat[0]:g} everywhere")


def measure_is_constant(path: Path, name: str, values: list[float | None]) -> Iterator[Finding]:
    """A measure that is the same for every case of a table."""
    if len(values) > 1 and len(set(values)) == 1 and values[0] is not None:
        yield _constant(path, f"its column '{name}' is {values[0]:g} in every row")


def _constant(path: Path, what: str) -> Finding:
    why = "an uncertainty that is the same for the clear and the unclear orders nothing and warns of nothing"
    return Finding(
        "constant maps", "fault", f"{path}: {what}", why, "look at the training curves and at the image as the network sees it"
    )
