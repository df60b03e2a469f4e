"""The predictions folder: a manifest of what was drawn how, and a folder per case."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tfuq.data.cases import Case
from tfuq.data.writers import make_folder, write_json
from tfuq.errors import RunError

MANIFEST = "manifest.json"


@dataclass
class Manifest:
    """Everything that determines the predictions, and for each case its files and times in seconds."""

    run: str
    method: str
    samples: int
    seed: int
    weights_digest: list[str]
    tfuq_version: str
    cases: dict[str, dict] = field(default_factory=dict)

    def same_draws(self, other: Manifest) -> bool:
        """Whether both would write the same files for the same case."""
        return all(getattr(self, key) == getattr(other, key) for key in ("method", "samples", "seed", "weights_digest"))

    def add(self, case: Case, seconds: dict[str, float]) -> None:
        """Enter a finished case."""
        label = str(case.label.resolve()) if case.label else None
        self.cases[case.id] = {"images": [str(p.resolve()) for p in case.images], "label": label, "seconds": seconds}

    def write(self, folder: Path) -> None:
        """Write the manifest into its folder."""
        write_json(folder / MANIFEST, asdict(self))


def read_manifest(folder: Path) -> Manifest:
    """Read a predictions folder's manifest.

    Raises:
        RunError: missing or damaged.
    """
    try:
        return Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise RunError(f"{folder}: no predictions (it has no {MANIFEST}); give a folder that tfuq predict wrote") from error
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{folder / MANIFEST}: cannot be read ({error}); predict again with --overwrite") from error


def open_folder(folder: Path, manifest: Manifest, *, overwrite: bool) -> Manifest:
    """The manifest to go on with: the folder's own where it holds the same draws, else the new one, written there.

    Raises:
        RunError: the folder holds other predictions and ``overwrite`` is not set.
    """
    existing = find_draws(folder, manifest, overwrite=overwrite)
    if existing is None:
        _remove_cases(folder)
        manifest.write(folder)
    return existing or manifest


def find_draws(folder: Path, manifest: Manifest, *, overwrite: bool) -> Manifest | None:
    """The manifest of a folder that holds the same draws; None for one to begin, or to replace with ``overwrite``.

    Raises:
        RunError: the folder holds something else and ``overwrite`` is not set.
    """
    if overwrite:
        return None
    if not (folder / MANIFEST).is_file():
        if any(not path.name.startswith(".") for path in folder.glob("*")):
            raise RunError(f"{folder}: is not empty and holds no predictions; choose another --out, or pass --overwrite")
        return None
    existing = read_manifest(folder)
    if not existing.same_draws(manifest):
        raise RunError(
            f"{folder}: holds predictions of {existing.method}, T = {existing.samples}, seed {existing.seed}"
            f"{'' if existing.weights_digest == manifest.weights_digest else ', other weights'}; pass --overwrite or another --out"
        )
    return existing


def _remove_cases(folder: Path) -> None:
    """Remove the cases that the folder's manifest names, and nothing else that may lie there."""
    try:
        cases = read_manifest(folder).cases
    except RunError:
        return  # a damaged manifest names nothing; its cases are replaced as they are predicted
    for path in folder.glob("*"):
        if path.is_dir() and path.name in cases:
            shutil.rmtree(path)


@contextmanager
def whole_folder(folder: Path):
    """Yield a folder to fill; it takes its final name only when the block ends without an error."""
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(beside, ignore_errors=True)
    make_folder(beside)
    try:
        yield beside
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
