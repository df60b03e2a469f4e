"""Models: trained runs made small, each with a card that says what it is for.

A model is a run folder with a file more, its card. People write the first part of a card, and
``tfuq models pack`` adds what it has measured. Some models come with tfuq. Nothing is ever written
into a model.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tfuq.config.loading import load_section
from tfuq.config.section import Section
from tfuq.config.text import write_yaml
from tfuq.data.ownership import digest_of
from tfuq.data.paths import real_path
from tfuq.errors import RunError
from tfuq.runs import Run, open_run

CARD = "card.yaml"
Line = Annotated[str, Field(min_length=1, max_length=500)]


class Score(Section):
    """How good a model is on the test cases of its training.

    ``value`` is that of the model as it is packed, ``value_before`` that of the run with its full
    weights, from the same draws.
    """

    metric: Line
    unit: Line
    better: Line
    cases: Annotated[int, Field(ge=1)]
    value: float
    value_before: float
    method: Line
    samples: Annotated[int, Field(ge=1)]
    command: Line


class Packed(Section):
    """What ``tfuq models pack`` has measured and noted.

    ``length`` is the unit of voxel sizes and fields of view of the training images; px where the
    width of a pixel is not known. ``checksum`` is of every file of the model but the card, see
    `checksum_of`.
    """

    tfuq: Line
    made: date
    training_cases: Annotated[int, Field(ge=1)]
    parameters: Annotated[int, Field(ge=1)]
    stored_as: Line
    length: Literal["mm", "px"]
    test: Score
    checksum: Line


class Card(Section):
    """The card of a model.

    ``title``: what it is, in a few words. ``input``: which images it takes, and how they are to be
    cut. ``licence``: of the weights. ``attribution``: who is to be named.
    ``limits``: what it must not be used for. ``packed``: what was measured; none before.
    """

    title: Line
    input: Line
    licence: Line
    attribution: Line
    limits: Line
    packed: Packed | None = None

    def dump(self) -> str:
        """YAML that `load_card` reads back to an equal card."""
        return write_yaml(self.model_dump())


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that is complete.

    Attributes:
        name: Its name.
        path: Its folder.
        card: What people wrote on its card.
        packed: What was measured.
    """

    name: str
    path: Path
    card: Card
    packed: Packed

    @property
    def run(self) -> Run:
        """The model as a run."""
        return open_run(self.path)

    @property
    def refuses_unlike(self) -> bool:
        """Whether it refuses scans whose voxels or field of view are unlike the training images."""
        return self.packed.length == "mm"

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return size_of(self.path)


def shipped_models() -> dict[str, Path]:
    """The models that come with tfuq, by name."""
    found = {}
    for path in sorted(_shipped_folder().iterdir()):
        if is_model(path):
            found[path.name] = path
    return found


def _shipped_folder() -> Path:
    return Path(str(resources.files("tfuq_models")))


def is_model(path: Path) -> bool:
    """Whether a folder holds a model."""
    return (path / CARD).is_file()


def is_shipped(path: Path) -> bool:
    """Whether a folder is that of a model that comes with tfuq."""
    return is_model(path) and real_path(path).is_relative_to(real_path(_shipped_folder()))


def load_card(path: Path) -> Card:
    """Load a card.

    Args:
        path: Its file.

    Raises:
        ConfigError: It cannot be read, or a key is wrong or missing.
    """
    return load_section(path, Card)


def open_model(source: str) -> Model:
    """Open a model.

    Args:
        source: The name of one that comes with tfuq, or a folder.

    Raises:
        RunError: There is none, or a file of it is not as it was packed.
        ConfigError: Its card cannot be read.
    """
    known = shipped_models()
    path = known.get(source, Path(source))
    if not is_model(path):
        raise RunError(
            f"model '{source:.200}': is neither a model that comes with tfuq nor a folder with "
            f"{CARD}; the models are {', '.join(known)} (see tfuq models list)"
        )
    card = load_card(path / CARD)
    if card.packed is None:
        raise RunError(f"{path}: the card has no part 'packed'; run tfuq models pack")
    if checksum_of(path) != card.packed.checksum:
        raise RunError(
            f"{path}: its files are not those that were packed; install tfuq again, or restore them"
        )
    return Model(name=real_path(path).name, path=path, card=card, packed=card.packed)


def checksum_of(path: Path) -> str:
    """SHA-256 of a model: of the names and digests of its files, but for the card.

    Args:
        path: Its folder.
    """
    digest = hashlib.sha256()
    for file in _files_of(path):
        name = file.relative_to(path).as_posix()
        if name != CARD:
            digest.update(f"{name} {digest_of(file)}\n".encode())
    return digest.hexdigest()


def size_of(path: Path) -> int:
    """Bytes of the files of a model, its card included.

    Args:
        path: Its folder.
    """
    return sum(file.stat().st_size for file in _files_of(path))


def _files_of(path: Path) -> list[Path]:
    """The files of a folder, but hidden ones, which are not shipped."""
    files = []
    for file in sorted(path.rglob("*")):
        if file.is_file() and not file.name.startswith("."):
            files.append(file)
    return files
