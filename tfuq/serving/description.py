"""``tfuq_export.json``: what an export is, for people, for clients and for ``tfuq serve-check``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from tfuq import runs
from tfuq.config import NEVER, Precision, SkipEmpty
from tfuq.data.json_csv import read_json
from tfuq.data.writers import write_json
from tfuq.errors import RunError
from tfuq.runs import MOST_CHANNELS, Run
from tfuq.runs.results import SampleCount, Seed

FILE = "tfuq_export.json"
RUN = Path("assets.extra") / "run"  # of a version: what a client needs of the run
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"  # of a model
_AGAIN = "export again with this version of tfuq"
_ASKED_BY_CLIENTS = ("task", "channels", "patch_size", "classes", "landmarks")
_MOST_VALUE = 80  # characters of a value in a message

PatchSide = Annotated[int, Field(ge=1, le=32767)]
Spacing = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, kw_only=True)
class Export:
    """What a version's folder holds.

    Attributes:
        format: The format of this description.
        name: The name of the model.
        task: The task of the run.
        method: The sampling method.
        members: The number of ensemble members.
        samples: The number of samples of the signature ``images_only``.
        seed: The seed of the signature ``images_only``.
        max_samples: The number of samples that no request exceeds.
        image: Type and axes of the image, in words.
        channels: Channels of the image.
        patch_size: The size of the network's input.
        spacing: mm per voxel of the network's grid; None where each scan keeps its own.
        classes: The names of the classes, with the background.
        landmarks: The names of the landmarks.
        done_by_graph: The steps of preprocessing that the graph does.
        left_to_client: The steps of preprocessing that a client does.
        signatures: The outputs of each signature by its name.
        run: The path of the run.
        weights_digest: The digest of each member's weights.
        versions: Versions of tfuq and TensorFlow.
        missing_members: Members that the method should sample and that had not finished training.
        precision: The type that convolutions are computed in.
        skip_empty: Which windows count as empty.
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
    patch_size: Annotated[list[PatchSide], Field(min_length=2, max_length=3)]
    spacing: Annotated[list[Spacing], Field(min_length=1, max_length=3)] | None
    classes: list[str]
    landmarks: list[str]
    done_by_graph: list[str]
    left_to_client: list[str]
    signatures: dict[str, list[str]]
    run: str
    weights_digest: list[str]
    versions: Mapping[str, str]
    missing_members: list[int] = field(default_factory=list)
    precision: Precision = "float32"
    skip_empty: SkipEmpty = NEVER

    def write(self, version: Path) -> None:
        """Write it into a version's folder."""
        write_json(version / FILE, asdict(self))

    def serves_as(self, other: Export) -> bool:
        """Whether clients of the one can use the other."""
        return all(getattr(self, name) == getattr(other, name) for name in _ASKED_BY_CLIENTS)


def read_export(version: Path) -> Export:
    """Read the description of a version.

    Raises:
        RunError: There is none, it is damaged, or another version of tfuq wrote it in another form.
    """
    if not (version / FILE).is_file():
        raise RunError(
            f"{version}: no export of tfuq (it has no {FILE}); give a folder that tfuq export wrote"
        )
    return read_json(version / FILE, Export, _AGAIN)


def open_export(version: Path) -> tuple[Export, Run]:
    """Read the description of a version, and the client's part of its run.

    Raises:
        RunError: As `read_export`, or the two do not belong together.
    """
    export = read_export(version)
    run = runs.open_run(version / RUN)
    for name, value in _asked_of_run(run).items():
        described = getattr(export, name)
        if described != value:
            raise RunError(
                f"{version / FILE}: {name} is {_shortened(described)}, and {_shortened(value)} "
                f"in {RUN}; {_AGAIN}"
            )
    return export, run


def _asked_of_run(run: Run) -> dict[str, Any]:
    """What clients ask of a run, by the names of attributes of `Export`."""
    config = run.config
    return {
        "task": config.task,
        "channels": run.facts["channels"],
        "patch_size": list(config.network.patch_size),
        "classes": config.data.classes,
        "landmarks": config.data.landmarks,
    }


def _shortened(value: object) -> str:
    return str(value)[:_MOST_VALUE]


def versions_in(folder: Path) -> list[int]:
    """The versions of an export's folder, oldest first."""
    versions = []
    for path in folder.glob("*"):
        if path.is_dir() and _is_version(path.name):
            versions.append(int(path.name))
    return sorted(versions)


def version_folder(path: Path) -> Path:
    """The folder of a version: the path itself, or the newest version in it.

    Raises:
        RunError: There is none.
    """
    if (path / FILE).is_file():
        return path
    if not path.is_dir():
        raise RunError(
            f"{path}: no such folder; give saved_models/NAME, or run tfuq export RUN --to {path}"
        )
    versions = versions_in(path)
    if not versions:
        raise RunError(
            f"{path}: holds no version (a folder named by a number); "
            f"run tfuq export RUN --to {path}"
        )
    return path / str(versions[-1])


def version_number(folder: Path) -> int | None:
    """The number of a version's folder; None of a folder with another name."""
    if folder.name.isdecimal():
        return int(folder.name)
    return None


def _is_version(name: str) -> bool:
    return name.isascii() and name.isdecimal()
