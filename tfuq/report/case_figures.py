"""The figures of one slice of a predicted case, read from predictions folders and written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfuq import runs
from tfuq.config import TASKS, Config
from tfuq.data.cases import Case
from tfuq.data.readers.nifti_blocks import nifti_blocks
from tfuq.data.writers import whole_set
from tfuq.errors import DataError, resembling
from tfuq.report.case_plot import slice_figures
from tfuq.report.plotting import own_style, save
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
from tfuq.scoring.comparison.folders import distinct_names
from tfuq.scoring.evaluation.references import cases_with_references, predicted_cases
from tfuq.scoring.evaluation.stored_maps import open_map


def folders_of(named: Sequence[Path], methods: Sequence[str]) -> list[Path]:
    """The predictions folders that a user names.

    Args:
        named: They themselves; or a run, of which ``methods`` says whose predictions.
        methods: None where predictions are named.

    Raises:
        DataError: Methods are of several runs, or a folder is given twice.
    """
    if not methods:
        _require_each_once(named)
        return [*named]
    if len(named) > 1:
        raise DataError(
            f"--method {methods[0]}: says which predictions of one run; "
            f"give one run instead of {len(named)} folders, or leave --method out"
        )
    run = runs.open_run(named[0])
    return [run.predictions(method) for method in dict.fromkeys(methods)]


def _require_each_once(folders: Sequence[Path]) -> None:
    seen: set[Path] = set()
    for folder in folders:
        if folder.resolve() in seen:
            raise DataError(f"{folder}: is given twice; name each folder to plot once")
        seen.add(folder.resolve())


def default_folder(folder: Path, case_id: str) -> Path:
    """Where the figures of a case go: beside the ``predictions`` of a run, or within a folder.

    Args:
        folder: Of predictions, the first of those that are plotted.
        case_id: Of the case.
    """
    if folder.parent.name == "predictions":
        return folder.parent.parent / "plots" / case_id
    return folder / "plots" / case_id


@own_style()
def write_case_figures(
    folders: Sequence[Path],
    case_id: str,
    output: Path,
    *,
    axis: int | None = None,
    index: int | None = None,
    reference: Path | None = None,
) -> list[Path]:
    """Plot a slice of a case by each method, and write the figures.

    Args:
        folders: Of predictions of segmentation that have the case.
        case_id: Of the case.
        output: The folder to write to; figures of an earlier call are replaced.
        axis: The voxel axis to take the slice along; None for that of the network's slices, else z.
        index: The number of the slice; None for the one with most labelled area.
        reference: A folder of references; None for those that the predictions know, if any.

    Returns:
        The figures that were written.

    Raises:
        DataError: The case is not there, or has no such slice; or the predictions are of another
            task, of another image, or of other classes than the first.
        RunError: A folder holds no predictions, or something else lies in the place of a figure.
    """
    cases = {}
    configs = []
    for name, folder in distinct_names([_method_of(path) for path in folders], [*folders]).items():
        case, config = _loaded(folder, case_id, reference)
        cases[name] = case
        configs.append(config)
        _require_same(folder, case, config, next(iter(cases.values())), configs[0])
    first = next(iter(cases.values()))
    place = _place(first, configs[0], axis, index)
    with whole_set(output) as staged:
        names = []
        for name, figure in slice_figures(cases, configs[0], place):
            names.append(save(figure, staged / f"{name}.png").name)
    return [output / name for name in names]


def _method_of(folder: Path) -> str:
    return results.read_manifest(folder).method


def _loaded(folder: Path, case_id: str, reference: Path | None) -> tuple[CaseArrays, Config]:
    """A case of a predictions folder, and the configuration of the run."""
    manifest = results.read_manifest(folder)
    config = config_as_seen(runs.open_run(Path(manifest.run)))
    if not TASKS[config.task].has_volumes:
        raise DataError(
            f"{folder}: holds predictions of {config.task}, which have no slices; "
            "tfuq score --figures plots theirs"
        )
    cases = predicted_cases(manifest, config)
    if reference:
        cases = cases_with_references(manifest, config, reference)
    found: dict[str, Case] = {case.id: case for case in cases}
    if case_id not in found:
        raise DataError(
            f"--case {case_id}: {folder} has no such case{resembling(case_id, found)}; "
            f"it has {len(found)}, such as {next(iter(found))}"
        )
    case = load_case(folder, found[case_id], config)
    _require_one_grid(folder / case_id, case, len(config.data.classes))
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
