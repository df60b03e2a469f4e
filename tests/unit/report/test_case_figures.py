"""Figures of a case are read from predictions folders, or refused with what to do."""

from pathlib import Path

import pytest

from tests.support.plotted import CASE, predicted_run
from tfuq.data.readers import read
from tfuq.data.writers import write_nifti
from tfuq.errors import DataError
from tfuq.report.case_figures import default_folder, folders_of, write_case_figures


@pytest.fixture
def run(balls, tmp_path):
    return predicted_run(balls, tmp_path / "run")


def test_figures_are_written_as_they_are_named(run, tmp_path):
    folders = folders_of([run.path], ["hybrid", "vi"])
    paths = write_case_figures(folders, CASE, tmp_path / "out", axis=0, index=5)
    assert [path.name for path in paths] == [
        "slice-hybrid.png",
        "slice-vi.png",
        "methods.png",
        "histograms.png",
        "difference.png",
        "members-hybrid.png",
    ]
    assert all(path.stat().st_size > 1000 for path in paths)


def test_the_folder_is_that_of_the_run_or_lies_in_the_predictions(run):
    assert default_folder(run.predictions("vi"), "c") == run.path / "plots" / "c"
    assert default_folder(Path("out"), "c") == Path("out/plots/c")


@pytest.mark.parametrize(
    ("case", "choices", "words"),
    [
        ("ball_4", {}, "has no such case.*ball_004"),
        (CASE, {"axis": 1, "index": 17}, "has slices 0 to 16 along axis 1; give one of these"),
    ],
)
def test_what_is_not_there_is_refused(run, tmp_path, case, choices, words):
    with pytest.raises(DataError, match=words):
        write_case_figures([run.predictions("vi")], case, tmp_path / "out", **choices)
    assert not (tmp_path / "out").exists()


def test_methods_are_those_of_one_run(run):
    assert folders_of([Path("a"), Path("b")], []) == [Path("a"), Path("b")]
    with pytest.raises(DataError, match="leave --method out"):
        folders_of([Path("a"), Path("b")], ["vi"])


def test_predictions_of_another_grid_are_refused(run, tmp_path):
    folder = run.predictions("vi")
    label = read(folder / CASE / "label.nii.gz")
    (folder / CASE / "label.nii.gz").unlink()
    write_nifti(folder / CASE / "label.nii.gz", label.with_array(label.array[:-1]))
    with pytest.raises(DataError, match="plot them apart"):
        write_case_figures([run.predictions("hybrid"), folder], CASE, tmp_path / "out")
