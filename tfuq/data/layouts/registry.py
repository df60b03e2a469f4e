"""The table of layouts, by the name that ``data.layout`` gives."""

from __future__ import annotations

from collections.abc import Callable

from tfuq.config.registry import Registry
from tfuq.data.cases import Case

LAYOUTS: Registry[Callable[..., list[Case]]] = Registry("data.layout")
