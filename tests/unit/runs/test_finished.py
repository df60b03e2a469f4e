"""The lists of finished cases beside a manifest."""

import errno
import json

import pytest

from tests.support.manifests import a_case, a_manifest
from tfuq.data import disk
from tfuq.data.claims import Sharing
from tfuq.data.host import this_host
from tfuq.data.ledger import add_entries
from tfuq.errors import RunError
from tfuq.runs import results
from tfuq.runs.entries import entry_of
from tfuq.runs.finished import FinishedCases, read_finished, remove_lists

SECONDS = {"network": 0.25}


@pytest.fixture
def begun(tmp_path):
    """A predictions folder that a process takes part in, and the list of that process."""
    results.begin(tmp_path, a_manifest())
    sharing = Sharing(tmp_path, "predicting into")
    sharing.join()
    yield tmp_path, sharing.list_path
    sharing.let_go()


def add(begun, *names, **changes):
    folder, path = begun
    listed = FinishedCases(path, a_manifest(**changes).draws)
    for name in names:
        listed.add(name, entry_of(a_case(folder, name), SECONDS), {})
    listed.close()


def test_whoever_reads_the_manifest_sees_all_that_is_finished(begun):
    folder, _ = begun
    add(begun, "b", "a")
    assert json.loads((folder / results.MANIFEST).read_text())["cases"] == {}
    manifest = results.read_manifest(folder)
    assert list(manifest.cases) == ["a", "b"]
    assert manifest.cases["b"] == entry_of(a_case(folder, "b"), SECONDS)


def test_rows_of_tables_are_not_told_before_they_are_in_the_tables(tmp_path):
    results.begin(tmp_path, a_manifest(files={}))
    sharing = Sharing(tmp_path, "predicting into")
    sharing.join()
    rows = {"predictions.csv": [{"case": "a", "label": "3"}]}
    listed = FinishedCases(sharing.list_path, a_manifest().draws)
    listed.add("a", entry_of(a_case(tmp_path, "a"), SECONDS), rows)
    listed.close()
    assert results.read_manifest(tmp_path).cases == {}
    assert read_finished(tmp_path).rows == {"a": rows}
    sharing.let_go()


def test_a_case_costs_the_same_however_many_there_are(begun, monkeypatch):
    folder, path = begun
    written = []
    write = disk.write
    monkeypatch.setattr(
        disk, "write", lambda file, content: written.append(len(content)) or write(file, content)
    )
    listed = FinishedCases(path, a_manifest().draws)
    listed.add("case-000", entry_of(a_case(folder, "case-000"), SECONDS), {})
    for number in range(1, 300):
        name = f"case-{number:03}"
        written.clear()
        listed.add(name, entry_of(a_case(folder, name), SECONDS), {})
        assert written == [len(path.read_bytes().splitlines()[-1]) + 1]
    listed.close()
    assert len(results.read_manifest(folder).cases) == 300


def test_a_line_that_is_cut_off_says_nothing(begun):
    folder, path = begun
    add(begun, "a", "b")
    content = path.read_bytes()
    for size in range(0, len(content) + 1, 7):
        path.write_bytes(content[:size])
        whole = max(content[:size].count(b"\n") - 1, 0)
        assert list(results.read_manifest(folder).cases) == ["a", "b"][:whole]


def test_a_case_that_failed_is_told_with_its_reason_until_it_is_finished(begun):
    folder, path = begun
    listed = FinishedCases(path, a_manifest().draws)
    listed.fail("a", "a.nii.gz: cannot be read")
    listed.fail("b", "b.nii.gz: cannot be read")
    listed.add("b", entry_of(a_case(folder, "b"), SECONDS), {})
    listed.close()
    manifest = results.read_manifest(folder)
    assert manifest.failed == {"a": "a.nii.gz: cannot be read"}
    assert list(manifest.cases) == ["b"]


def test_the_list_of_an_earlier_version_is_read_and_removed(begun):
    folder, path = begun
    add(begun, "a")
    path.rename(folder / ".finished.jsonl")
    add_entries(folder, [{"part": ".finished.jsonl", "host": f"not-{this_host()}", "pid": 1}])
    assert list(results.read_manifest(folder).cases) == ["a"]
    remove_lists(folder)
    assert results.read_manifest(folder).cases == {}


def test_beginning_anew_forgets_the_lists_and_removes_their_cases(begun):
    folder, path = begun
    add(begun, "a")
    (folder / "a").mkdir()
    add_entries(folder / "a", [])
    results.begin(folder, a_manifest(seed=6))
    assert results.read_manifest(folder) == a_manifest(seed=6)
    assert not (folder / "a").exists()
    assert not path.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: [lines[0], b"{}", *lines[1:]], "case: Field required"),
        (lambda lines: [lines[0], b"\0\0", *lines[1:]], "cannot be read"),
        (lambda lines: [lines[0].replace(b"vi", b"hybrid"), *lines[1:]], "is of other samples"),
        (lambda lines: [lines[0], lines[1].replace(b'"a"', b'"../a"')], "cannot be a case id"),
        (lambda lines: [*lines, b'{"case": "c", "failed": "two\\nlines"}'], "is one line"),
    ],
)
def test_a_damaged_list_is_refused(begun, change, words):
    folder, path = begun
    add(begun, "a", "b")
    path.write_bytes(b"\n".join(change(path.read_bytes().splitlines())) + b"\n")
    with pytest.raises(RunError, match=words) as refused:
        results.read_manifest(folder)
    assert str(path) in str(refused.value)
    assert "run the same tfuq predict again" in str(refused.value)


def test_a_list_that_is_there_and_cannot_be_opened_is_not_taken_for_none(begun, monkeypatch):
    folder, path = begun
    add(begun, "a")

    def vanished(path, flags):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))

    monkeypatch.setattr(disk, "open_regular", vanished)
    with pytest.raises(RunError, match="cannot be read"):
        read_finished(folder)
    path.unlink()
    assert read_finished(folder).cases == {}


def test_what_is_not_ours_stays(begun, tmp_path_factory):
    folder, path = begun
    theirs = tmp_path_factory.mktemp("theirs") / "file"
    theirs.write_text("mine\n")
    path.symlink_to(theirs)
    with pytest.raises(RunError, match="is a link"):
        read_finished(folder)
    path.unlink()
    path.write_text("mine\n")
    with pytest.raises(RunError, match="was not written by tfuq"):
        remove_lists(folder)
    assert path.read_text() == "mine\n"
