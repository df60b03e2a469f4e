"""The list of finished cases beside a manifest."""

import json
import shutil

import pytest

from tests.support.manifests import a_case, a_manifest
from tfuq.data import disk
from tfuq.data.host import this_host
from tfuq.data.ledger import add_entries
from tfuq.errors import RunError, TfuqError
from tfuq.runs import results
from tfuq.runs.added import AddedCases
from tfuq.runs.finished import FINISHED, FinishedCases, read_finished

SECONDS = {"network": 0.25}
NAMES = ("a", "b", "c")


class KilledError(BaseException):
    """Stands for a process that ends here."""


def add_until(folder, last, names=NAMES):
    """Add cases as a process that is killed after the last of them; nothing is cleaned up."""
    manifest = results.read_manifest(folder)
    adding = AddedCases(folder, manifest).__enter__()
    for name in names:
        if not manifest.holds(a_case(folder, name)):
            adding.add(a_case(folder, name), SECONDS)
        if name == last:
            adding._list.close()
            return
    adding.__exit__(None, None, None)


@pytest.fixture
def begun(tmp_path):
    results.begin(tmp_path, a_manifest())
    return tmp_path


@pytest.fixture
def whole(begun):
    """The manifest's file when nothing was killed."""
    add_until(begun, None)
    content = (begun / results.MANIFEST).read_bytes()
    results.begin(begun, a_manifest())
    return content


def test_whoever_reads_the_manifest_sees_all_that_is_finished(begun):
    add_until(begun, "b")
    assert json.loads((begun / results.MANIFEST).read_text())["cases"] == {}
    manifest = results.read_manifest(begun)
    assert list(manifest.cases) == ["a", "b"]
    assert manifest.cases["b"].seconds == SECONDS
    assert manifest.cases["b"].images == [str(begun / "b.nii.gz")]


@pytest.mark.parametrize("last", NAMES)
def test_killed_at_any_byte_it_goes_on_to_the_same_manifest(begun, whole, last, tmp_path_factory):
    add_until(begun, last)
    content = (begun / FINISHED).read_bytes()
    for size in range(0, len(content) + 1, 7):
        folder = tmp_path_factory.mktemp("cut") / "copy"
        shutil.copytree(begun, folder)
        (folder / FINISHED).write_bytes(content[:size])
        manifest = results.read_manifest(folder)
        assert list(manifest.cases) == list(NAMES[: max(content[:size].count(b"\n") - 1, 0)])
        with AddedCases(folder, manifest) as adding:
            for name in NAMES:
                if name not in manifest.cases:
                    adding.add(a_case(begun, name), SECONDS)
        assert (folder / results.MANIFEST).read_bytes() == whole
        assert not (folder / FINISHED).exists()


def test_killed_between_the_manifest_and_the_end_of_the_list(begun, whole):
    add_until(begun, "c")
    results.read_manifest(begun).write(begun)
    assert list(results.read_manifest(begun).cases) == list(NAMES)
    add_until(begun, None)
    assert (begun / results.MANIFEST).read_bytes() == whole
    assert not (begun / FINISHED).exists()


def test_a_case_costs_the_same_however_many_there_are(begun, monkeypatch):
    written = []
    write = disk.write
    monkeypatch.setattr(
        disk, "write", lambda file, content: written.append(len(content)) or write(file, content)
    )
    with AddedCases(begun, a_manifest()) as adding:
        adding.add(a_case(begun, "case-000"), SECONDS)
        for number in range(1, 300):
            written.clear()
            adding.add(a_case(begun, f"case-{number:03}"), SECONDS)
            assert written == [len((begun / FINISHED).read_bytes().splitlines()[-1]) + 1]
    assert len(results.read_manifest(begun).cases) == 300


def add_one_and_fail(folder, manifest):
    with AddedCases(folder, manifest) as adding:
        adding.add(a_case(folder, "a"), SECONDS)
        raise KilledError


def test_an_error_leaves_the_cases_in_the_manifest(begun):
    with pytest.raises(KilledError):
        add_one_and_fail(begun, a_manifest())
    assert list(json.loads((begun / results.MANIFEST).read_text())["cases"]) == ["a"]
    assert not (begun / FINISHED).exists()


def test_an_error_counts_before_one_of_the_manifest(begun, monkeypatch):
    def full(*arguments):
        raise TfuqError("no room")

    manifest = a_manifest()
    monkeypatch.setattr(type(manifest), "write", full)
    with pytest.raises(KilledError):
        add_one_and_fail(begun, manifest)
    assert list(results.read_manifest(begun).cases) == ["a"], "the list has it"


def test_nothing_is_written_where_nothing_is_added(begun):
    before = {path.name: path.stat().st_mtime_ns for path in begun.iterdir()}
    with AddedCases(begun, a_manifest()):
        pass
    assert {path.name: path.stat().st_mtime_ns for path in begun.iterdir()} == before


def test_beginning_anew_forgets_the_list_and_removes_its_cases(begun):
    add_until(begun, "b")
    (begun / "a").mkdir()
    add_entries(begun / "a", [])
    results.begin(begun, a_manifest(seed=6))
    assert results.read_manifest(begun) == a_manifest(seed=6)
    assert not (begun / "a").exists()
    assert not (begun / FINISHED).exists()


def test_a_list_that_another_host_left_is_gone_on_with(begun, whole):
    add_until(begun, "b")
    entry = {"part": FINISHED, "host": f"not-{this_host()}", "pid": 1}
    add_entries(begun, [entry])
    add_until(begun, None)
    assert (begun / results.MANIFEST).read_bytes() == whole


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: [lines[0], b"{}", *lines[1:]], "case: Field required"),
        (lambda lines: [lines[0], b"\0\0", *lines[1:]], "cannot be read"),
        (lambda lines: [lines[0].replace(b"vi", b"hybrid"), *lines[1:]], "is of other samples"),
        (lambda lines: [lines[0], lines[1].replace(b'"a"', b'"../a"')], "cannot be a case id"),
    ],
)
def test_a_damaged_list_is_refused(begun, change, words):
    add_until(begun, "b")
    lines = change((begun / FINISHED).read_bytes().splitlines())
    (begun / FINISHED).write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(RunError, match=words) as refused:
        results.read_manifest(begun)
    assert str(begun / FINISHED) in str(refused.value)
    assert "run the same tfuq predict again" in str(refused.value)


def test_what_is_not_ours_stays(begun, tmp_path_factory):
    theirs = tmp_path_factory.mktemp("theirs") / "file"
    theirs.write_text("mine\n")
    (begun / FINISHED).symlink_to(theirs)
    with pytest.raises(RunError, match="is a link"):
        read_finished(begun)
    (begun / FINISHED).unlink()
    (begun / FINISHED).write_text("mine\n")
    with pytest.raises(RunError, match="was not written by tfuq"):
        FinishedCases(begun, a_manifest().draws)
    with pytest.raises(RunError):
        results.begin(begun, a_manifest(seed=6))
    assert (begun / FINISHED).read_text() == "mine\n"
