"""Figures of a case are read from predictions folders, or refused with what to do."""

from pathlib import Path

import pytest

from tests.conftest import write_decathlon
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


def test_a_folder_that_is_given_twice_is_refused(tmp_path):
    with pytest.raises(DataError, match="is given twice"):
        folders_of([tmp_path, tmp_path / "." / "x" / ".."], ())


def test_methods_are_those_of_one_run(run):
    assert folders_of([Path("a"), Path("b")], []) == [Path("a"), Path("b")]
    with pytest.raises(DataError, match="leave --method out"):
        folders_of([Path("a"), Path("b")], ["vi"])


@pytest.mark.parametrize("name", ["probability", "member-1", "variation_ratio", "label"])
def test_a_file_that_is_not_on_the_grid_of_the_image_is_refused(run, tmp_path, name):
    path = run.predictions("hybrid") / CASE / f"{name}.nii.gz"
    volume = read(path)
    path.unlink()
    write_nifti(path, volume.with_array(volume.array[1:]))
    with pytest.raises(DataError, match=f"{name}.nii.gz: .*predict"):
        write_case_figures([run.predictions("hybrid")], CASE, tmp_path / "out")


def test_predictions_of_another_image_are_refused(run, tmp_path):
    other = write_decathlon(tmp_path / "balls", shape=(18, 17, 14))
    folder = predicted_run(other, tmp_path / "other").predictions("vi")
    with pytest.raises(DataError, match="plot them apart"):
        write_case_figures([run.predictions("hybrid"), folder], CASE, tmp_path / "out")
