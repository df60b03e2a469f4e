"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or may be.

    Attributes:
        check: The name of the check.
        severity: ``fault`` for what is wrong, ``caution`` for what may be.
        problem: What is wrong, beginning with the file or folder where there is one.
        why: Why it matters.
        remedy: What to do.
    """

    check: str
    severity: Literal["fault", "caution"]
    problem: str
    why: str
    remedy: str

    def lines(self) -> list[str]:
        """Format it for people, in three lines."""
        return [
            f"{self.severity} ({self.check}): {self.problem}",
            f"    why: {self.why}",
            f"    do:  {self.remedy}",
        ]
