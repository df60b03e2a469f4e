"""The figures of one slice of a predicted case, by one method or by several."""

from __future__ import annotations

from pathlib import Path

from tfuq import runs
from tfuq.config import TASKS, Config
from tfuq.data.readers.nifti_blocks import nifti_blocks
from tfuq.errors import DataError
from tfuq.report.case_plot import slice_figures
from tfuq.report.scored import NamedFigures
from tfuq.report.shown_case import ShownCase
from tfuq.report.slices import (
    MEAN,
    PROBABILITY,
    CaseArrays,
    Place,
    load_case,
    most_informative_slice,
    shown_axis,
)
from tfuq.runs import results
from tfuq.runs.orientation import config_as_seen
from tfuq.scoring.evaluation.stored_maps import open_map


def volume_case_figures(shown: ShownCase) -> NamedFigures:
    """Plot a slice of a case, see `tfuq.report.case_plot.slice_figures`.

    Args:
        shown: The case, and the slice.

    Raises:
        DataError: The case is not there, or has no such slice; landmarks are asked for; or the
            predictions are of another task, of another image, or of other classes than the first.
    """
    if shown.landmarks:
        raise DataError(f"--landmark {shown.landmarks[0]}: a segmentation has none; leave it out")
    cases = {}
    configs = []
    for name, folder in shown.folders.items():
        case, config = _loaded(folder, shown)
        cases[name] = case
        configs.append(config)
        _require_same(folder, case, config, next(iter(cases.values())), configs[0])
    first = next(iter(cases.values()))
    place = _place(first, configs[0], shown.axis, shown.index)
    return slice_figures(cases, configs[0], place)


def _loaded(folder: Path, shown: ShownCase) -> tuple[CaseArrays, Config]:
    """A case of a predictions folder, and the configuration of the run."""
    manifest = results.read_manifest(folder)
    config = config_as_seen(runs.open_run(Path(manifest.run)))
    if not TASKS[config.task].has_volumes:
        raise DataError(
            f"{folder}: holds predictions of {config.task}, which have no slices; "
            "plot them apart from those of a segmentation"
        )
    case = load_case(folder, shown.found(folder, manifest, config), config)
    _require_one_grid(folder / shown.id, case, len(config.data.classes))
    return case, config


def _require_one_grid(folder: Path, case: CaseArrays, classes: int) -> None:
    """Refuse files of a case that are not on the grid of its image, of which headers are read.

    Args:
        folder: Of the case.
        case: Whose label and maps are there.
        classes: The number of classes.
    """
    grid = nifti_blocks(folder / "label.nii.gz").grid
    if case.image.shape != grid.shape:
        raise DataError(
            f"{folder / 'label.nii.gz'}: has {grid.shape} voxels, and the image "
            f"{case.image.shape}; remove the case's folder and predict it again"
        )
    for name in case.maps:
        open_map(folder / f"{name}.nii.gz", grid)
    for name in case.foreground:
        if name == MEAN:
            name = PROBABILITY
        open_map(folder / f"{name}.nii.gz", grid, (classes,))


def _require_same(
    folder: Path, case: CaseArrays, config: Config, first: CaseArrays, first_config: Config
) -> None:
    """Refuse predictions that cannot stand beside the first."""
    if case.label.shape != first.label.shape:
        raise DataError(
            f"{folder}: its case '{case.id}' has {case.label.shape} voxels, and that of the first "
            f"predictions {first.label.shape}; plot them apart"
        )
    if config.data.classes != first_config.data.classes:
        raise DataError(
            f"{folder}: its run has other classes than that of the first predictions; "
            "plot them apart"
        )


def _place(case: CaseArrays, config: Config, axis: int | None, index: int | None) -> Place:
    """Where the slice is, within the case."""
    if axis is None:
        axis = shown_axis(config, case.affine)
    slices = case.label.shape[axis]
    if index is None:
        index = most_informative_slice(case, axis)
    if index >= slices:
        raise DataError(
            f"--slice {index}: case '{case.id}' has slices 0 to {slices - 1} along axis {axis}; "
            "give one of these"
        )
    return Place(axis=axis, index=index)
