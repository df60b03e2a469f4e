"""A part of the configuration, and the types that bound the values of several parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import pydantic
from pydantic import Field

Seed = Annotated[int, Field(ge=0, lt=2**31)]
Rate = Annotated[float, Field(ge=0.0, lt=1.0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(gt=0, le=1_000_000)]
Size = Annotated[int, Field(gt=0, le=8192)]  # voxels along an axis, filters of a layer
Positive = Annotated[float, Field(gt=0.0, le=1e6)]
Width = Annotated[float, Field(ge=1e-5, le=1e4)]  # of a pixel, in mm; NIfTI files hold little more
Scale = Annotated[float, Field(ge=1e-9, le=1e3)]  # a standard deviation of weights
MemberCount = Annotated[int, Field(ge=1, le=100)]
Intensity = Annotated[float, Field(ge=-1e9, le=1e9)]
# A key within sections, such as network.widths.
Key = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.\w+)*$", max_length=200)]
Sizes = Annotated[list[Size], Field(min_length=2, max_length=3)]


class Section(pydantic.BaseModel):
    """A part of the configuration.

    It refuses unknown keys and wrong types, and its values never change. What checks it is built
    when a configuration is first read: help and lists then start sooner.
    """

    model_config = pydantic.ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, defer_build=True
    )

    def is_default(self, key: str) -> bool:
        """Whether the value of a key is the default."""
        default = type(self).model_fields[key].default
        return bool(getattr(self, key) == default)


class FaultsError(ValueError):
    """Several faults of a section.

    Attributes:
        messages: What is wrong, one text for each fault.
    """

    def __init__(self, messages: list[str]) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


def check_each(*checks: Callable[[], None]) -> None:
    """Make all checks, so that the user sees all faults at once.

    Args:
        checks: Each raises ValueError where something is wrong.

    Raises:
        FaultsError: One or more of the checks failed.
    """
    messages: list[str] = []
    for check in checks:
        try:
            check()
        except FaultsError as faults:
            messages.extend(faults.messages)
        except ValueError as error:
            messages.append(str(error))
    if messages:
        raise FaultsError(messages)
