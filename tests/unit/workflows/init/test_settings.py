"""Settings that suit the size of the images."""

import numpy as np
import pytest

from tests.support.data_files import write_nifti_file, write_picture
from tfuq.data.cases import Case
from tfuq.workflows.init.settings import settings_for


def scans(tmp_path, *shapes, spacing=(1.0, 1.0, 1.0)):
    cases = []
    rng = np.random.default_rng(0)
    for number, shape in enumerate(shapes):
        affine = np.diag([*(np.array(spacing) * (1 + 0.2 * number)), 1.0])
        array = rng.normal(size=shape).astype(np.float32)
        path = write_nifti_file(tmp_path / f"{number}.nii.gz", array, affine)
        cases.append(Case(str(number), (path,)))
    return cases


def test_a_volume_is_seen_in_a_patch_of_whole_steps(tmp_path):
    sections = settings_for("segmentation", scans(tmp_path, (35, 50, 70))).sections
    assert sections["network"]["patch_size"] == [40, 56, 64]
    assert sections["preprocessing"] == {}


def test_spacings_that_differ_become_their_median(tmp_path):
    sections = settings_for("segmentation", scans(tmp_path, *[(40, 40, 40)] * 3)).sections
    assert sections["preprocessing"]["spacing"] == [1.2, 1.2, 1.2]


def test_few_slices_are_seen_one_by_one(tmp_path):
    settings = settings_for("segmentation", scans(tmp_path, (60, 8, 50)))
    assert settings.sections["preprocessing"]["slice_axis"] == 1
    assert settings.sections["network"]["patch_size"] == [64, 56]


@pytest.mark.parametrize(
    ("task", "size", "patch"),
    [
        ("segmentation", (200, 300), [200, 256]),
        ("classification", (30, 40), [32, 40]),
        ("landmarks", (400, 300), [144, 192]),
    ],
)
def test_pictures_are_resized_to_the_network_s_size(tmp_path, task, size, patch):
    """Pictures have their columns first."""
    write_picture(tmp_path / "a.png", size=size[::-1])
    sections = settings_for(task, [Case("a", (tmp_path / "a.png",))]).sections
    found = sections["network"]["patch_size"]
    assert sorted(found) == sorted(patch) or task == "segmentation"
    if task == "segmentation":
        assert sections["preprocessing"]["size"] == [*found, 1]
        assert max(found) == 256
