"""Everything that lies in a user's folder, to be held against what is there later."""

from __future__ import annotations

import os
from pathlib import Path

Theirs = dict[Path, bytes]


def everything(folder: Path) -> Theirs:
    """Every file and link below a folder, links by what they point to."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file()]
    return {
        path: os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        for path in paths
    }


def assert_kept(theirs: Theirs) -> None:
    """Every byte of theirs is where it was."""
    for path, content in theirs.items():
        assert os.path.lexists(path), path
        found = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        assert found == content, path
