"""The description of an export: what it says, and what it must agree with."""

import json

import pytest

from tests.conftest import task_settings
from tests.support.replies import make_export
from tests.support.serving import MOST
from tfuq.errors import RunError
from tfuq.serving.description import (
    open_export,
    read_export,
    version_folder,
    version_number,
    versions_in,
)


def test_the_description_says_what_it_is(digit_model, digit_network, run_of):
    export, run = read_export(digit_model / "1"), run_of("classification", "vi")
    assert (export.run, export.max_samples, export.channels) == (str(run.path), MOST, 1)
    assert export.weights_digest == [json.loads((run.member(0) / "done").read_text())["digest"]]
    assert export.done_by_graph == ["zscore"]
    assert {
        name: sorted(s.outputs) for name, s in digit_network.signatures.items()
    } == export.signatures


@pytest.fixture
def version(tmp_path):
    """A version that has a description and a client's part of the run, and no graph."""
    make_export(tmp_path / "model", task_settings("classification", tmp_path))
    return tmp_path / "model" / "1"


def change(version, **changes):
    path = version / "tfuq_export.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"channels": 2}, "channels is 2, and 1 in assets.extra/run; export again"),
        ({"patch_size": [28, 27]}, r"patch_size is \[28, 27\], and \[28, 28\]"),
        ({"task": "landmarks"}, "task is landmarks, and classification"),
        ({"classes": ["x" * 999]}, r"classes is \['x{78}, and "),  # 80 characters of it
        ({"format": 2}, "format: .*export again"),
        ({"samples": 0}, "samples: Input should be greater than"),
        ({"name": "a/b"}, "name: String should match"),
    ],
)
def test_a_description_that_is_not_of_its_run_is_refused(version, changes, words):
    open_export(version)
    change(version, **changes)
    with pytest.raises(RunError, match=words):
        open_export(version)


def test_clients_of_one_can_use_the_other_where_inputs_and_classes_are_the_same(version):
    export = read_export(version)
    change(version, seed=9, samples=2, method="vi", weights_digest=[])
    assert export.serves_as(read_export(version))
    change(version, classes=["cat", "dog"])
    assert not export.serves_as(read_export(version))


def test_the_newest_version_is_the_largest_number(tmp_path):
    for name in ("2", "10", "9", "x1", "²", ".lock"):
        (tmp_path / name).mkdir()
    (tmp_path / "11").touch()  # is no folder
    assert versions_in(tmp_path) == [2, 9, 10]
    assert version_folder(tmp_path) == tmp_path / "10"
    assert version_number(tmp_path / "10") == 10
    assert version_number(tmp_path / "x1") is None


@pytest.mark.parametrize(
    ("folder", "words"), [("nowhere", "no such folder"), (".", "holds no version")]
)
def test_folders_without_a_version_are_refused(tmp_path, folder, words):
    with pytest.raises(RunError, match=f"{words}.*tfuq export RUN --to"):
        version_folder(tmp_path / folder)
    with pytest.raises(RunError, match=r"has no tfuq_export\.json"):
        read_export(tmp_path / folder)
