"""Work that processes share: claimed once, and again when who claimed it has ended."""

import multiprocessing
import threading
from pathlib import Path

import pytest

from tfuq.data import claims, locks
from tfuq.data.claims import SHARING, Sharing
from tfuq.data.removal import plan_removal
from tfuq.errors import RunError


def joined(folder: Path) -> Sharing:
    sharing = Sharing(folder, "working in")
    with sharing.turn():
        sharing.join()
    return sharing


@pytest.fixture
def two(tmp_path):
    """Two that take part; they stand for two processes."""
    made = joined(tmp_path), joined(tmp_path)
    yield made
    for sharing in made:
        sharing.let_go()


def test_work_is_claimed_once(two):
    one, other = two
    assert one.claim(["a"])
    assert not other.claim(["a"])
    assert not one.claim(["a"])
    assert other.claim(["a", "b"]), "is other work"


def test_one_of_many_claims(tmp_path):
    sharings = [joined(tmp_path) for _ in range(8)]
    begin = threading.Barrier(8)
    won = []

    def claim(sharing: Sharing) -> None:
        begin.wait()
        for number in range(50):
            if sharing.claim([str(number)]):
                won.append(number)

    threads = [threading.Thread(target=claim, args=(sharing,)) for sharing in sharings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == list(range(50))
    for sharing in sharings:
        sharing.let_go()


def claim_and_die(folder: Path) -> None:
    joined(folder).claim(["a"])


def test_the_claim_of_a_process_that_has_died_is_free(tmp_path):
    process = multiprocessing.get_context("spawn").Process(target=claim_and_die, args=(tmp_path,))
    process.start()
    process.join()
    sharing = joined(tmp_path)
    assert not sharing.claim(["a"])
    with sharing.turn():
        assert not sharing.others()
        assert sharing.is_any_free([["a"]])
        sharing.release([["a"]])
    assert sharing.claim(["a"])
    sharing.let_go()


def test_the_claim_of_a_living_process_is_kept(two):
    one, other = two
    one.claim(["a"])
    with other.turn():
        assert other.others()
        assert not other.is_any_free([["a"]])
        other.release([["a"]])
    assert not other.claim(["a"])


def test_the_claims_of_a_process_that_has_left_are_free(two):
    one, other = two
    one.claim(["a"])
    with one.turn():
        one.leave()
    with other.turn():
        assert not other.others()
        other.release([["a"]])
    assert other.claim(["a"])


def test_a_claim_that_names_nobody_is_free_after_a_while(two, tmp_path, monkeypatch):
    one, other = two
    one.claim(["a"])
    (path,) = (tmp_path / SHARING / "claims").glob("*.claim")
    path.write_bytes(b"")  # as of a process that is killed while it claims
    with other.turn():
        assert not other.is_any_free([["a"]])
    monkeypatch.setattr(claims, "_NAMED_WITHIN", 0.0)
    with other.turn():
        assert other.is_any_free([["a"]])


def test_the_last_one_leaves_nothing(two, tmp_path):
    one, other = two
    one.claim(["a"])
    other.claim(["b"])
    for sharing in two:
        with sharing.turn():
            sharing.leave()
    with one.turn():
        one.end()
    assert not (tmp_path / SHARING).exists()


def test_claims_are_tfuq_s_own_and_files_of_others_are_not(two, tmp_path):
    one, _ = two
    one.claim(["a"])
    (tmp_path / SHARING / "claims" / "mine.claim").write_text('{"by": "me", "more": 1}')
    removal = plan_removal([tmp_path / SHARING / "claims"])
    assert [path.name for path in removal.foreign] == ["mine.claim"]


def test_a_turn_is_not_waited_for_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "_MOST_WAIT", 0.2)
    sharing = Sharing(tmp_path, "working in")
    with (
        locks.locked(tmp_path, "holding"),
        pytest.raises(RunError, match="another process is working in it; wait"),
        sharing.turn(),
    ):
        pass
