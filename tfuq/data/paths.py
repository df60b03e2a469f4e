"""Where files really lie."""

from __future__ import annotations

import os
from pathlib import Path


def real_path(path: Path) -> Path:
    """The absolute path without links.

    Of links that lead in a circle it is where the circle begins.

    `pathlib.Path.resolve` ends in a RuntimeError for such links, before Python 3.13.
    """
    return Path(os.path.realpath(path))
