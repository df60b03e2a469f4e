"""Runs of the tests, packed as models."""

from __future__ import annotations

from pathlib import Path

from tfuq.runs import Run
from tfuq.runs.models import Card, Model

LICENCE = "CC BY 4.0"
WRITTEN = {
    "title": "balls with a core",
    "input": "volumes of noise around one ball",
    "licence": LICENCE,
    "attribution": "made by the tests",
    "limits": "for tests alone",
}


def with_licence(run: Run, licence: str = LICENCE) -> Run:
    """The run as of data with a licence that allows to share it."""
    data = run.config.data.model_copy(update={"licence": licence})
    return Run(run.path, run.config.model_copy(update={"data": data}))


def write_card(path: Path, **changes: str) -> Path:
    """Write the part of a card that people write."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(Card(**{**WRITTEN, **changes}).dump())
    return path


def pack_run(run: Run, folder: Path, name: str = "balls") -> Model:
    """Pack a run as a model into a folder of models."""
    from tfuq.workflows.pack import pack

    card = write_card(folder.with_name(f"{folder.name}-card.yaml"))
    return pack(with_licence(run), name, folder, card)
