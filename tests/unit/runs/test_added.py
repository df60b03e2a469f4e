"""Cases enter a manifest one by one, or from another predictions folder."""

from tfuq.data.cases import Case
from tfuq.data.writers import whole_folder, write_text
from tfuq.runs.added import AddedCases
from tfuq.runs.results import Manifest, read_manifest

KIND = "case of predictions"


def manifest():
    return Manifest(run="r", method="vi", samples=2, seed=0, weights_digest=[], tfuq_version="1")


def predicted(folder, names):
    """A predictions folder with a file for each case."""
    made = manifest()
    made.write(folder)
    with AddedCases(folder, made) as added:
        for name in names:
            with whole_folder(folder / name, KIND) as unfinished:
                write_text(unfinished / "label", name)
            added.add(Case(name, (folder / f"{name}.nii",)), {"read": 1.0})
    return made


def is_complete(folder):
    return (folder / "label").is_file()


def test_the_cases_of_another_folder_are_moved(tmp_path):
    ours = predicted(tmp_path / "ours", ["a"])
    theirs = predicted(tmp_path / "theirs", ["b", "c"])
    with AddedCases(tmp_path / "ours", ours) as added:
        added.take_in(tmp_path / "theirs", KIND, is_complete)
    read = read_manifest(tmp_path / "ours")
    assert list(read.cases) == ["a", "b", "c"]
    assert read.cases["b"] == theirs.cases["b"]
    assert (tmp_path / "ours" / "c" / "label").read_text() == "c"
    assert not (tmp_path / "theirs" / "c").exists()


def test_a_case_that_was_moved_and_not_entered_is_entered(tmp_path):
    ours = predicted(tmp_path / "ours", [])
    predicted(tmp_path / "theirs", ["b", "c"])
    (tmp_path / "theirs" / "b").rename(tmp_path / "ours" / "b")  # as by a process that was killed
    for _ in range(2):
        with AddedCases(tmp_path / "ours", ours) as added:
            added.take_in(tmp_path / "theirs", KIND, is_complete)
    assert list(read_manifest(tmp_path / "ours").cases) == ["b", "c"]


def test_a_case_that_lies_nowhere_is_not_entered(tmp_path):
    ours = predicted(tmp_path / "ours", [])
    predicted(tmp_path / "theirs", ["b"])
    (tmp_path / "theirs" / "b").rename(tmp_path / "gone")
    with AddedCases(tmp_path / "ours", ours) as added:
        added.take_in(tmp_path / "theirs", KIND, is_complete)
    assert read_manifest(tmp_path / "ours").cases == {}
