"""The version of tfuq, and the commit of its own source, read from files."""

import pytest

from tests.support.repositories import git, make_repository
from tfuq import __version__
from tfuq.runs.provenance import source_commit, tfuq_version


def test_the_version_is_that_of_the_package():
    assert tfuq_version() == __version__


@pytest.mark.parametrize("state", ["branch", "packed", "detached", "worktree"])
def test_the_commit_is_read_from_files(repository, tmp_path, state):
    place = repository
    if state == "packed":
        git(repository, "pack-refs", "--all")
    if state == "detached":
        git(repository, "checkout", "-q", "--detach")
    if state == "worktree":
        place = tmp_path / "beside"
        git(repository, "worktree", "add", "-q", str(place))
    assert source_commit(place) == git(repository, "rev-parse", "HEAD")


def test_no_commit_is_told_of_a_folder_that_is_no_repository(repository, tmp_path):
    (repository / "below").mkdir()
    assert source_commit(repository / "below") is None
    (tmp_path / ".git").write_text("gitdir: nowhere")
    assert source_commit(tmp_path) is None


@pytest.fixture
def repository(tmp_path):
    return make_repository(tmp_path / "repository")
