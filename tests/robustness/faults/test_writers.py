"""Each way to write and to remove, killed and failing at every one of its operations."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.robustness.faults.broken_disk import CHANGES, FAULTS, BrokenDisk, Plan
from tests.robustness.faults.states import listing, state_of, waiting_in
from tfuq.data import disk, ledger
from tfuq.data.locks import exclusive
from tfuq.data.removal import plan_removal, remove_leftovers
from tfuq.data.writers import (
    make_folder,
    new_folder,
    remove_whole,
    whole_file,
    whole_folder,
    whole_set,
    write_text,
)
from tfuq.errors import TfuqError

FLUSH = disk.flush_open  # other tests leave flushing to the system
NAMES = ("a.csv", "b/c.csv", "last.csv")


def _file(place: Path, text: str) -> None:
    with whole_file(place / "a.csv") as beside:
        disk.write_file(beside, text.encode())


def _set(place: Path, text: str, last: str = "") -> None:
    with whole_set(place, last, ["gone.csv"]) as part:
        _fill(part, text)
        if text == "old":
            write_text(part / "gone.csv", "old gone.csv")


def _set_that_tells(place: Path, text: str) -> None:
    _set(place, text, "last.csv")


def _folder(place: Path, text: str) -> None:
    with whole_folder(place / "case", "case") as part:
        _fill(part, text)


def _new_folder(place: Path, text: str) -> None:
    if not (place / text).exists():
        with new_folder(place / text, "data set") as part:
            _fill(part, text)


def _removal(place: Path, text: str) -> None:
    if text == "old":
        _folder(place, text)
    else:
        remove_whole(place / "case")


def _folders(place: Path, text: str) -> None:
    """A folder that holds folders alone, and so has no list of its own."""
    if text == "old":
        for name in ("first", "second"):
            make_folder(place / "held" / name)
            _fill(place / "held" / name, text)
    else:
        remove_leftovers(place)  # as every command does that writes there
        removal = plan_removal([place / "held"])
        removal.refuse_foreign([place / "held"])
        removal.carry_out()


def _in_a_lock(place: Path, text: str) -> None:
    with exclusive(place, "writing"):
        _file(place, text)


def _fill(part: Path, text: str) -> None:
    for name in NAMES:
        write_text(part / name, f"{text} {name}")


WAYS: dict[str, Callable[[Path, str], None]] = {
    "file": _file,
    "set": _set,
    "set that tells": _set_that_tells,
    "folder": _folder,
    "new folder": _new_folder,
    "removal": _removal,
    "removal of folders": _folders,
    "in a lock": _in_a_lock,
}
# What a reader of the set tells apart by the digests in its last file, and what --overwrite may remove.
MIXED, GONE = ("set that tells",), ("folder", "removal")


@pytest.fixture
def breaking(monkeypatch) -> Callable[[BrokenDisk], None]:
    """Puts a disk in the place of the system's, for a test; lists are made shorter at every turn."""

    def install(broken: BrokenDisk) -> None:
        with monkeypatch.context() as patch:
            for name in ("os", "shutil", "filelock"):
                patch.setattr(disk, name, getattr(disk, name))
            broken.install()
            yield

    monkeypatch.setattr(ledger, "_COMPACTED_EVERY", 512)
    monkeypatch.setattr(disk, "flush_open", FLUSH)
    return install


def write(
    way: str, place: Path, text: str, plan: Plan | None, breaking
) -> tuple[BrokenDisk, str | None]:
    """Write on a broken disk; the disk and the refusal."""
    broken = BrokenDisk(place, plan)
    for _ in breaking(broken):
        try:
            WAYS[way](place, text)
        except (TfuqError, OSError) as error:
            return broken, str(error)
    return broken, None


def killed(way: str, place: Path, plan: Plan, breaking) -> bool:
    """Write in a process that is killed by a plan; whether it was."""
    child = os.fork()
    if not child:
        try:
            write(way, place, "new", plan, breaking)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def look(way: str, place: Path, whole: tuple) -> list[str]:
    """What is wrong with what lies there, between the old and the new state."""
    old, new = whole
    now, waiting = state_of(place), waiting_in(place)
    found = [f"wrong: {name}" for name in now if now[name] not in (old.get(name), new.get(name))]
    found += [
        f"lost: {name}"
        for name in set(old) & set(new)
        if name not in {**now, **waiting} and way not in GONE
    ]
    generations = {
        name: now[name] == new.get(name) for name in now if old.get(name) != new.get(name)
    }
    if way not in MIXED and len(set(generations.values())) > 1 and way != "new folder":
        found.append("mixed")
    return found + (["in pieces"] if way in GONE and now not in (old, new, {}) else [])


def disturbances(operations: dict[str, int], every: int, kill_every: int) -> Iterator[Plan]:
    """A fault at every so-many-th operation, each kind of fault; and a kill at every so-many-th."""
    for fault in (None, *FAULTS):
        counted = FAULTS[fault][1] if fault else CHANGES
        most = sum(operations.get(operation, 0) for operation in counted)
        for at in range(1, most + 1, every if fault else kill_every):
            yield Plan(at, counted, fault)
            if fault:
                yield Plan(at, counted, fault, lasts=True)


def disturb(way: str, tmp_path: Path, breaking, *, every: int, kill_every: int = 1) -> int:
    """Write the old, then the new on a disk that fails, then the new undisturbed; how often."""
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    write(way, undisturbed, "old", None, breaking)
    old = state_of(undisturbed)
    broken, refusal = write(way, undisturbed, "new", None, breaking)
    assert refusal is None
    new, names = state_of(undisturbed), listing(undisturbed)
    count = 0
    for count, plan in enumerate(disturbances(broken.counts, every, kill_every), start=1):
        place = tmp_path / str(count)
        place.mkdir()
        write(way, place, "old", None, breaking)
        if plan.fault is None:
            killed(
                way, place, plan, breaking
            )  # if a list was not made shorter there, it ended before
        else:
            _, refusal = write(way, place, "new", plan, breaking)
            assert refusal is None or "\n" not in refusal
            assert refusal is not None or state_of(place) == new, plan
        assert look(way, place, (old, new)) == [], plan
        _, refusal = write(way, place, "new", None, breaking)
        assert refusal is None, plan
        assert (state_of(place), listing(place)) == (new, names), plan
    return count


@pytest.mark.parametrize("way", WAYS)
def test_every_operation_may_fail_or_be_the_last(way, tmp_path, breaking):
    assert disturb(way, tmp_path, breaking, every=25, kill_every=3) > 12


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_every_operation_may_fail_in_every_way(way, tmp_path, breaking):
    assert disturb(way, tmp_path, breaking, every=1) > 80
