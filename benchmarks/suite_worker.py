"""The side of `suite.py` that runs in a process, and maybe an environment, of its own.

It says in one line of JSON which peers it has and why others are left out. Then, for each line that names a peer, it
lets the peer take its samples, and answers with the seconds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

Peer = Callable[[], object]  # takes all samples, and returns when they are there


def serve(peers: dict[str, Peer], absent: dict[str, str], versions: dict[str, str]) -> None:
    """Answer until the input ends.

    Args:
        peers: What is timed, by ``method: name``.
        absent: Why a peer is left out, by its name.
        versions: Of the libraries.
    """
    answers = sys.stdout
    sys.stdout = sys.stderr  # what libraries print
    print(
        json.dumps({"peers": list(peers), "absent": absent, "versions": versions}),
        file=answers,
        flush=True,
    )
    for line in sys.stdin:
        print(json.dumps(_answer(peers[line.strip()])), file=answers, flush=True)


def _answer(peer: Peer) -> dict[str, object]:
    started = time.perf_counter()
    try:
        peer()
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return {"error": reason[:200]}
    return {"seconds": time.perf_counter() - started}
