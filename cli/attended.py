"""``python cli/attended.py``: ``tfuq`` as another process starts it, and ends with it.

The other process holds the writing end of this one's standard input and writes nothing. However it
ends, by ``kill -9`` too, the operating system closes that end.
"""

from __future__ import annotations

import os
import sys
import threading

if __name__ == "__main__":
    # It is run by its path, as ``python -m`` would import from the working directory first.
    # Python puts the script's own folder there instead, which holds no packages.
    sys.path.pop(0)

_ENDED = 143  # as a shell has it of a process that SIGTERM ended


def end_with_parent() -> None:
    """End this process as soon as standard input ends.

    What is written at that moment is not whole, and is not taken for it.
    """
    threading.Thread(target=_wait_for_end, daemon=True).start()


def _wait_for_end() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(_ENDED)


if __name__ == "__main__":
    from tfuq_cli.main import main

    end_with_parent()
    main(prog_name="tfuq")
