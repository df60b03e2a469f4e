"""Under which name a preprocessed case is cached, and what it must have been made of."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.preprocessing import Statistics

VARIABLE = "TFUQ_CACHE"
_FORMAT = 1  # raised where a file of the cache comes to hold something else
# Keys of ``data`` that say which cases there are, or nothing of their content.
_WITHOUT = {"root", "source", "licence", "split", "additional", "regions", "table"}
_DIGITS = 24  # of a digest in a name
# Where a header names the file of its voxels: MetaImage and NRRD.
_VOXEL_FILE = re.compile(
    rb"^\s*(?:ElementDataFile\s*=|data ?file\s*:)[ \t]*([^\r\n]+)", re.MULTILINE | re.IGNORECASE
)
_HEADERS = (".mhd", ".nhdr")
_HEADER_BYTES = 2**16
_ANALYZE = {".hdr": ".img", ".img": ".hdr"}


def cache_folder() -> Path:
    """The folder of the cache: ``TFUQ_CACHE``, or tfuq's own below the user's cache folder."""
    configured = os.environ.get(VARIABLE)
    if configured:
        return Path(configured)
    return platformdirs.user_cache_path("tfuq", appauthor=False)


def settings_digest(config: Config, statistics: Statistics | None, part: str) -> str:
    """A digest of all that a case's examples depend on besides the case.

    Args:
        config: The configuration, with the orientation that the network sees.
        statistics: Intensities of the training cases, if normalization needs them.
        part: What the examples are for; to validate on, they are of other references.
    """
    known: dict[str, Any] = {
        "format": _FORMAT,
        "version": metadata.version("tfuq"),
        "part": part,
        "task": config.task,
        "data": config.data.model_dump(exclude=_WITHOUT),
        "preprocessing": config.preprocessing.model_dump(),
        "patch_size": config.network.patch_size,
    }
    if statistics:
        known["statistics"] = asdict(statistics)
    return _digest(known)


def case_digest(case: Case) -> str:
    """A digest of which case it is: its id and the paths of its images."""
    return _digest([case.id, [os.path.abspath(path) for path in case.images]])


def case_identity(case: Case) -> str:
    """A digest of all that a case is made of.

    Files are told by path, size and time of their last change, as reading all of them would take as
    long as the cache saves.
    """
    files = [_file_identity(path) for path in _files(case)]
    return _digest([asdict(case), files])


def _files(case: Case) -> Iterator[Path]:
    """Every file of a case, those of folders and of voxels beside their header too."""
    named = [*case.images, *case.raters.values()]
    named += [path for path in (case.label, case.mask) if path is not None]
    for path in named:
        yield path
        if path.is_dir():
            yield from sorted(path.rglob("*"))
        elif path.suffix.lower() in _ANALYZE:
            yield path.with_suffix(_ANALYZE[path.suffix.lower()])
        elif path.suffix.lower() in _HEADERS:
            yield from _voxel_files(path)


def _voxel_files(header: Path) -> Iterator[Path]:
    with open(header, "rb") as file:
        match = _VOXEL_FILE.search(file.read(_HEADER_BYTES))
    if match:
        yield header.parent / os.fsdecode(match[1].strip())


def _file_identity(path: Path) -> list[Any]:
    try:
        status = path.stat()
    except OSError:  # reading the case says more of it
        return [os.path.abspath(path)]
    return [os.path.abspath(path), status.st_size, status.st_mtime_ns]


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return str(value)
