"""The digests of a run's weights, and the run that predictions lie in by these."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import pydantic

from tfuq.data.json_csv import read_json
from tfuq.data.paths import real_path
from tfuq.errors import RunError

_RUN_ABOVE = 4  # folders in which predictions may lie below their run


class _Done(pydantic.BaseModel):
    digest: str


def weights_digest(member: Path) -> str:
    """The digest of a member's weights that was recorded when its training ended.

    Args:
        member: the member's folder.

    Raises:
        RunError: it has not ended, or the record is damaged.
    """
    return read_json(member / "done", _Done, "train the member again").digest


def run_above(folder: Path, used: Collection[str], noted: str) -> str:
    """The run that holds predictions, if it has the weights that made them; else the noted one.

    Args:
        folder: of the predictions.
        used: the digests of the weights that made them.
        noted: the path of the run when they were made.
    """
    for above in real_path(folder).parents[:_RUN_ABOVE]:
        if str(above) == noted:
            break
        if used and _digests_of_members(above).issuperset(used):
            return str(above)
    return noted


def _digests_of_members(run: Path) -> set[str]:
    """The digests of the weights that a folder's members ended with; none of what is no run."""
    digests = set()
    for path in run.glob("members/*/done"):
        with suppress(RunError):
            digests.add(weights_digest(path.parent))
    return digests
