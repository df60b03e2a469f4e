"""What is said where predictions lack cases that they were to have."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from tfuq.runs.results import Manifest

_log = logging.getLogger(__name__)
_MOST_NAMED = 5
REMEDY = "run the same tfuq predict again, which goes on where it stopped"
_REMEDY_OF_FAILED = "mend what could not be read, and run the same tfuq predict again"


def missing_text(missing: Sequence[str], cases: int) -> str:
    """Say which cases are missing.

    Args:
        missing: their ids, one or more.
        cases: how many there are.
    """
    names = ", ".join(missing[:_MOST_NAMED])
    if len(missing) > _MOST_NAMED:
        names += f" and {len(missing) - _MOST_NAMED} more"
    verb = "is" if len(missing) == 1 else "are"
    return f"{len(missing)} of {cases + len(missing)} cases {verb} missing: {names}"


def without_members_text(missing: Sequence[int]) -> str:
    """Say which members samples are without.

    Args:
        missing: their numbers, one or more.
    """
    members = ", ".join(map(str, missing))
    return f"predicted without member(s) {members}, which had not finished training"


def missing_sentence(manifest: Manifest) -> str:
    """What is missing of a prediction that has not ended, with what to do; empty if nothing is.

    A case that could not be predicted fails again until its file is mended, so that the remedy
    is another one where all missing cases are such.

    Args:
        manifest: of its folder.
    """
    if not manifest.missing:
        return ""
    remedy = REMEDY
    if set(manifest.missing) <= set(manifest.failed):
        remedy = _REMEDY_OF_FAILED
    return f"{missing_text(manifest.missing, len(manifest.cases))}; {remedy}"


def warn_of_missing_members(folder: Path, manifest: Manifest) -> None:
    """Warn where the method has members that no sample is of.

    Args:
        folder: of the predictions.
        manifest: of the folder.
    """
    if manifest.missing_members:
        text = without_members_text(manifest.missing_members)
        _log.warning("warning: %s: %s", folder, text)


def warn_of_missing(folder: Path, manifest: Manifest) -> None:
    """Warn where a prediction has not ended, and say why cases could not be predicted.

    Args:
        folder: of the predictions.
        manifest: of the folder.
    """
    sentence = missing_sentence(manifest)
    if sentence:
        _log.warning("warning: %s: %s", folder, sentence)
    for case in sorted(manifest.failed)[:_MOST_NAMED]:
        _log.warning("warning: %s: %s was not predicted: %s", folder, case, manifest.failed[case])
