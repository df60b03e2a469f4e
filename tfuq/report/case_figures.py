"""The figures of a predicted case, read from predictions folders and written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfuq import runs
from tfuq.data.writers import whole_set
from tfuq.errors import DataError
from tfuq.report.plotting import own_style, save
from tfuq.report.shown_case import ShownCase
from tfuq.report.tasks import REPORTS
from tfuq.runs import results
from tfuq.scoring.comparison.folders import distinct_names


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
    landmarks: Sequence[str] = (),
    reference: Path | None = None,
) -> list[Path]:
    """Plot a case by each method, and write the figures.

    Args:
        folders: Of predictions of segmentation, or of landmarks, that have the case.
        case_id: Of the case.
        output: The folder to write to; figures of an earlier call are replaced.
        axis: The voxel axis to take a slice along; None for that of the network's slices, else z.
        index: The number of the slice; None for the one with most labelled area.
        landmarks: The names of those to show side by side; none for a few.
        reference: A folder of references; None for those that the predictions know, if any.

    Returns:
        The figures that were written.

    Raises:
        DataError: The case is not there, or has no such slice or landmark; or the predictions are
            of another task, of another image, or of other classes than the first.
        RunError: A folder holds no predictions, or something else lies in the place of a figure.
    """
    methods = [results.read_manifest(folder).method for folder in folders]
    shown = ShownCase(
        id=case_id,
        folders=distinct_names(methods, [*folders]),
        axis=axis,
        index=index,
        landmarks=landmarks,
        reference=reference,
    )
    plots = REPORTS[_task_of(folders[0])].plots
    if plots is None:
        raise DataError(
            f"{folders[0]}: holds predictions of {_task_of(folders[0])}, whose pictures are not "
            "plotted one by one; tfuq score --figures plots the least certain"
        )
    figures = plots(shown)
    with whole_set(output) as staged:
        names = []
        for name, figure in figures:
            names.append(save(figure, staged / f"{name}.png").name)
    return [output / name for name in names]


def _task_of(folder: Path) -> str:
    return runs.open_run(Path(results.read_manifest(folder).run)).config.task
