"""Where files really lie."""

from pathlib import Path

from tfuq.data.paths import real_path


def test_links_are_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert real_path(tmp_path / "link" / "a" / ".." / "b") == tmp_path.resolve() / "real" / "b"


def test_a_relative_path_is_below_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert real_path(Path("a")) == tmp_path.resolve() / "a"


def test_links_in_a_circle_end_where_it_begins(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert real_path(tmp_path / "a") in (tmp_path.resolve() / "a", tmp_path.resolve() / "b")
