"""The predictions folder: a manifest of what was drawn how, and a folder per case."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from tfuq.data.cases import Case
from tfuq.data.layouts import is_case_id
from tfuq.data.ownership import digest_of, plan_removal, require_replaceable
from tfuq.data.stored import read_json
from tfuq.data.writers import remove_whole, write_json
from tfuq.errors import RunError

MANIFEST = "manifest.json"
# Raised where the same draws come to mean other files: 2 measures the scan's own voxels, without the padding that the network sees.
DEFINITIONS = 2
_DRAWS = ("method", "samples", "seed", "weights_digest", "calibration", "definitions")
# Of the tasks whose predictions are rows.
PREDICTIONS, MEMBERS, LANDMARKS, SAMPLES = "predictions.csv", "members.csv", "landmarks.csv", "samples.csv"
MEMBER_VARIANCES = ("between_member_variance", "within_member_variance")
SET_SEPARATOR = "; "  # between the classes of a set


def _case_id(name: str) -> str:
    if not is_case_id(name):
        raise ValueError(f"'{name:.80}' cannot be a case id, as it is no name for a folder")
    return name


CaseId = Annotated[str, AfterValidator(_case_id)]
MethodName = Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,40}$")]
SampleCount = Annotated[int, Field(ge=1, le=100_000)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


@dataclass
class CaseEntry:
    """A finished case: the files it was made from, and the seconds of each stage."""

    images: list[str]
    label: str | None
    seconds: dict[str, float]
    mask: str | None = None
    raters: dict[str, str] = field(default_factory=dict)


@dataclass
class Manifest:
    """Everything that determines the predictions, and the finished cases.

    ``missing_members`` are those that the method should have drawn from, and that had not finished training. ``definitions`` are
    `DEFINITIONS` of the version that predicted. ``files`` are digests of the tables that the cases' rows are in, by name; None of
    volumes, and where an earlier version did not note them.
    """

    run: str
    method: MethodName
    samples: SampleCount
    seed: Seed
    weights_digest: list[str]
    tfuq_version: str
    calibration: str | None = None  # digest of the one applied
    missing_members: list[int] = field(default_factory=list)
    definitions: int = 1
    cases: dict[CaseId, CaseEntry] = field(default_factory=dict)
    files: dict[str, str] | None = None

    def same_draws(self, other: Manifest) -> bool:
        """Whether both would write the same files for the same case."""
        return all(getattr(self, key) == getattr(other, key) for key in _DRAWS)

    def described_beside(self, other: Manifest) -> str:
        """These draws in words, with what else tells them from ``other``."""
        text = f"{self.method}, T = {self.samples}, seed {self.seed}"
        if self.weights_digest != other.weights_digest:
            text += ", other weights"
        if self.calibration != other.calibration:
            text += ", another calibration or none"
        if self.definitions != other.definitions:
            text += ", by a version of tfuq that measured otherwise"
        return text

    def add(self, case: Case, seconds: dict[str, float]) -> None:
        """Enter a finished case."""
        raters = {rater: os.path.realpath(path) for rater, path in case.raters.items()}
        self.cases[case.id] = CaseEntry(_sources(case), _real(case.label), seconds, _real(case.mask), raters)

    def holds(self, case: Case) -> bool:
        """Whether the case is finished.

        Raises:
            RunError: a case of this id is, but it was made from other files.
        """
        entry = self.cases.get(case.id)
        if entry and entry.images != _sources(case):
            raise RunError(
                f"{case.images[0]}: the folder holds case '{case.id}' of {entry.images[0]}; pass --overwrite or another --out"
            )
        if entry and entry.mask != _real(case.mask):
            raise RunError(
                f"{case.images[0]}: the folder holds case '{case.id}' with {entry.mask or 'no'} mask; pass --overwrite or "
                "another --out"
            )
        return entry is not None

    def write(self, folder: Path) -> None:
        """Write the manifest into its folder."""
        write_json(folder / MANIFEST, asdict(self))


def _real(path: Path | None) -> str | None:
    return os.path.realpath(path) if path else None


def _sources(case: Case) -> list[str]:
    return [os.path.realpath(path) for path in case.images]


def require_cases(path: Path, ids: Collection[str], manifest: Manifest) -> None:
    """Refuse a table that has other cases than its manifest, as where a prediction was stopped between the two.

    Raises:
        RunError: it has more, or fewer.
    """
    strange = next((case_id for case_id in ids if case_id not in manifest.cases), None)
    missing = next((case_id for case_id in manifest.cases if case_id not in ids), None)
    if strange is not None or missing is not None:
        what = (
            f"case '{strange}', which {MANIFEST} does not name"
            if strange is not None
            else f"no case '{missing}', which it names"
        )
        raise RunError(f"{path}: has {what}; run the same tfuq predict again")


def member_map(member: int) -> str:
    """The name of a member's probabilities among a case's maps."""
    return f"member-{member}"


def read_manifest(folder: Path) -> Manifest:
    """Read a predictions folder's manifest.

    Raises:
        RunError: missing or damaged.
    """
    if not (folder / MANIFEST).is_file():
        raise RunError(f"{folder}: no predictions (it has no {MANIFEST}); give a folder that tfuq predict wrote")
    return read_json(folder / MANIFEST, Manifest, "restore it, or predict into another folder")


def find_draws(folder: Path, manifest: Manifest, *, overwrite: bool) -> Manifest | None:
    """The manifest of a folder that holds the same draws; None for one to begin, or to replace with ``overwrite``.

    Raises:
        RunError: the folder holds something other than predictions, or other predictions and ``overwrite`` is not set.
    """
    if not (folder / MANIFEST).is_file():
        if any(not path.name.startswith(".") for path in folder.glob("*")):
            raise RunError(f"{folder}: is not empty and holds no predictions; choose another --out")
        return None
    if overwrite:
        return None
    existing = read_manifest(folder)
    if not existing.same_draws(manifest):
        raise RunError(f"{folder}: holds predictions of {existing.described_beside(manifest)}; {_remedy(existing, manifest)}")
    return existing


def _remedy(existing: Manifest, manifest: Manifest) -> str:
    """What the user can do about predictions of other draws; a version that listed no files left none to overwrite."""
    if existing.definitions < manifest.definitions:
        return "move it away, or choose another --out"
    return "pass --overwrite or another --out"


def begin(folder: Path, manifest: Manifest) -> None:
    """Write a manifest without cases, and remove the cases that the folder's earlier one names; nothing else that lies there.

    Raises:
        RunError: the manifest, or something in one of the cases' folders, is not tfuq's own. Nothing was removed then.
    """
    named = _named_folders(folder)
    plan_removal(named).refuse_foreign(named)
    manifest.write(folder)  # first, so that at no moment a manifest names a case that is gone
    for path in named:
        remove_whole(path)


def _named_folders(folder: Path) -> list[Path]:
    if not (folder / MANIFEST).is_file():
        return []
    require_replaceable(folder / MANIFEST)
    cases = read_manifest(folder).cases
    return [path for path in sorted(folder.iterdir()) if path.name in cases and path.is_dir()]


def require_one_set(folder: Path, manifest: Manifest) -> None:
    """Refuse tables that are not those of the manifest, such as those of a prediction that was killed between the two.

    Raises:
        RunError: a table is missing, or it was written at another time or changed since.
    """
    tables = [name for name in (PREDICTIONS, MEMBERS, LANDMARKS, SAMPLES) if (folder / name).is_file()]
    if manifest.files is None:
        return
    for name in dict.fromkeys([*tables, *manifest.files]):
        if name not in tables or digest_of(folder / name) != manifest.files.get(name):
            raise RunError(
                f"{folder / name}: is not the table that {MANIFEST} was written with; run the same tfuq predict again, or with "
                "--overwrite"
            )
