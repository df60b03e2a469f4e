"""The predictions folder: a manifest of how samples were made, and a folder per case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from tfuq.config import MEAN, NEVER, Combine, Precision, SkipEmpty, Split
from tfuq.data.cases import Case
from tfuq.data.json_csv import read_json
from tfuq.data.ownership import digest_of, require_replaceable
from tfuq.data.removal import plan_removal
from tfuq.data.writers import remove_whole, write_json
from tfuq.errors import RunError
from tfuq.runs.entries import CaseEntry, CaseId, entry_of
from tfuq.runs.finished import Finished, Reason, read_finished, remove_lists
from tfuq.runs.weights import run_above

MANIFEST = "manifest.json"
# Raised where the same samples come to mean other files: 2 measures the scan's own voxels, without
# the padding that the network sees.
DEFINITIONS = 2
_DRAWS = (
    "method",
    "samples",
    "seed",
    "weights_digest",
    "calibration",
    "definitions",
    "precision",
    "skip_empty",
    "combine",
    "is_out_of_fold",
)
# Tables of the tasks whose predictions are rows.
PREDICTIONS = "predictions.csv"
MEMBERS = "members.csv"
LANDMARKS = "landmarks.csv"
SAMPLES = "samples.csv"
STRUCTURES = "structures.csv"  # in the folder of a segmented case
_TABLES = (PREDICTIONS, MEMBERS, LANDMARKS, SAMPLES)
SET_SEPARATOR = "; "  # between the classes of a set


MethodName = Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,40}(\+[a-z]{1,10}){0,2}$")]
SampleCount = Annotated[int, Field(ge=1, le=100_000)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


@dataclass(kw_only=True)
class Manifest:
    """Everything that determines the predictions, and the finished cases.

    Attributes:
        run: path of the run.
        method: that drew the samples.
        samples: T.
        seed: of the samples.
        weights_digest: of each member's weights.
        tfuq_version: that predicted.
        calibration: digest of the calibration that was applied.
        missing_members: those that the method should have used, and that had not finished training.
        definitions: `DEFINITIONS` of the version that predicted.
        precision: the type that convolutions were computed in. Earlier versions had float32 alone.
        skip_empty: which windows counted as empty. Earlier versions sampled them all.
        combine: how samples became one probability. Earlier versions took the mean alone.
        member_weights: of each member whose samples were weighted; None of others.
        is_out_of_fold: whether each case is a training case that one member left out, and is
            predicted by that member.
        split: the part of the run's split that was asked for; None of given scans, of predictions
            out of fold, and where an earlier version did not note it.
        cases: the finished cases by id.
        files: digests of the tables that the cases' rows are in, by name; None of volumes, and
            where an earlier version did not note them.
        asked: ids of all cases that the folder was to have, in order. Earlier versions did not note
            them.
        failed: why cases that were asked for cannot be predicted, by id.
    """

    run: str
    method: MethodName
    samples: SampleCount
    seed: Seed
    weights_digest: list[str]
    tfuq_version: str
    calibration: str | None = None
    missing_members: list[int] = field(default_factory=list)
    definitions: int = 1
    precision: Precision = "float32"
    skip_empty: SkipEmpty = NEVER
    combine: Combine = MEAN
    member_weights: list[float] | None = None
    is_out_of_fold: bool = False
    split: Split | None = None
    cases: dict[CaseId, CaseEntry] = field(default_factory=dict)
    files: dict[str, str] | None = None
    asked: list[CaseId] = field(default_factory=list)
    failed: dict[CaseId, Reason] = field(default_factory=dict)

    @property
    def draws(self) -> dict[str, Any]:
        """What tells these samples from others."""
        return {name: getattr(self, name) for name in _DRAWS}

    def same_draws(self, other: Manifest) -> bool:
        """Whether both would write the same files for the same case."""
        return self.draws == other.draws

    def described_against(self, other: Manifest) -> str:
        """How these samples were made, in words, with what else tells them from ``other``."""
        text = f"{self.method}, T = {self.samples}, seed {self.seed}"
        if self.weights_digest != other.weights_digest:
            text += ", other weights"
        if self.calibration != other.calibration:
            text += ", another calibration or none"
        if self.precision != other.precision:
            text += f", in {self.precision}"
        if self.skip_empty != other.skip_empty:
            text += f", with skip_empty {self.skip_empty}"
        if self.combine != other.combine:
            text += f", combined by {self.combine}"
        if self.is_out_of_fold != other.is_out_of_fold:
            text += ", out of fold" if self.is_out_of_fold else ", by the whole ensemble"
        if self.definitions != other.definitions:
            text += ", by a version of tfuq that measured otherwise"
        return text

    def ask_for(self, cases: Sequence[Case], *, is_alone: bool = True) -> bool:
        """Note cases that are about to be predicted.

        Who asks for all finished cases again says anew which cases the folder is to have, such as
        all but a scan that cannot be read. Cases that are asked for without these, or while other
        processes predict theirs, are added.

        Args:
            cases: that are about to be predicted.
            is_alone: whether no other process predicts into the folder.

        Returns:
            Whether other cases are noted now than before.
        """
        asked = {case.id for case in cases}
        if not is_alone or not self.cases or not asked.issuperset(self.cases):
            asked.update(self.asked)
        before = self.asked
        self.asked = sorted(asked)
        self.failed = {case: why for case, why in self.failed.items() if case in asked}
        return self.asked != before

    def take_in(self, finished: Finished) -> None:
        """Enter what processes have finished since, in the order of ids.

        Args:
            finished: their lists.

        Raises:
            RunError: they are of other samples.
        """
        finished.require(self.draws)
        self.cases = dict(sorted((self.cases | finished.cases).items()))
        failed = self.failed | finished.failed
        self.failed = {case: failed[case] for case in sorted(failed) if case not in self.cases}

    @property
    def missing(self) -> list[str]:
        """Ids of the cases that were asked for and are not finished."""
        return [case_id for case_id in self.asked if case_id not in self.cases]

    def add(self, case: Case, seconds: dict[str, float]) -> None:
        """Enter a finished case.

        Args:
            case: that is finished.
            seconds: of each stage.
        """
        self.cases[case.id] = entry_of(case, seconds)

    def holds(self, case: Case) -> bool:
        """Whether the case is finished.

        Raises:
            RunError: a case of this id is, but it was made from other files.
        """
        entry = self.cases.get(case.id)
        if entry is None:
            return False
        entry.require_files_of(case)
        return True

    def write(self, folder: Path) -> None:
        """Write the manifest into its folder."""
        write_json(folder / MANIFEST, asdict(self))


def require_cases(path: Path, ids: Collection[str], manifest: Manifest) -> None:
    """Refuse a table that has other cases than its manifest.

    That is so where a prediction was stopped between the two.

    Args:
        path: of the table, for messages.
        ids: of the table's cases.
        manifest: of its folder.

    Raises:
        RunError: it has more, or fewer.
    """
    remedy = "run the same tfuq predict again"
    for case_id in ids:
        if case_id not in manifest.cases:
            problem = f"case '{case_id}', which {MANIFEST} does not name"
            raise RunError(f"{path}: has {problem}; {remedy}")
    for case_id in manifest.cases:
        if case_id not in ids:
            raise RunError(f"{path}: has no case '{case_id}', which it names; {remedy}")


def member_map(member: int) -> str:
    """The name of a member's probabilities among a case's maps."""
    return f"member-{member}"


def read_manifest(folder: Path) -> Manifest:
    """Read a predictions folder's manifest.

    Of volumes, it has the cases too that processes which go on, or were killed, have finished. Rows
    of tables are in the tables once the last process has ended. A run that was moved or copied with
    its predictions is named where it is now.

    Raises:
        RunError: missing or damaged.
    """
    path = folder / MANIFEST
    if not path.is_file():
        remedy = "give a folder that tfuq predict wrote"
        raise RunError(f"{folder}: no predictions (it has no {MANIFEST}); {remedy}")
    # The lists are read first. If they enter the manifest meanwhile, the manifest has their cases.
    finished = read_finished(folder)
    manifest = read_stored(folder)
    if manifest.files is None:
        manifest.take_in(finished)
    manifest.run = run_above(folder, manifest.weights_digest, manifest.run)
    return manifest


def read_stored(folder: Path) -> Manifest:
    """Read the file of a manifest alone.

    Raises:
        RunError: missing or damaged.
    """
    return read_json(folder / MANIFEST, Manifest, "restore it, or predict into another folder")


def find_draws(folder: Path, manifest: Manifest, *, overwrite: bool) -> Manifest | None:
    """The manifest of a folder that holds the same samples.

    Args:
        folder: of predictions, or to become one.
        manifest: how samples are about to be made.
        overwrite: whether other predictions are replaced.

    Returns:
        None for a folder to begin, or to replace.

    Raises:
        RunError: the folder holds something other than predictions, or other predictions and
            ``overwrite`` is not set.
    """
    if not (folder / MANIFEST).is_file():
        if any(not path.name.startswith(".") for path in folder.glob("*")):
            raise RunError(f"{folder}: is not empty and holds no predictions; choose another --out")
        return None
    if overwrite:
        return None
    existing = read_manifest(folder)
    if not existing.same_draws(manifest):
        description = existing.described_against(manifest)
        remedy = _remedy(existing, manifest)
        raise RunError(f"{folder}: holds predictions of {description}; {remedy}")
    return existing


def _remedy(existing: Manifest, manifest: Manifest) -> str:
    """What the user can do about predictions of other samples.

    A version that listed no files left none to overwrite.
    """
    if existing.definitions < manifest.definitions:
        return "move it away, or choose another --out"
    return "pass --overwrite or another --out"


def begin(folder: Path, manifest: Manifest) -> None:
    """Write a manifest without cases, and remove the cases that the folder's earlier one names.

    Nothing else that lies there is removed.

    Raises:
        RunError: the manifest, or something in one of the cases' folders, is not tfuq's own.
            Nothing was removed then.
    """
    earlier = _case_folders(folder)
    plan_removal(earlier).refuse_foreign(earlier)
    remove_lists(folder)
    manifest.write(folder)  # first, so that at no moment a manifest names a case that is gone
    for path in earlier:
        remove_whole(path)


def _case_folders(folder: Path) -> list[Path]:
    """The folders of the cases that a manifest names."""
    if not (folder / MANIFEST).is_file():
        return []
    require_replaceable(folder / MANIFEST)
    cases = read_manifest(folder).cases
    folders = []
    for path in sorted(folder.iterdir()):
        if path.name in cases and path.is_dir():
            folders.append(path)
    return folders


def require_one_set(folder: Path, manifest: Manifest) -> None:
    """Refuse tables that are not those of the manifest.

    They may be those of a prediction that was killed between the two.

    Raises:
        RunError: a table is missing, or it was written at another time or changed since.
    """
    if manifest.files is None:
        return
    present = [name for name in _TABLES if (folder / name).is_file()]
    for name in dict.fromkeys([*present, *manifest.files]):
        path = folder / name
        if name not in present or digest_of(path) != manifest.files.get(name):
            raise RunError(
                f"{path}: is not the table that {MANIFEST} was written with; "
                "run the same tfuq predict again, or with --overwrite"
            )
