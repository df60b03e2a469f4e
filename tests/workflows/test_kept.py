"""A run, predictions and an export of an earlier version open, predict and serve as they did (``tests/support/kept.py``)."""

from __future__ import annotations

import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from tests.support import kept
from tfuq.runs.results import read_manifest

FAST = {("volumes", "hybrid"), ("slices", "vi"), ("classification", "hybrid"), ("landmarks", "vi")}
NOT_OF_A_CASE = {
    "manifest.json",
    ".tfuq",
    ".lock",
}  # they name the place, the versions and the time


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
    table = np.genfromtxt(path, delimiter=",", skip_header=1)
    return table[np.isfinite(table)]


def assert_same(new: Path, old: Path, to_the_byte: bool) -> None:
    if to_the_byte:
        assert new.read_bytes() == old.read_bytes(), f"{new.name} has other bytes"
        return
    if old.suffix in (".gz", ".csv"):
        np.testing.assert_allclose(
            numbers_of(new), numbers_of(old), rtol=1e-3, atol=1e-4, err_msg=new.name
        )


@pytest.mark.parametrize(("kind", "trained_as", "method"), list(rows()))
def test_an_earlier_run_predicts_the_same(
    kind, trained_as, method, earlier, same_processor, tmp_path
):
    """Byte for byte on the same kind of processor, to 1e-4 on others."""
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
        assert_same(tmp_path / "new" / name, before / name, same_processor)


def assert_served_as_before(export: Path, earlier: Path, to_the_bit: bool) -> None:
    answer = kept.serve(export)
    with np.load(earlier / "served.npz") as before:
        assert set(answer) == set(before.files)
        for name in before.files:
            allowed = {"rtol": 0, "atol": 0} if to_the_bit else {"rtol": 1e-3, "atol": 1e-4}
            np.testing.assert_allclose(answer[name], before[name], **allowed, err_msg=name)


def test_an_earlier_export_serves_the_same(earlier, same_processor):
    assert_served_as_before(earlier / "export", earlier, same_processor)


def test_an_earlier_run_exports_the_same(earlier, same_processor, tmp_path):
    kind, method = kept.EXPORTED
    kept.ask("export", earlier / kind / "runs" / method, "--to", tmp_path / "export")
    assert_served_as_before(tmp_path / "export", earlier, same_processor)
