"""``tfuq_export.json``: what an export is, for people, for clients and for ``tfuq serve-check``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pydantic
from pydantic import Field

from tfuq import runs
from tfuq.data.stored import read_json
from tfuq.data.writers import write_json
from tfuq.errors import RunError
from tfuq.results import SampleCount, Seed
from tfuq.runs import MOST_CHANNELS, Run

FILE = "tfuq_export.json"
RUN = Path("assets.extra") / "run"  # of a version: what a client needs of the run
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"  # of a model
_AGAIN = "export again with this version of tfuq"


@dataclass(frozen=True)
class Export:
    """What lies in a version's folder.

    ``samples``, ``seed``: what the signature ``images_only`` draws by. ``max_samples``: more than this no request draws. ``spacing``:
    mm per voxel of the network's grid, None where each scan keeps its own. ``signatures``: outputs by name. ``missing_members``:
    those that the method should have drawn from, and that had not finished training.
    """

    format: Literal[1]
    name: Annotated[str, pydantic.StringConstraints(pattern=rf"\A{NAME}\z")]
    task: str
    method: str
    members: Annotated[int, Field(ge=1, le=100_000)]
    samples: SampleCount
    seed: Seed
    max_samples: SampleCount
    image: str
    channels: Annotated[int, Field(ge=1, le=MOST_CHANNELS)]
    patch_size: Annotated[list[Annotated[int, Field(ge=1, le=32767)]], Field(min_length=2, max_length=3)]
    spacing: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1, max_length=3)] | None
    classes: list[str]
    landmarks: list[str]
    done_by_graph: list[str]
    left_to_client: list[str]
    signatures: dict[str, list[str]]
    run: str
    weights_digest: list[str]
    versions: Mapping[str, str]
    missing_members: list[int] = field(default_factory=list)

    def write(self, version: Path) -> None:
        """Write it into a version's folder."""
        write_json(version / FILE, asdict(self))

    def serves_as(self, other: Export) -> bool:
        """Whether clients of the one can use the other."""
        return all(
            getattr(self, name) == getattr(other, name) for name in ("task", "channels", "patch_size", "classes", "landmarks")
        )


def read_export(version: Path) -> Export:
    """The description of a version.

    Raises:
        RunError: there is none, it is damaged, or another version of tfuq wrote it in another form.
    """
    if not (version / FILE).is_file():
        raise RunError(f"{version}: no export of tfuq (it has no {FILE}); give a folder that tfuq export wrote")
    return read_json(version / FILE, Export, _AGAIN)


def open_export(version: Path) -> tuple[Export, Run]:
    """The description of a version, and the client's part of its run.

    Raises:
        RunError: as `read_export` has it, or the two do not belong together.
    """
    export, run = read_export(version), runs.open_run(version / RUN)
    config = run.config
    of_run = {
        "task": config.task,
        "channels": run.facts["channels"],
        "patch_size": list(config.network.patch_size),
        "classes": config.data.classes,
        "landmarks": config.data.landmarks,
    }
    for name, value in of_run.items():
        if getattr(export, name) != value:
            raise RunError(
                f"{version / FILE}: {name} is {str(getattr(export, name))[:80]}, and {str(value)[:80]} in {RUN}; {_AGAIN}"
            )
    return export, run


def versions_in(folder: Path) -> list[int]:
    """The versions of an export's folder, oldest first."""
    return sorted(int(path.name) for path in folder.glob("*") if path.is_dir() and _is_version(path.name))


def version_folder(path: Path) -> Path:
    """The folder of a version: ``path`` itself, or the newest in it.

    Raises:
        RunError: there is none.
    """
    if (path / FILE).is_file():
        return path
    if not path.is_dir():
        raise RunError(f"{path}: no such folder; give saved_models/NAME, or run tfuq export RUN --to {path}")
    found = versions_in(path)
    if not found:
        raise RunError(f"{path}: holds no version (a folder named by a number); run tfuq export RUN --to {path}")
    return path / str(found[-1])


def _is_version(name: str) -> bool:
    return name.isascii() and name.isdecimal()
