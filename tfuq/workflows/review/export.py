"""The referred cases of a review as files to correct, and to train on once they are corrected.

Viewers open the files by their names. The folder ``image`` is one of MONAI Label's local data
stores: its ``labels/original`` has what was predicted, and ``labels/final`` takes what a human has
corrected. As a data set of tfuq the whole is of the layout ``folder``, with ``image/labels/final``
as the folder of labels.
"""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tfuq import runs
from tfuq.config import TASKS, DataConfig
from tfuq.config.data import AdditionalConfig, value_range
from tfuq.data.cases import Case, read_case_image
from tfuq.data.paths import real_path
from tfuq.data.readers import read, stem
from tfuq.data.readers.suffixes import NIFTI_SUFFIXES, is_plain_image
from tfuq.data.volume import Volume
from tfuq.data.writers import make_folder, whole_folder, write_bytes, write_csv, write_nifti
from tfuq.errors import DataError, RunError
from tfuq.runs import Run, results
from tfuq.runs.entries import CaseEntry
from tfuq.runs.results import Manifest
from tfuq.scoring.rows import Row

CORRECTED = "image/labels/final"
PREDICTED = "image/labels/original"
_KIND = "labels to correct"
_TABLE = "cases.csv"
_MOST_OF_PNG = 255  # the largest value of a picture's label


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written.

    Attributes:
        folder: where to.
        cases: ids of the cases.
        earlier: what the run was trained on beside its data set.
    """

    folder: Path
    cases: list[str]
    earlier: Sequence[AdditionalConfig] = ()

    @property
    def training_option(self) -> str:
        """The option of ``tfuq train`` that adds the corrected labels to the training cases."""
        added = AdditionalConfig(root=str(real_path(self.folder)), label_folder=CORRECTED)
        listed = [each.model_dump() for each in [*self.earlier, added]]
        return f"-o {shlex.quote(f'data.additional={json.dumps(listed, ensure_ascii=False)}')}"


def export_labels(predictions: Path, rows: Mapping[str, list[Row]], folder: Path) -> Exported:
    """Write cases with their images, predicted labels and maps of uncertainty.

    Args:
        predictions: the folder of predictions, of a segmentation.
        rows: the table's rows of each case, which are written beside the images.
        folder: a new folder, or one of an earlier export in which nobody has changed anything.

    Raises:
        RunError: it is another task, or something of somebody else's lies in the folder.
        DataError: an image cannot be read, or has another grid than its label.
    """
    manifest = results.read_manifest(predictions)
    run = runs.open_run(Path(manifest.run))
    require_labels(run)
    with whole_folder(folder, _KIND) as unfinished:
        for name in (CORRECTED, PREDICTED, "maps"):
            make_folder(unfinished / name)
        for case in rows:
            _write_case(unfinished, predictions / case, _case_of(case, manifest, run), run)
        write_csv(unfinished / _TABLE, _all_rows(rows))
    earlier = run.config.data.additional
    return Exported(folder=folder, cases=list(rows), earlier=earlier)


def require_labels(run: Run) -> None:
    """Refuse a run whose predictions are no label maps.

    Raises:
        RunError: it is one.
    """
    if not TASKS[run.config.task].has_volumes:
        raise RunError(
            f"{run.path}: is a run of {run.config.task}, and --export-labels serves segmentation; "
            "leave it out: the table names the cases"
        )


def _all_rows(rows: Mapping[str, list[Row]]) -> Iterator[Row]:
    for of_case in rows.values():
        yield from of_case


def _case_of(case_id: str, manifest: Manifest, run: Run) -> Case:
    entry: CaseEntry = manifest.cases[case_id]
    return Case(
        case_id,
        tuple(map(Path, entry.images)),
        pixel_mm=run.config.data.pixel_mm,
        series=entry.series,
    )


def _write_case(folder: Path, predicted: Path, case: Case, run: Run) -> None:
    label = read(predicted / "label.nii.gz")
    values = label.with_array(written_label(label.array.astype(int), run.config.data))
    if len(case.images) == 1 and is_plain_image(case.images[0]):
        _copy(case.images[0], folder / "image" / f"{case.id}{_ending(case.images[0])}")
        write_bytes(folder / PREDICTED / f"{case.id}.png", _as_png(case, values.array[:, :, 0]))
    else:
        _write_image(folder / "image", case)
        write_nifti(folder / PREDICTED / f"{case.id}.nii.gz", values)
    for name in ("mutual_information", "predictive_entropy"):
        path = predicted / f"{name}.nii.gz"
        if path.is_file():
            _copy(path, folder / "maps" / f"{case.id}_uncertainty.nii.gz")
            return


def _write_image(folder: Path, case: Case) -> None:
    """Copy a NIfTI file; write others as one, with all channels."""
    path = case.images[0]
    if len(case.images) == 1 and path.name.lower().endswith(NIFTI_SUFFIXES) and path.is_file():
        _copy(path, folder / f"{case.id}{_ending(path)}")
        return
    image: Volume = read_case_image(case)
    if image.array.shape[-1] == 1:
        image = image.with_array(image.array[..., 0])
    write_nifti(folder / f"{case.id}.nii.gz", image)


def _ending(path: Path) -> str:
    return path.name[len(stem(path)) :]


def _copy(path: Path, target: Path) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); restore it, or review without it"
        ) from error
    write_bytes(target, content)


def written_label(classes: np.ndarray, data: DataConfig) -> np.ndarray:
    """A label with the values that label files of the data set have.

    Args:
        classes: the class of each voxel.
        data: what the values mean. Of several values of one class, the least is taken.

    Returns:
        The values, of the smallest type that holds them all.
    """
    values: np.ndarray = np.arange(len(data.classes))
    for key, number in sorted(_first_values(data).items(), reverse=True):
        values[number] = key
    written: np.ndarray = values.astype(np.min_scalar_type(int(values.max())))[classes]
    return written


def _first_values(data: DataConfig) -> dict[int, int]:
    """The class of each value that begins a key of ``label_values``."""
    first = {}
    for key, number in (data.label_values or {}).items():
        first[value_range(key)[0]] = number
    return first


def _as_png(case: Case, values: np.ndarray) -> bytes:
    if values.max(initial=0) > _MOST_OF_PNG:
        raise DataError(
            f"case '{case.id}': its label has values above {_MOST_OF_PNG}, which no picture holds; "
            "give the classes smaller values in data.label_values"
        )
    buffer = io.BytesIO()
    Image.fromarray(values.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
