"""Removing what is tfuq's own, and what processes left unfinished; everything else stays."""

import os

import pytest

from tfuq.data.host import this_host
from tfuq.data.ledger import LEDGER, Ready, add_entries, file_entry, has_ledger, ready_entry
from tfuq.data.ownership import digest_of, is_ours, note
from tfuq.data.removal import (
    Removal,
    give_places,
    plan_removal,
    remove_file,
    remove_leftovers,
)
from tfuq.errors import RunError


def own(path, text="own"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    note(path)
    return path


def left(path, *, aside=False):
    """List a file or folder as one that a process which has ended began."""
    kind = "aside" if aside else "part"
    add_entries(path.parent, [{kind: path.name, "host": this_host(), "pid": 2**22 + 1}])
    return path


def names(folder):
    """What lies in a folder, its list left out."""
    return {path.name for path in folder.iterdir() if path.name != LEDGER}


def test_a_plan_tells_own_files_from_others_and_does_nothing(tmp_path):
    folder = tmp_path / "run"
    one = own(folder / "a.txt")
    two = own(folder / "sub" / "b.txt")
    (folder / "mine.txt").write_text("theirs")
    plan = plan_removal([folder, tmp_path / "absent"])
    assert [path for path, _ in plan.files] == [one, two]
    assert plan.folders == [folder / "sub", folder]
    assert plan.foreign == [folder / "mine.txt"]
    assert names(folder) == {"a.txt", "sub", "mine.txt"}


def test_own_files_go_and_folders_that_hold_something_else_stay(tmp_path):
    folder = tmp_path / "run"
    own(folder / "a.txt")
    own(folder / "sub" / "b.txt")
    (folder / "mine.txt").write_text("theirs")
    plan_removal([folder]).carry_out()
    assert names(folder) == {"mine.txt"}


def test_a_folder_of_own_files_alone_goes_with_its_list(tmp_path):
    own(tmp_path / "run" / "sub" / "b.txt")
    plan_removal([tmp_path / "run"]).carry_out()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_changed_after_the_plan_stays(tmp_path):
    path = own(tmp_path / "run" / "a.txt")
    plan = plan_removal([tmp_path / "run"])
    path.write_text("changed by hand")
    plan.carry_out()
    assert path.read_text() == "changed by hand"


def test_a_plan_may_be_of_another_name_by_now(tmp_path):
    own(tmp_path / "run" / "a.txt")
    plan = plan_removal([tmp_path / "run"])
    (tmp_path / "run").rename(tmp_path / "other")
    plan.moved(tmp_path / "run", tmp_path / "other").carry_out()
    assert list(tmp_path.iterdir()) == []


def test_something_of_theirs_is_refused_at_or_below_a_place(tmp_path):
    removal = Removal(foreign=[tmp_path / "run" / "mine.txt"])
    removal.refuse_foreign([tmp_path / "other", tmp_path / "ru"])
    for place in (tmp_path / "run", tmp_path / "run" / "mine.txt"):
        with pytest.raises(RunError, match=r"mine.txt: was changed .*; give another folder"):
            removal.refuse_foreign([place], "give another folder")


def test_links_are_not_followed(tmp_path):
    own(tmp_path / "theirs" / "a.txt")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "link").symlink_to(tmp_path / "theirs")
    plan = plan_removal([tmp_path / "run"])
    plan.carry_out()
    assert plan.foreign == [tmp_path / "run" / "link"]
    assert (tmp_path / "theirs" / "a.txt").exists()


def test_a_file_is_removed_only_if_it_is_own(tmp_path):
    own(tmp_path / "a.txt")
    (tmp_path / "mine.txt").write_text("theirs")
    for name in ("a.txt", "mine.txt", "absent.txt"):
        remove_file(tmp_path / name)
    assert names(tmp_path) == {"mine.txt"}


@pytest.mark.parametrize("is_folder", [False, True])
def test_what_an_ended_process_left_unfinished_goes(tmp_path, is_folder):
    path = left(tmp_path / ".a.1.part")
    other = tmp_path / ".b.1.part"  # which no list names
    for place in (path, other):
        if is_folder:
            place.mkdir()
            (place / "half").write_text("half")
        else:
            place.write_text("half")
    remove_leftovers(tmp_path)
    assert names(tmp_path) == {other.name}


def test_what_a_process_of_another_host_writes_stays_unless_the_folder_is_held(tmp_path):
    (tmp_path / ".a.1.part").write_text("half")
    add_entries(tmp_path, [{"part": ".a.1.part", "host": "another", "pid": 1}])
    remove_leftovers(tmp_path)
    assert names(tmp_path) == {".a.1.part"}
    remove_leftovers(tmp_path, held=True)
    assert names(tmp_path) == set()


def test_an_older_output_that_was_put_aside_keeps_what_is_theirs(tmp_path):
    aside = left(tmp_path / ".run.old.1.part", aside=True)
    own(aside / "a.txt")
    (aside / "mine.txt").write_text("theirs")
    remove_leftovers(tmp_path)
    assert names(aside) == {"mine.txt"}


def test_a_set_that_was_ready_gets_its_places(tmp_path):
    own(tmp_path / "a.csv", "old")
    own(tmp_path / "gone.csv", "old")
    part = left(tmp_path / ".set.1.part")
    part.mkdir()
    (part / "a.csv").write_text("new")
    add_entries(tmp_path, [file_entry("a.csv", digest_of(part / "a.csv"))])
    add_entries(tmp_path, [ready_entry(part.name, Ready("", ("gone.csv",)))])
    remove_leftovers(tmp_path)
    assert names(tmp_path) == {"a.csv"}
    assert (tmp_path / "a.csv").read_text() == "new"
    assert is_ours(tmp_path / "a.csv")


def test_a_set_of_a_folder_that_goes_gets_no_places(tmp_path):
    part = left(tmp_path / ".set.1.part")
    part.mkdir()
    (part / "a.csv").write_text("new")
    add_entries(tmp_path, [ready_entry(part.name, Ready())])
    remove_leftovers(tmp_path, going=True)
    assert names(tmp_path) == set()


def test_a_place_that_somebody_took_is_left_to_them(tmp_path):
    part = tmp_path / "part"
    part.mkdir()
    for name in ("a.csv", "b.csv"):
        (part / name).write_text("new")
    (tmp_path / "a.csv").write_text("theirs")
    give_places(part, tmp_path, Ready())
    assert (tmp_path / "a.csv").read_text() == "theirs"
    assert (tmp_path / "b.csv").read_text() == "new"


@pytest.mark.parametrize("gone", ["../mine.txt", "link/mine.txt", "/etc/hostname"])
def test_a_forged_list_names_nothing_outside_of_its_folder(tmp_path, gone):
    mine = own(tmp_path / "mine.txt")
    folder = tmp_path / "scores"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    (folder / "part").mkdir()
    give_places(folder / "part", folder, Ready("", (gone,)))
    assert mine.exists()


def test_a_folder_on_its_way_out_is_removed_by_the_next(tmp_path):
    going = tmp_path / ".run.removed.7.part"
    going.mkdir()
    add_entries(going, [])
    other = tmp_path / ".run.removed.8.part"
    other.mkdir()
    add_entries(other, [])
    (other / "mine.txt").write_text("theirs")
    remove_leftovers(tmp_path)
    assert names(tmp_path) == {other.name}
    assert has_ledger(other)


def test_a_folder_that_is_not_there_has_no_leftovers(tmp_path):
    remove_leftovers(tmp_path / "absent")
    assert os.listdir(tmp_path) == []
