"""Which name a cached case has, and what makes it stale."""

import os

import pytest

from tests.conftest import settings
from tfuq.data.cases import Case
from tfuq.data.preprocessing import Statistics
from tfuq.data.sets.cache_keys import cache_folder, case_digest, case_identity, settings_digest


def test_the_folder_is_the_users_cache_unless_it_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("TFUQ_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder().name == "tfuq"
    monkeypatch.setenv("TFUQ_CACHE", "elsewhere")
    assert str(cache_folder()) == "elsewhere"


@pytest.mark.parametrize(
    "changes",
    [
        {"preprocessing": {"normalization": "none"}},
        {"network": {"patch_size": [8, 8, 8]}},
        {"data": {"label_values": {0: 0, 1: 1, 2: 0}}},
    ],
)
def test_what_examples_depend_on_changes_the_digest(balls, changes):
    one = settings_digest(settings(balls), None, "training")
    assert settings_digest(settings(balls, **changes), None, "training") != one


def test_what_examples_do_not_depend_on_leaves_the_digest(balls):
    one = settings_digest(settings(balls), None, "training")
    other = settings(
        balls,
        "deterministic",
        training={"epochs": 7, "learning_rate": 0.5},
        data={"split": {"train": 3, "validation": 1, "test": 2}},
        augmentation={"noise": 0.3},
    )
    assert settings_digest(other, None, "training") == one


def test_statistics_and_the_part_change_the_digest(balls):
    config = settings(balls)
    digests = {
        settings_digest(config, None, "training"),
        settings_digest(config, None, "validation"),
        settings_digest(config, Statistics((0.0,), (1.0,)), "training"),
        settings_digest(config, Statistics((0.0,), (2.0,)), "training"),
    }
    assert len(digests) == 4


def test_a_case_has_its_own_name():
    case = Case("a", ("x.nii",))
    assert case_digest(case) == case_digest(Case("a", ("x.nii",), truth=3))
    assert case_digest(case) != case_digest(Case("b", ("x.nii",)))
    assert case_digest(case) != case_digest(Case("a", ("y.nii",)))


def _written(path, text="one"):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def case(tmp_path):
    """A case whose files are of every kind that is told apart."""
    header = _written(tmp_path / "b.mhd", "NDims = 3\nElementDataFile = voxels of b.raw\n")
    nrrd = _written(tmp_path / "c.nhdr", "NRRD0004\ndata file: ./voxels of c.raw\n\n")
    for letter in "bc":
        _written(tmp_path / f"voxels of {letter}.raw")
    _written(tmp_path / "d.img")
    _written(tmp_path / "series" / "1.dcm")
    images = (
        _written(tmp_path / "a.nii"),
        header,
        nrrd,
        _written(tmp_path / "d.hdr"),
        tmp_path / "series",
    )
    raters = {"r": _written(tmp_path / "rater.nii")}
    mask = _written(tmp_path / "mask.nii")
    return Case("a", images, label=_written(tmp_path / "label.nii"), mask=mask, raters=raters)


@pytest.mark.parametrize(
    "name",
    [
        "a.nii",
        "b.mhd",
        "voxels of b.raw",
        "voxels of c.raw",
        "d.img",
        "series/1.dcm",
        "rater.nii",
        "mask.nii",
        "label.nii",
    ],
)
@pytest.mark.parametrize("change", ["content", "time"])
def test_a_case_is_stale_when_one_of_its_files_changed(case, tmp_path, name, change):
    before = case_identity(case)
    assert case_identity(case) == before
    path = tmp_path / name
    if change == "content":
        path.write_text(path.read_text() + " ")
    else:
        os.utime(path, ns=(1, 1))
    assert case_identity(case) != before


def test_a_case_is_stale_when_its_class_changed():
    assert case_identity(Case("a", (), truth=1)) != case_identity(Case("a", (), truth=2))
