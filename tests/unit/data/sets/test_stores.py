"""Where preprocessed cases are kept."""

import logging
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from tests.conftest import settings
from tfuq.data.cases import Case
from tfuq.data.sets.prepared import CaseFacts, Examples, Prepared
from tfuq.data.sets.stores import DiskStore, FileStore, MemoryStore, StoredGroups, make_store
from tfuq.errors import ConfigError, DataError

KINDS = pytest.mark.parametrize("cache", ["memory", "none", "disk"])


class Loader:
    """Makes an example of a case's id, and notes what it was asked for."""

    def __init__(self):
        self.loaded = []

    def __call__(self, case):
        self.loaded.append(case.id)
        images = np.full((1, 4, 4, 1), float(case.id), np.float32)
        targets = np.full((1, 1, 4, 4), int(case.id), np.uint8)
        return Prepared(Examples(images, targets), CaseFacts(rows=1, channels=1, terms=(16,)))


@pytest.fixture
def cases(tmp_path):
    paths = [tmp_path / f"{number}.nii" for number in range(5)]
    for path in paths:
        path.write_text("a scan")
    return [Case(path.stem, (path,)) for path in paths]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def opened(cases, folder):
    """A disk store that is ready, and what it had to load."""
    load = Loader()
    store = DiskStore(cases, load, folder)
    list(store.facts())
    return store, load.loaded


@KINDS
def test_every_store_gives_facts_and_examples_in_order(cache, cases, balls, tmp_path, monkeypatch):
    monkeypatch.setenv("TFUQ_CACHE", str(tmp_path / "cache"))
    config = settings(balls, training={"cache": cache})
    store = make_store(config, cases, Loader(), statistics=None, part="training")
    kinds = {"memory": MemoryStore, "none": FileStore, "disk": DiskStore}
    assert type(store) is kinds[cache]
    assert [facts.terms for facts in store.facts()] == [(16,)] * 5
    for number in (4, 0, 4):
        assert store.examples(number).images.max() == number


@pytest.mark.parametrize(("cache", "times"), [("memory", 1), ("none", 3), ("disk", 1)])
def test_how_often_a_case_is_loaded(cache, times, cases, balls, tmp_path, monkeypatch):
    monkeypatch.setenv("TFUQ_CACHE", str(tmp_path / "cache"))
    load = Loader()
    config = settings(balls, training={"cache": cache})
    store = make_store(config, cases, load, statistics=None, part="training")
    list(store.facts())
    for _ in range(2):
        store.examples(2)
    assert load.loaded.count("2") == times


def test_a_later_training_loads_nothing(cases, folder):
    opened(cases, folder)
    store, loaded = opened(cases, folder)
    assert loaded == []
    assert store.examples(3).targets.max() == 3


def test_a_case_whose_file_changed_is_made_anew(cases, folder):
    opened(cases, folder)
    cases[1].images[0].write_text("another scan")
    _, loaded = opened(cases, folder)
    assert loaded == ["1"]
    assert opened(cases, folder)[1] == []


def test_a_damaged_case_is_made_anew(cases, folder):
    opened(cases, folder)
    for path in folder.rglob("*.npy"):
        path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    store, loaded = opened(cases, folder)
    assert loaded == []  # voxels are looked at when they are asked for
    assert store.examples(2).targets.max() == 2
    assert opened(cases, folder)[0].examples(2).targets.max() == 2


def test_a_cut_off_case_is_made_anew_at_once(cases, folder):
    opened(cases, folder)
    damaged = sorted(folder.rglob("*.npy"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert len(opened(cases, folder)[1]) == 1


def test_a_folder_that_is_removed_meanwhile_is_made_anew(cases, folder, caplog):
    store, _ = opened(cases, folder)
    shutil.rmtree(folder)
    assert store.examples(2).images.max() == 2
    assert "is damaged and is made anew" in caplog.text


def test_a_case_that_changes_while_it_is_trained_on_is_refused(cases, folder):
    store, _ = opened(cases, folder)
    shutil.rmtree(folder)
    other = Prepared(Loader()(cases[0]).examples, CaseFacts(rows=2, channels=1))
    store._load = lambda case: other
    with pytest.raises(DataError, match="case '0' changed while it was trained on; train again"):
        store.examples(0)


def test_how_much_the_cache_takes_is_said(cases, folder, caplog):
    caplog.set_level(logging.INFO)
    opened(cases, folder)
    size = sum(path.stat().st_size for path in folder.rglob("*.npy"))
    assert f"5 cases take {size / 2**20:.3g} MB in {folder}; 5 of them are new" in caplog.text
    opened(cases[:3], folder)
    assert f"in {folder}; 0 of them are new" in caplog.text


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(cases, folder, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=399))
    with pytest.raises(ConfigError, match=r"5 cases take about .*set TFUQ_CACHE to a folder"):
        opened(cases, folder)  # a case has 64 + 16 bytes
    assert not list(folder.rglob("*.npy"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=400))
    assert len(opened(cases, folder)[1]) == 5


def test_groups_are_fetched_when_they_are_asked_for(cases):
    load = Loader()
    groups = StoredGroups(FileStore(cases, load), [1, 3])
    assert len(groups) == 2
    assert load.loaded == []
    assert [group.images.max() for group in groups] == [1, 3]
