"""What the page's script shows of a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

View = Callable[[str], dict[str, Any]]  # from the case's id
