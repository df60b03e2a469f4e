"""Where the scores and doses of a predictions folder go."""

from __future__ import annotations

from pathlib import Path

from tfuq.data.paths import real_path


def default_output(folder: Path) -> Path:
    """Where the scores of a predictions folder go.

    That is ``scores/<method>`` beside the ``predictions`` folder, or ``scores`` within a folder
    that lies elsewhere.
    """
    return _beside(folder, "scores")


def dose_output(folder: Path) -> Path:
    """Where the doses of a predictions folder go that has no references.

    That is ``doses/<method>`` beside the ``predictions`` folder, or ``doses`` within a folder that
    lies elsewhere.
    """
    return _beside(folder, "doses")


def _beside(folder: Path, name: str) -> Path:
    if folder.parent.name == "predictions":
        return folder.parent.parent / name / folder.name
    return folder / name


def predictions_of(scores: Path) -> Path:
    """The predictions folder whose `default_output` a score folder is."""
    scores = real_path(scores)
    if scores.parent.name == "scores":
        return scores.parent.parent / "predictions" / scores.name
    return scores.parent
