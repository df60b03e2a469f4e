"""Names in a configuration: of classes, channels and folders."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from tfuq.errors import is_one_line


def _one_line(name: str) -> str:
    if not is_one_line(name):
        raise ValueError("a name holds no line end and no control character")
    return name


def _quoted(name: object) -> object:
    if isinstance(name, (int, float)):
        raise ValueError("a name is a text: put its digits in quotes, as in '0000'")
    return name


_SIDES = re.compile(
    r"(^|[^a-z])(left|right|l|r|lt|rt|anterior|posterior|superior|inferior|upper|lower)([^a-z]|$)",
    re.IGNORECASE,
)


def has_sides(names: list[str]) -> bool:
    """Whether some name says left, front or the like, so that images must not be mirrored."""
    return any(_SIDES.search(name) for name in names)


ClassName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_one_line)]
ChannelName = Annotated[
    str,
    BeforeValidator(_quoted),
    Field(pattern=r"^[^/\\]{1,100}$"),
    AfterValidator(_one_line),
]
FolderName = Annotated[str, Field(pattern=r"^[^/\\]+$")]


def _below(path: str) -> str:
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise ValueError("a folder below data.root is named as in 'label' or 'image/labels/final'")
    return path


LabelFolder = Annotated[str, Field(pattern=r"^[^\\]+$"), AfterValidator(_below)]
ClassNames = Annotated[list[ClassName], Field(min_length=1)]


def _pattern(path: str) -> str:
    if path.count("{case}") < 1:
        raise ValueError(
            "a pattern has {case} where the name of the case is, as in 'scans/{case}.nii.gz'"
        )
    if re.sub(r"\{case\}|\{rater\}", "", path).count("{"):
        raise ValueError("a pattern has {case} and {rater}, and no other braces")
    return _below(path)


FilePattern = Annotated[str, Field(max_length=400, pattern=r"^[^\\]+$"), AfterValidator(_pattern)]
FilePatterns = Annotated[dict[ChannelName, FilePattern], Field(min_length=1, max_length=1000)]
