"""The refusal of a server's reply."""

from __future__ import annotations


class ReplyError(Exception):
    """A reply that is not to be believed; the message says why."""
