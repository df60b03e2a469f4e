"""Which host a process is of, as far as process numbers go."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def this_host() -> str:
    """The host's name, and on Linux the space of process numbers.

    Two containers may share a name and number their processes apart.
    """
    name = socket.gethostname()
    with suppress(OSError):
        name += f" {os.readlink('/proc/self/ns/pid')}"
    return name
