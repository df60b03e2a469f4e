"""What a check has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (a ``fault``) or may be (a ``caution``): where and what, why it matters, what to do."""

    check: str
    severity: Literal["fault", "caution"]
    what: str
    why: str
    remedy: str

    def lines(self) -> list[str]:
        """As people read it."""
        return [f"{self.severity} ({self.check}): {self.what}", f"    why: {self.why}", f"    do:  {self.remedy}"]
