"""Sections of a configuration with the reasons for what they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Sections of a configuration.

    Attributes:
        sections: Keys and values by section.
        reasons: Why a key is as it is, by ``section.key``.
    """

    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def put(self, section: str, key: str, value: Any, reason: str = "") -> None:
        """Set a key, with the reason for its value."""
        self.sections.setdefault(section, {})[key] = value
        if reason:
            self.reasons[f"{section}.{key}"] = reason
