"""A preprocessed case in one file that is mapped into memory."""

import mmap

import numpy as np
import pytest

from tfuq.data.class_voxels import ClassVoxels
from tfuq.data.sets.case_files import CaseFile
from tfuq.data.sets.prepared import CaseFacts, Examples, Prepared

VOXELS = ClassVoxels(
    case="a",
    own=(5, 1),
    network=(4, 2),
    own_shape=(2, 3, 1),
    own_spacing=(1.0, 0.1, 3.0),
    network_spacing=(1.0, 1 / 3, 3.0),
)
FACTS = CaseFacts(
    rows=2, channels=1, terms=(6, 5), class_counts=(1 / 3, 2.0), patch_terms=(0.1,), voxels=VOXELS
)


@pytest.fixture
def prepared():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(2, 3, 5, 1)).astype(np.float32)
    return Prepared(Examples(images, rng.integers(0, 3, (2, 1, 3, 5), np.uint8)), FACTS)


@pytest.fixture
def stored(prepared, tmp_path):
    file = CaseFile(tmp_path / "ab" / "case.npy", "of these files")
    file.write(prepared)
    return file


def test_what_was_written_is_read_back(stored, prepared):
    assert stored.facts() == FACTS
    for verify in (True, False):
        examples = stored.examples(verify=verify)
        np.testing.assert_array_equal(examples.images, prepared.examples.images)
        np.testing.assert_array_equal(examples.targets, prepared.examples.targets)
        assert examples.images.dtype == np.float32
        assert examples.targets.dtype == np.uint8


def test_voxels_are_mapped_aligned_and_cannot_be_changed(stored):
    images = stored.examples(verify=False).images
    base = images
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base.obj, mmap.mmap)
    assert images.flags.aligned
    assert not images.flags.writeable


@pytest.mark.parametrize("targets", [np.arange(2, dtype=np.int32), np.ones((1, 4, 2), np.float32)])
def test_targets_of_other_tasks_are_kept_too(tmp_path, targets):
    file = CaseFile(tmp_path / "case.npy", "x")
    file.write(Prepared(Examples(np.ones((1, 2, 2, 1), np.float32), targets), FACTS))
    np.testing.assert_array_equal(file.examples(verify=True).targets, targets)


def test_a_case_without_examples_is_kept(tmp_path):
    file = CaseFile(tmp_path / "case.npy", "x")
    empty = Examples(np.zeros((0, 4, 4, 1), np.float32), np.zeros((0, 1, 4, 4), np.uint8))
    file.write(Prepared(empty, CaseFacts(rows=0, channels=1)))
    assert file.examples(verify=True).images.shape == (0, 4, 4, 1)


def test_a_file_of_something_else_counts_as_none(stored):
    other = CaseFile(stored.path, "of other files")
    assert other.facts() is None
    assert other.examples(verify=False) is None


def test_no_file_is_none(tmp_path):
    assert CaseFile(tmp_path / "none.npy", "x").facts() is None


def test_damage_anywhere_is_seen(stored):
    """Any byte but those that pad a header may not change unseen."""
    content = stored.path.read_bytes()
    whole = stored.examples(verify=True)
    images, targets = np.array(whole.images), np.array(whole.targets)
    for position in range(0, len(content), 3):
        changed = bytearray(content)
        changed[position] ^= 0x04
        stored.path.write_bytes(changed)
        examples = stored.examples(verify=True)
        if examples is not None:
            np.testing.assert_array_equal(examples.images, images)
            np.testing.assert_array_equal(examples.targets, targets)
    for length in range(0, len(content), 11):
        stored.path.write_bytes(content[:length])
        assert stored.facts() is None
        assert stored.examples(verify=False) is None


def test_a_damaged_file_is_replaced(stored, prepared):
    stored.path.write_bytes(b"damaged")
    stored.write(prepared)
    assert stored.facts() == FACTS
