"""Which version of tfuq is at work, and which commit of its source; no command is run."""

from __future__ import annotations

import functools
import re
from importlib import metadata
from pathlib import Path

_SOURCE = Path(__file__).parents[1]
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_MOST_REFERENCES = 2**20  # characters that are read of git's own text files


@functools.cache
def tfuq_version() -> str:
    """The version of the installed package."""
    return metadata.version("tfuq")


def source_commit(source: Path = _SOURCE) -> str | None:
    """The commit of tfuq's source folder.

    Only the folder that holds the package is looked at, never the working directory: a stranger's
    repository can name commands that ``git`` would run.

    Args:
        source: The folder that holds the package ``tfuq``.

    Returns:
        The full hash; None where the folder is no repository of its own, as after an installation.
    """
    folder = _git_folder(source / ".git")
    if folder is None:
        return None
    head = _text(folder / "HEAD")
    if not head.startswith("ref: "):
        return _hash(head)
    reference = head.removeprefix("ref: ").strip()
    return _resolve(folder, reference)


def _git_folder(path: Path) -> Path | None:
    """Git's folder; of a linked worktree, the one that its file ``.git`` names."""
    if path.is_dir():
        return path
    text = _text(path)
    if not text.startswith("gitdir: "):
        return None
    return path.parent / text.removeprefix("gitdir: ").strip()


def _resolve(folder: Path, reference: str) -> str | None:
    shared = folder / (_text(folder / "commondir").strip() or ".")
    if ".." in Path(reference).parts:
        return None
    for parent in (folder, shared):
        commit = _hash(_text(parent / reference))
        if commit is not None:
            return commit
    for line in _text(shared / "packed-refs").splitlines():
        text, _, name = line.partition(" ")
        if name == reference:
            return _hash(text)
    return None


def _hash(text: str) -> str | None:
    match = _COMMIT.fullmatch(text.strip())
    if match is None:
        return None
    return match.group()


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_MOST_REFERENCES)
    except (OSError, ValueError):
        return ""
