"""Stand-ins for processes that predict into the same folder."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from tfuq.data.claims import SHARING, Sharing
from tfuq.data.ledger import add_entries, unfinished_entry
from tfuq.data.writers import write_json


def _take_part(folder: Path, files: str, pieces: list[list[str]], connection: Connection) -> None:
    sharing = Sharing(folder, "predicting into")
    with sharing.turn():
        sharing.join()
        write_json(folder / SHARING / "request.json", files)
    for work in pieces:
        assert sharing.claim(work)
        draft = folder / f".{work[0]}.{os.getpid()}.part"
        add_entries(folder, [unfinished_entry(draft.name)])
        draft.mkdir()
    connection.send("claimed")
    connection.recv()
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def taking_part(folder: Path, files: str, pieces: list[list[str]]) -> Iterator[Connection]:
    """Another process that has claimed pieces of work, has begun each, and works on them for ever.

    Args:
        folder: The predictions folder.
        files: What it writes, as its predictor says.
        pieces: Ids of the cases of each.

    Yields:
        What is sent here kills it.
    """
    folder.mkdir(exist_ok=True)
    add_entries(folder, [])
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_take_part, args=(folder, files, pieces, there))
    process.start()
    assert here.recv() == "claimed"
    yield here
    process.kill()
    process.join()
