"""From a folder to a configuration: what its files are, and settings that suit them."""

from __future__ import annotations

from tfuq.workflows.init.proposal import Proposal, propose

__all__ = ["Proposal", "propose"]
