"""A run, predictions and an export of an earlier version open, predict and serve as they did (``tests/support/kept.py``)."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from tests.support import kept
from tfuq.runs.results import read_manifest

FAST = {("volumes", "hybrid")}
NOT_OF_A_CASE = {
    "manifest.json",
    ".tfuq",
    ".lock",
}  # they name the place, the versions and the time
NEW = {"aleatoric_variance", "epistemic_variance"}  # columns that earlier versions did not write


def rows():
    for kind, ways in kept.TRAINED_AS.items():
        for trained_as in ways:
            for method in kept.PREDICTED_BY[trained_as]:
                marks = () if (kind, method) in FAST else pytest.mark.slow
                yield pytest.param(kind, trained_as, method, id=f"{kind}-{method}", marks=marks)


@pytest.fixture(scope="session")
def earlier(tmp_path_factory):
    """The folder of what an earlier version wrote."""
    folder = tmp_path_factory.mktemp("kept")
    with zipfile.ZipFile(kept.KEPT) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def same_processor(earlier):
    """Whether this machine rounds as the one did that made the archive."""
    return (earlier / "processor").read_text().strip() == kept.processor()


def files_of_results(folder: Path) -> list[Path]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder) for path in paths if path.name not in NOT_OF_A_CASE)


def numbers_of(path: Path) -> np.ndarray:
    """The numbers of a map or of a table's columns of numbers."""
    if path.name.endswith(".nii.gz"):
        return np.asarray(nib.load(path).dataobj, float)
    values = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            values.extend(_number(row[name]) for name in row if name not in NEW)
    numbers = np.array(values)
    return numbers[np.isfinite(numbers)]


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan


def header_of(path: Path) -> bytes:
    """What a map's file says of its voxels, their type and their place."""
    header: bytes = nib.load(path).header.binaryblock
    return header


def assert_same(new: Path, old: Path, tolerance: float) -> None:
    if old.name.endswith(".nii.gz"):
        assert header_of(new) == header_of(old), f"{new.name} has another header"
    if old.suffix in (".gz", ".csv"):
        np.testing.assert_allclose(
            numbers_of(new), numbers_of(old), rtol=tolerance, atol=tolerance, err_msg=new.name
        )


@pytest.mark.parametrize(("kind", "trained_as", "method"), list(rows()))
def test_an_earlier_run_predicts_the_same(
    kind, trained_as, method, earlier, same_processor, tmp_path
):
    """To 1e-5 on the same kind of processor, to 1e-3 on others.

    Up-sampled maps are convolved in another order since, which rounds otherwise. Heatmaps of the
    landmarks' barely trained network are next to flat, so that their rounding moves a landmark by
    up to 0.003 pixels.
    """
    tolerance = 1e-5 if same_processor else 1e-3
    if kind == "landmarks":
        tolerance = 5e-3
    folder = earlier / kind
    kept.predict(folder / "runs" / trained_as, method, folder / "inputs", tmp_path / "new")
    before = folder / "predictions" / method
    assert read_manifest(tmp_path / "new").same_draws(read_manifest(before)), (
        "would not be continued"
    )
    names = files_of_results(before)
    assert len(names) > 0
    assert files_of_results(tmp_path / "new") == names
    for name in names:
        assert_same(tmp_path / "new" / name, before / name, tolerance)


def assert_served_as_before(export: Path, earlier: Path, tolerance: float) -> None:
    answer = kept.serve(export)
    with np.load(earlier / "served.npz") as before:
        assert set(answer) == set(before.files)
        for name in before.files:
            np.testing.assert_allclose(
                answer[name], before[name], rtol=tolerance, atol=tolerance, err_msg=name
            )


def test_an_earlier_export_serves_the_same(earlier, same_processor):
    """To the bit on the same kind of processor: an export has the graph that it was made with."""
    tolerance = 0 if same_processor else 1e-3
    assert_served_as_before(earlier / "export", earlier, tolerance)


@pytest.mark.slow
def test_an_earlier_run_exports_the_same(earlier, same_processor, tmp_path):
    kind, method = kept.EXPORTED
    kept.ask("export", earlier / kind / "runs" / method, "--to", tmp_path / "export")
    tolerance = 1e-5 if same_processor else 1e-3
    assert_served_as_before(tmp_path / "export", earlier, tolerance)
