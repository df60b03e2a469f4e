"""Names in a configuration: of classes, channels and folders."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


# Words of the two sides of an axis, by the letters of its directions.
_SIDES = {
    "RL": "left|right|l|r|lt|rt|sinistral|dextral",
    "AP": "anterior|posterior|front|back|ventral|dorsal",
    "SI": "superior|inferior|upper|lower|cranial|caudal",
}


def sides_of(names: Sequence[str]) -> set[str]:
    """The axes, by the letters of their directions, of which names tell the sides.

    Left and right are of ``RL``, front and back of ``AP``, upper and lower of ``SI``.
    """
    found = set()
    for axis, words in _SIDES.items():
        expression = re.compile(rf"(^|[^a-z])({words})([^a-z]|$)", re.IGNORECASE)
        if any(expression.search(name) for name in names):
            found.add(axis)
    return found


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
