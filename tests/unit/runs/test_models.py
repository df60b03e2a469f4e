"""Models: what is one, and that it is as it was packed."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.support.packed import write_card
from tfuq.errors import ConfigError, RunError
from tfuq.runs import models
from tfuq.runs.models import CARD, is_shipped, load_card, open_model, shipped_models

MOST_BYTES = 5_000_000
MOST_BYTES_TOGETHER = 12_000_000


@pytest.fixture
def copied(model, tmp_path):
    return shutil.copytree(model, tmp_path / "copied")


def test_a_card_is_read_back(model, tmp_path):
    card = load_card(model / CARD)
    assert card.packed is not None
    (tmp_path / CARD).write_text(card.dump())
    assert load_card(tmp_path / CARD) == card


def test_a_pipe_is_no_card(tmp_path):
    os.mkfifo(tmp_path / CARD)
    with pytest.raises(ConfigError, match="is no file"):
        load_card(tmp_path / CARD)


def test_a_key_of_a_card_that_is_not_known_is_named(tmp_path):
    path = write_card(tmp_path / CARD)
    path.write_text(path.read_text().replace("title:", "titel:"))
    with pytest.raises(ConfigError, match="title"):
        load_card(path)


def test_a_card_that_holds_no_keys_is_refused(tmp_path):
    (tmp_path / CARD).write_text("- a list\n")
    with pytest.raises(ConfigError, match="write the keys title, input, licence"):
        load_card(tmp_path / CARD)


def test_an_unknown_name_lists_the_models():
    with pytest.raises(RunError) as error:
        open_model("kidneys")
    for name in ("'kidneys'", *shipped_models()):
        assert name in str(error.value)


def test_a_model_that_was_copied_opens(copied):
    opened = open_model(str(copied))
    assert opened.name == "copied"
    assert opened.run.finished_members == [0]
    assert opened.refuses_unlike
    assert opened.size == sum(
        path.stat().st_size for path in copied.rglob("*") if path.is_file() and path.name != ".tfuq"
    )


@pytest.mark.parametrize("name", ["members/0/weights.npz", "config.yaml", "splits.json"])
def test_a_file_that_was_changed_is_noticed(copied, name):
    path = copied / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(RunError, match="not those that were packed"):
        open_model(str(copied))


def test_a_file_that_is_gone_is_noticed(copied):
    (copied / "splits.json").unlink()
    with pytest.raises(RunError, match="not those that were packed"):
        open_model(str(copied))


def test_a_card_without_measurements_is_no_model_yet(copied):
    write_card(copied / CARD)
    with pytest.raises(RunError, match="no part 'packed'; run tfuq models pack"):
        open_model(str(copied))


def test_only_models_of_the_installation_are_shipped(model, monkeypatch):
    assert not is_shipped(model)
    monkeypatch.setattr(models, "_shipped_folder", lambda: model.parent)
    assert is_shipped(model)
    assert not is_shipped(model / "members")


def test_models_that_are_shipped_are_whole_and_small():
    sizes = []
    for name in shipped_models():
        opened = open_model(name)
        sizes.append(opened.size)
        assert opened.size <= MOST_BYTES
        assert opened.packed.test.cases > 0
    assert sizes
    assert sum(sizes) <= MOST_BYTES_TOGETHER


@pytest.mark.parametrize("name", sorted(shipped_models()))
def test_a_shipped_model_names_no_place_of_the_machine_that_trained_it(name):
    config = (shipped_models()[name] / "config.yaml").read_text()
    assert "root: /" not in config
    assert "/home" not in config
