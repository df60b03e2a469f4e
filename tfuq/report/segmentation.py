"""Figures of a scored predictions folder, as PNG. Colour maps are readable without colour vision; every bar has its unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import nibabel
import numpy as np
from matplotlib import colors
from matplotlib.figure import Figure

from tfuq import results
from tfuq.config import Config
from tfuq.data.cases import Case, read_case_image, read_case_label
from tfuq.data.readers import read
from tfuq.report.canvas import RIGHT, SEQUENTIAL, WRONG, correlation_title, file_names, new_figure
from tfuq.runs import Run
from tfuq.scoring.evaluation import Scores, cases_with_references
from tfuq.scoring.metrics import highest

_MAPS = {  # and their units
    "predictive_entropy": "nat",
    "expected_entropy": "nat",
    "mutual_information": "nat",
    "variation_ratio": "share of samples",
    "standard_deviation": "probability",
}
_LABELS = "viridis"
_WORST, _HISTOGRAM_BINS, _COLUMNS = 3, 40, 4


@dataclass(frozen=True)
class CaseArrays:
    """One case as it was predicted, all ``[X, Y, Z]``; ``maps`` by name."""

    id: str
    affine: np.ndarray
    image: np.ndarray
    truth: np.ndarray | None
    label: np.ndarray
    maps: dict[str, np.ndarray]


def segmentation_figures(folder: Path, run: Run, reference: Path | None, scores: Scores) -> Iterator[tuple[str, Figure]]:
    """The worst cases, histograms, scatter plots, by file name."""
    manifest = results.read_manifest(folder)
    cases = {case.id: case for case in cases_with_references(manifest, run.config, reference)}
    dice = {row["case"]: row["dice"] for row in scores.cases if row["class"] == "all"}
    worst = sorted(dice, key=lambda case_id: dice[case_id])[:_WORST]
    for case_id in worst:
        title = f"{case_id}: Dice {dice[case_id]:.3f}"
        yield f"case-{case_id}", overview(load_case(folder, cases[case_id], run.config), run.config, title)
    arrays = (load_case(folder, case, run.config) for case in cases.values())
    yield "uncertainty-histograms", _histograms(arrays, len(run.config.data.classes))
    correlations = scores.summary["spearman_with_dice"]
    parts = file_names(correlations)
    for name, table in correlations.items():
        if table:
            yield f"dice-{parts[name]}", _scatter(name, scores.tables["structures"], table)


def load_case(folder: Path, case: Case, config: Config) -> CaseArrays:
    """Read a case's first channel, reference, label and maps."""
    image = read_case_image(case)
    truth = read_case_label(case, image, len(config.data.classes), config.data.label_values).array
    maps = {name: folder / case.id / f"{name}.nii.gz" for name in _MAPS}
    loaded = {name: read(path).array for name, path in maps.items() if path.is_file()}
    label = read(folder / case.id / "label.nii.gz").array.astype(np.uint8)
    return CaseArrays(case.id, image.affine, image.array[..., 0], truth, label, loaded)


def map_scale(name: str, classes: int) -> tuple[str, float]:
    """A map's unit, and the largest value that it can have with so many classes."""
    return _MAPS[name], float(highest(name, classes))


def most_informative_slice(case: CaseArrays, axis: int) -> int:
    """The slice with the most labelled area, in the reference or predicted; the middle one where there is none."""
    labelled = case.label > 0 if case.truth is None else (case.truth > 0) | (case.label > 0)
    area = labelled.sum(axis=tuple(a for a in range(3) if a != axis))
    return int(area.argmax()) if area.any() else case.label.shape[axis] // 2


def overview(case: CaseArrays, config: Config, title: str) -> Figure:
    """Image, truth (where there is one), prediction and every map side by side at the most informative slice."""
    axis, classes = config.preprocessing.slice_axis, config.data.classes
    axis = 2 if axis is None else axis
    index = most_informative_slice(case, axis)
    panels = _panels(case, len(classes))
    rows, columns = -(-len(panels) // _COLUMNS), min(len(panels), _COLUMNS)
    figure = new_figure(3.2 * columns, 3.2 * rows)
    for place, (name, array, (cmap, top, unit)) in enumerate(panels, start=1):
        axes = figure.add_subplot(rows, columns, place)
        plane, aspect = upright(np.take(array, index, axis), case.affine, axis)
        shown = axes.imshow(plane, cmap=cmap, vmin=None if top is None else 0, vmax=top, aspect=aspect)
        axes.set_title(name.replace("_", " "), fontsize=9)
        axes.axis("off")
        if unit:
            bar = figure.colorbar(shown, ax=axes, fraction=0.046)
            bar.set_label(unit, fontsize=8)
        if unit == "class":
            bar.set_ticks(range(len(classes)), labels=classes, fontsize=6)
    figure.suptitle(f"{title}, slice {index} along axis {axis}", fontsize=10)
    return figure


def _panels(case: CaseArrays, classes: int) -> list[tuple[str, np.ndarray, tuple]]:
    """Title, array, and how it is shown: colour map, largest value (None for the array's own range), unit."""
    labels = (colors.ListedColormap(matplotlib.colormaps[_LABELS](np.linspace(0, 1, classes))), classes - 1, "class")
    truth = [] if case.truth is None else [("truth", case.truth, labels)]
    maps = [(n, case.maps[n], (SEQUENTIAL, highest(n, classes), unit)) for n, unit in _MAPS.items() if n in case.maps]
    return [("image", case.image, ("gray", None, "")), *truth, ("prediction", case.label, labels), *maps]


def upright(plane: np.ndarray, affine: np.ndarray, axis: int) -> tuple[np.ndarray, float]:
    """A slice taken along voxel ``axis``, turned as radiologists look at it, and its pixels' height over their width.

    The patient's left is on the right (in a sagittal slice, the front on the left), front or head is up.
    """
    world, sign = np.delete(nibabel.io_orientation(affine), axis, 0).T
    spacing = np.delete(np.linalg.norm(affine[:3, :3], axis=0), axis)
    if world[0] > world[1]:
        plane, sign, spacing = plane.T, sign[::-1], spacing[::-1]
    flipped = plane[:: -int(sign[0]), :: -int(sign[1])]
    return flipped.T, float(spacing[1] / spacing[0])


def _histograms(cases: Iterator[CaseArrays], classes: int) -> Figure:
    """Each map over correctly and wrongly labelled voxels of all cases, as densities on a logarithmic scale."""
    counts: dict[str, np.ndarray] = {}
    for case in cases:
        wrong = case.truth != case.label
        for name, values in case.maps.items():
            edges = np.linspace(0, highest(name, classes), _HISTOGRAM_BINS + 1)
            pair = np.stack([np.histogram(np.clip(values[part], 0, edges[-1]), edges)[0] for part in (~wrong, wrong)])
            counts[name] = counts.get(name, 0) + pair
    figure = new_figure(3.4 * len(counts), 3.0)
    for place, (name, pair) in enumerate(counts.items(), start=1):
        edges = np.linspace(0, highest(name, classes), _HISTOGRAM_BINS + 1)
        axes = figure.add_subplot(1, len(counts), place)
        for values, colour, what in zip(pair, (RIGHT, WRONG), ("correct", "wrong"), strict=True):
            density = values / max(values.sum(), 1) / (edges[1] - edges[0])
            axes.stairs(density, edges, color=colour, label=f"{what} ({values.sum():,} voxels)")
        axes.set(xlabel=f"{name.replace('_', ' ')} ({_MAPS[name]})", ylabel="density", yscale="log")
        axes.legend(fontsize=7)
    return figure


def _scatter(class_name: str, structures: list[dict], table: dict[str, dict]) -> Figure:
    """Every structure-level measure against Dice, a point per case, with Spearman's ρ."""
    rows = [row for row in structures if row["class"] == class_name and row["component"] == "all"]
    names = [name for name, found in table.items() if found["rho"] is not None]
    rows_of_panels = max(-(-len(names) // _COLUMNS), 1)
    figure = new_figure(3.0 * _COLUMNS, 2.6 * rows_of_panels)
    for place, name in enumerate(names, start=1):
        points = [(row[name], row["dice"]) for row in rows if row.get(name) is not None]
        axes = figure.add_subplot(rows_of_panels, _COLUMNS, place)
        axes.scatter(*zip(*points, strict=True), s=10, color=RIGHT)
        axes.set_xlabel(name.replace("_", " "), fontsize=8)
        axes.set_ylabel("Dice", fontsize=8)
        axes.set_title(correlation_title("ρ", *(table[name][key] for key in ("rho", "p", "n"))), fontsize=8)
    figure.suptitle(class_name, fontsize=10)
    return figure
