"""The table of layouts, by the name that ``data.layout`` gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tfuq.config.registry import Registry
from tfuq.data.case import Case

LAYOUTS: Registry[Callable[..., list[Case]]] = Registry("data.layout")
# How many cases there are, of layouts that read files to list them; other lists are as fast.
COUNTS: Registry[Callable[..., int]] = Registry("layout of counts")
# By layout: what may surprise of the files below a root, beside the cases that were listed.
REMARKS: Registry[Callable[[Path, Sequence[Case]], Iterable[str]]] = Registry("layout of remarks")
