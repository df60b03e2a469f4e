"""Phantoms by name: what is refused before anything is written, and that a seed is a function."""

import pytest

from tests.conftest import files_of
from tfuq.data.phantoms import PHANTOMS, synthesize
from tfuq.errors import ConfigError, DataError


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="is not empty"):
        synthesize("brain-decathlon", tmp_path, cases=1, seed=0)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_unknown_phantom_is_refused_with_the_nearest_name(tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'brain-iseg2017'"):
        synthesize("brain-iseg", tmp_path / "x", cases=1, seed=0)


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        ("digits", (20, 20, 20), "digits has one size; a shape may be given for brats-phantom"),
        ("liver-phantom", (15, 20, 20), "15×20×20 voxels is too small; give 16 or more"),
        ("liver-phantom", (2**20, 2**20, 2**20), "of memory that are free"),
    ],
)
def test_shapes_that_cannot_be_are_refused(name, shape, words, tmp_path):
    with pytest.raises(DataError, match=words):
        synthesize(name, tmp_path / "x", cases=1, seed=0, shape=shape)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["brats-phantom", "liver-phantom", "brain-iseg2017"])
def test_the_same_seed_writes_the_same_bytes(name, tmp_path):
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        synthesize(name, tmp_path / folder, cases=1, seed=seed)
    a, b, c = (files_of(tmp_path / folder) for folder in "abc")
    assert a == b
    assert a.keys() == c.keys()
    assert a != c


def test_phantoms_are_those_of_the_documentation():
    assert set(PHANTOMS) == {
        "brain-decathlon",
        "brain-iseg2017",
        "brain-mrbrains",
        "brats-phantom",
        "cephalogram",
        "digits",
        "head-ct",
        "head-mr",
        "hippocampus-phantom",
        "liver-phantom",
    }
