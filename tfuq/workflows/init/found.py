"""What was found out about a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tfuq.config.registry import Registry
from tfuq.workflows.init.survey import Item


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the files of a folder are.

    Attributes:
        task: The task that they serve.
        data: Keys of the section ``data`` of a configuration, without ``root``.
        reasons: Why a key of ``data`` is as it is, by key.
        remarks: What else may be meant, and what is not used.
    """

    task: str
    data: dict[str, Any]
    reasons: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


# By task: what files are that no index or table describes, with the user's word for labels.
FINDERS: Registry[Callable[[Sequence[Item], str | None], Found]] = Registry("task of files")
