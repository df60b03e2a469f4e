"""Files that belong together take their places together."""

import pytest

from tfuq.data import disk
from tfuq.data.ownership import is_ours
from tfuq.data.writers import write_text
from tfuq.data.writers.sets import whole_set
from tfuq.errors import RunError


def write_set(folder, contents, **options):
    with whole_set(folder, **options) as draft:
        for name, text in contents.items():
            write_text(draft / name, text)


def contents_of(folder):
    """Texts by name, lists left out."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".tfuq"]
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_files_replace_earlier_ones_and_what_else_lies_there_stays(tmp_path):
    (tmp_path / "mine").write_text("keep")
    write_set(tmp_path, {"a.csv": "1", "sub/b.csv": "1"})
    write_set(tmp_path, {"a.csv": "2", "sub/c.csv": "2"})
    expected = {"mine": "keep", "a.csv": "2", "sub/b.csv": "1", "sub/c.csv": "2"}
    assert contents_of(tmp_path) == expected
    assert is_ours(tmp_path / "sub" / "c.csv")
    assert not is_ours(tmp_path / "mine")


def test_nothing_has_its_place_before_the_end_of_the_block(tmp_path):
    write_set(tmp_path, {"a.csv": "1"})
    with whole_set(tmp_path) as draft:
        write_text(draft / "a.csv", "2")
        assert contents_of(tmp_path)["a.csv"] == "1"
    assert contents_of(tmp_path) == {"a.csv": "2"}


def test_an_error_leaves_the_set_that_was_there(tmp_path):
    write_set(tmp_path, {"a.csv": "1"})
    with pytest.raises(AttributeError):
        write_set(tmp_path, {"a.csv": "2", "b.csv": None})
    assert contents_of(tmp_path) == {"a.csv": "1"}


def test_earlier_files_without_a_successor_go_unless_they_were_changed(tmp_path):
    write_set(tmp_path, {"a.csv": "1", "b.csv": "1", "c.csv": "1"})
    (tmp_path / "c.csv").write_text("changed")
    write_set(tmp_path, {"a.csv": "2"}, earlier=["a.csv", "b.csv", "c.csv", "absent.csv"])
    assert contents_of(tmp_path) == {"a.csv": "2", "c.csv": "changed"}


def test_nothing_is_replaced_where_one_file_may_not_be(tmp_path):
    write_set(tmp_path, {"a.csv": "1"})
    (tmp_path / "z.csv").write_text("theirs")
    with pytest.raises(RunError, match=r"z.csv: was not written by tfuq"):
        write_set(tmp_path, {"a.csv": "2", "z.csv": "2"})
    assert contents_of(tmp_path) == {"a.csv": "1", "z.csv": "theirs"}


@pytest.mark.parametrize("last", ["a.csv", "c.csv"])
def test_the_file_that_tells_of_the_others_comes_last(tmp_path, monkeypatch, last):
    renamed, rename = [], disk.rename

    def noted(path, target):
        renamed.append(target.name)
        rename(path, target)

    monkeypatch.setattr(disk, "rename", noted)
    write_set(tmp_path, {"a.csv": "1", "b.csv": "1", "c.csv": "1"}, last=last)
    own = [name for name in renamed if name.endswith(".csv")]
    assert own[-1] == last
    assert sorted(own[-3:]) == ["a.csv", "b.csv", "c.csv"]


def test_a_folder_that_is_a_link_is_the_one_that_it_leads_to(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "scores").symlink_to(tmp_path / "disk")
    for text in "12":
        write_set(tmp_path / "scores", {"a.csv": text, "sub/b.csv": text})
        assert contents_of(tmp_path / "disk") == {"a.csv": text, "sub/b.csv": text}


def test_a_link_in_the_place_of_a_folder_of_the_set_is_refused(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "sub").symlink_to(tmp_path / "disk")
    with pytest.raises(RunError, match="sub: is a link, where tfuq would write a folder; move"):
        write_set(tmp_path / "scores", {"a.csv": "1", "sub/b.csv": "1"})
    assert contents_of(tmp_path) == {}
