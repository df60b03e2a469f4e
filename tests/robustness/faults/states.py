"""What lies in a folder, told apart from what else may lie there; times are left out."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np

from tfuq.data.claims import SHARING
from tfuq.data.ledger import LEDGER, read_ledger

LOCK = ".lock"
# Files that are added to in their place, and what TensorFlow writes otherwise each time.
LOGS = re.compile(r"(^|/)(logs/[^/]+\.txt|events\.out\.tfevents\.[^/]+)$")
_VARYING = re.compile(r"(saved_model|fingerprint)\.pb$")
_TIMES = ("seconds",)
State = dict[str, str]  # digests of files, without their times, by path


def _timeless(content):
    if isinstance(content, dict):
        return {key: _timeless(value) for key, value in content.items() if key not in _TIMES}
    return [_timeless(each) for each in content] if isinstance(content, list) else content


def digest(path: Path) -> str:
    """SHA-256 of a file's content without its times."""
    content = path.read_bytes()
    if _VARYING.search(path.name):
        return "varies"
    if path.suffix == ".json":
        content = json.dumps(_timeless(json.loads(content))).encode()
    if path.name == "history.csv":
        rows = csv.DictReader(io.StringIO(content.decode()))
        content = repr([{k: v for k, v in row.items() if k not in _TIMES} for row in rows]).encode()
    if path.name == "state.npz":
        content = _timeless_training(content)
    return hashlib.sha256(content).hexdigest()


def _timeless_training(content: bytes) -> bytes:
    """The arrays of a training's state; its progress, which is JSON, without times."""
    with np.load(io.BytesIO(content)) as arrays:
        progress = _timeless(json.loads(arrays["progress"].tobytes()))
        digests = {
            name: hashlib.sha256(arrays[name].tobytes()).hexdigest()
            for name in arrays
            if name != "progress"
        }
    return json.dumps([progress, digests], sort_keys=True).encode()


def state_of(folder: Path) -> State:
    """Every file of a folder but lists, locks, claims and logs."""
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (LEDGER, LOCK)
    ]
    return {
        str(p.relative_to(folder)): digest(p)
        for p in paths
        if not LOGS.search(str(p.relative_to(folder)))
        and not _unfinished(p, folder)
        and SHARING not in p.parts
    }


def waiting_in(folder: Path) -> State:
    """Files of sets that are whole and wait for their places, under the names of those."""
    found: State = {}
    for each in folder.rglob(LEDGER):
        for ready in read_ledger(each.parent).ready:
            part = each.parent / ready
            files = [path for path in part.rglob("*") if path.is_file() and path.name != LEDGER]
            found |= {
                str((each.parent / path.relative_to(part)).relative_to(folder)): digest(path)
                for path in files
            }
    return found


def _unfinished(path: Path, folder: Path) -> bool:
    return any(part.endswith(".part") for part in path.relative_to(folder).parts)


def listing(folder: Path) -> list[str]:
    """Every name of a folder, hidden ones too; logs of TensorBoard, whose names are times, once."""
    names = [str(path.relative_to(folder)) for path in folder.rglob("*")]
    return sorted({re.sub(r"events\.out\.tfevents\..*", "events", name) for name in names})


def noted(path: Path, place: Path, seen: dict[str, list[str]]) -> None:
    """Note what got its name, which a command may have given relative to ``place``: a file, or each file of a folder."""
    path = place / path
    for each in [path] if path.is_file() else sorted(path.rglob("*")):
        name = str(each.relative_to(place)) if each.is_relative_to(place) else None
        if (
            name
            and each.is_file()
            and each.name not in (LEDGER, LOCK)
            and not _unfinished(each, place)
        ):
            found = digest(each)
            if found not in seen.setdefault(name, []):
                seen[name].append(found)
