"""Checks of predictions that a run holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from tfuq.data.cases import Case
from tfuq.data.json_csv import number, read_table
from tfuq.data.readers import read
from tfuq.data.volume import Volume
from tfuq.measures.catalogue import OF_VOXELS, maps_of
from tfuq.runs import Run
from tfuq.runs.missing import REMEDY, missing_text
from tfuq.runs.results import Manifest
from tfuq.workflows.doctor.finding import Finding

_AGAIN = "predict again with --overwrite"
_LARGEST_ROUNDING = 1e-6  # files keep no digit of a smaller spread
# Entropies and mutual information: they vary where a network has learnt something.
CONTINUOUS = [measure.name for measure in OF_VOXELS if measure.unit == "nat"]
Column = list[float | None]


def cases_are_missing(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Find a prediction that has not ended.

    Args:
        folder: The predictions folder.
        manifest: Its manifest.
    """
    if manifest.missing:
        yield Finding(
            check="cases are missing",
            severity="caution",
            problem=f"{folder}: {missing_text(manifest.missing, len(manifest.cases))}",
            why="scores, reviews and reports of it are of fewer cases than were asked for",
            remedy=REMEDY,
        )


def volume_findings(run: Run, folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Check the label and the maps of each case.

    Args:
        run: The run that predicted.
        folder: The predictions folder.
        manifest: Its manifest.
    """
    has_samples = manifest.samples > 1
    maps = [name for name in maps_of(manifest.samples) if name in CONTINUOUS]
    classes = len(run.config.data.classes)
    spreads: Column = []
    for case_id, entry in manifest.cases.items():
        images = tuple(Path(path) for path in entry.images)
        width = run.config.data.pixel_mm
        case = Case(case_id, images, pixel_mm=width, series=entry.series)
        label_path = folder / case_id / "label.nii.gz"
        label = read(label_path)
        yield from labels_outside_the_classes(label_path, label, classes)
        yield from geometry_does_not_match(folder / case_id, label, case)
        for name in maps:
            path = folder / case_id / f"{name}.nii.gz"
            if path.is_file():  # tfuq predict --maps may have left it out
                yield from map_is_constant(path)
        deviation = folder / case_id / "standard_deviation.nii.gz"
        if has_samples and deviation.is_file():
            spreads.append(float(read(deviation).array.max()))
    yield from samples_do_not_differ(folder, manifest, spreads)


def table_findings(
    run: Run,
    folder: Path,
    manifest: Manifest,
    *,
    table: str,
    measures: Collection[str],
    spread: str,
) -> Iterator[Finding]:
    """Check a table of predictions.

    Args:
        run: The run that predicted.
        folder: The predictions folder.
        manifest: Its manifest.
        table: The name of the table's file.
        measures: Columns that vary from case to case.
        spread: The column that is zero where all samples are the same.
    """
    path = folder / table
    rows = read_table(path, ("case",), _AGAIN)
    columns = _columns(path, rows, (*measures, spread))
    yield from samples_do_not_differ(folder, manifest, columns.get(spread, []))
    for column in measures:
        yield from measure_is_constant(path, column, columns.get(column, []))


def _columns(path: Path, rows: list[dict[str, str]], names: tuple[str, ...]) -> dict[str, Column]:
    """Those of the named columns that the table has, in the order of the table."""
    columns: dict[str, Column] = {}
    if not rows:
        return columns
    for column in rows[0]:
        if column in names:
            columns[column] = [number(path, row, column, _AGAIN) for row in rows]
    return columns


def samples_do_not_differ(folder: Path, manifest: Manifest, spreads: Column) -> Iterator[Finding]:
    """Find samples that are copies: the spread over them is zero in every case.

    Args:
        folder: The predictions folder.
        manifest: Its manifest.
        spreads: The spread of the samples in each case, such as a standard deviation.
    """
    if manifest.samples <= 1 or not spreads:
        return
    if max(spread or 0.0 for spread in spreads) <= _LARGEST_ROUNDING:
        yield Finding(
            check="samples",
            severity="fault",
            problem=(
                f"{folder}: its {manifest.samples} samples of {manifest.method} do not differ"
            ),
            why=(
                "epistemic uncertainty is the disagreement of samples; "
                "of copies it is zero, whatever the network does not know"
            ),
            remedy=(
                "look at network.level_dropout (0 drops nothing) or at the members, "
                "then predict again with --overwrite"
            ),
        )


def labels_outside_the_classes(path: Path, label: Volume, classes: int) -> Iterator[Finding]:
    """Find a label map with a value that no class has.

    Args:
        path: The file of the label map.
        label: The label map.
        classes: The number of classes.
    """
    low = label.array.min()
    high = label.array.max()
    if low < 0 or high >= classes or (label.array % 1).any():
        yield Finding(
            check="labels",
            severity="fault",
            problem=(
                f"{path}: has values from {low:g} to {high:g}; the classes are 0 to {classes - 1}"
            ),
            why="what no class has cannot be scored, and viewers show it as another structure",
            remedy=(
                "the file was changed or is of another run: "
                "remove its folder and predict the case again"
            ),
        )


def geometry_does_not_match(folder: Path, label: Volume, case: Case) -> Iterator[Finding]:
    """Find maps of a case that lie elsewhere than its image.

    Args:
        folder: The folder of the case's maps.
        label: Its label map.
        case: The case with the paths of its images.
    """
    paths = sorted(folder.glob("*.nii.gz"))
    displaced = [path for path in paths if not read(path).same_grid(label)]
    image = _present_image(case)
    is_label_displaced = False
    if image is not None:
        is_label_displaced = not read(image, case.pixel_mm, case.series).same_grid(label)
    for path in displaced:
        yield _other_grid(path, "the label beside it")
    if is_label_displaced:
        yield _other_grid(folder / "label.nii.gz", str(image))


def _present_image(case: Case) -> Path | None:
    """The case's first image; None where it is gone."""
    if case.images and case.images[0].exists():
        return case.images[0]
    return None


def _other_grid(path: Path, reference: str) -> Finding:
    return Finding(
        check="geometry",
        severity="fault",
        problem=f"{path}: is on another grid than {reference}",
        why="a map that is shifted or mirrored marks the wrong place as uncertain",
        remedy="the file or the scan was changed: remove the case's folder and predict it again",
    )


def map_is_constant(path: Path) -> Iterator[Finding]:
    """Find a map of uncertainty that is the same everywhere."""
    array = read(path).array
    if array.size > 1 and np.ptp(array) == 0:
        yield _constant(path, f"is {array.flat[0]:g} everywhere")


def measure_is_constant(path: Path, name: str, values: Column) -> Iterator[Finding]:
    """Find a measure that is the same for every case of a table.

    Args:
        path: The file of the table.
        name: The column of the measure.
        values: The measure of each case.
    """
    if len(values) > 1 and len(set(values)) == 1 and values[0] is not None:
        yield _constant(path, f"its column '{name}' is {values[0]:g} in every row")


def _constant(path: Path, description: str) -> Finding:
    return Finding(
        check="constant maps",
        severity="fault",
        problem=f"{path}: {description}",
        why=(
            "an uncertainty that is the same for the clear and the unclear "
            "orders nothing and warns of nothing"
        ),
        remedy="look at the training curves and at the image as the network sees it",
    )
