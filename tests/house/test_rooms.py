"""The rooms of ``tfuq/``: few, each with a purpose, and CONTRIBUTING's map of them is true."""

from __future__ import annotations

from tests.support.rooms import ROOT, layers, table

MOST_ENTRIES = 18


def test_there_are_few_rooms():
    """A folder that an older version left, with nothing but compiled files, does not count."""
    modules = list((ROOT / "tfuq").glob("*.py"))
    rooms = list((ROOT / "tfuq").glob("*/__init__.py"))
    assert 10 < len(modules) + len(rooms) <= MOST_ENTRIES


def test_every_room_is_in_the_contract_of_imports():
    in_contract = {room.strip() for rooms in layers() for room in rooms}
    rooms = {f"tfuq.{path.parent.name}" for path in (ROOT / "tfuq").glob("*/__init__.py")}
    assert rooms <= in_contract


def test_contributing_has_the_map():
    """``python -m tests.support.rooms`` prints it."""
    assert table() in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
