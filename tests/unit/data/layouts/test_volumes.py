"""Layouts of volumes with label maps: the official ones and plain folders."""

import json

import nibabel
import numpy as np
import pytest

from tests.conftest import real
from tfuq import config as configuration
from tfuq.data.cases import read_case_image, read_case_label
from tfuq.data.layouts import list_cases
from tfuq.data.splits import split_cases
from tfuq.errors import DataError


def test_real_layouts_list_their_cases():
    cases = list_cases("iseg2017", real("iSeg-2017-simulated"))
    assert [case.id for case in cases[:2]] == ["subject-01", "subject-02"]
    assert len(cases) == 10
    image = read_case_image(cases[0])
    assert image.array.shape == (82, 99, 114, 2)
    label = read_case_label(cases[0], image, 2, {0: 0, 10: 0, 150: 1, 250: 1})
    assert set(np.unique(label.array)) == {0, 1}
    assert len(list_cases("decathlon", real("Task04_Hippocampus"))) == 200
    assert len(list_cases("folder", real("shenzhen_lungs").parent / "mindboggle_slices")) == 12


def test_layouts_refuse_what_is_not_theirs(tmp_path):
    for layout in ("decathlon", "folder"):
        with pytest.raises(DataError, match=str(tmp_path)):
            list_cases(layout, tmp_path)
    with pytest.raises(DataError, match="no cases in the iseg2017 layout"):
        list_cases("iseg2017", tmp_path)
    with pytest.raises(DataError, match="no such data folder"):
        list_cases("folder", tmp_path / "absent")
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(DataError, match="not a Decathlon index"):
        list_cases("decathlon", tmp_path)
    (tmp_path / "dataset.json").write_text(
        json.dumps({"training": [{"image": "a.nii", "label": "l"}] * 2})
    )
    with pytest.raises(DataError, match="case id 'a' occurs twice"):
        list_cases("decathlon", tmp_path)


@pytest.mark.parametrize(
    ("folder", "labels", "values", "classes", "count"),
    [
        ("shenzhen_lungs", "mask", {0: 0, 1: 1}, 2, 240),
        ("mindboggle_slices", "label", {0: 0, "1-999": 1, "1000-2999": 2}, 3, 12),
    ],
)
def test_real_pairs_of_folders(folder, labels, values, classes, count):
    cases = list_cases("folder", real(folder), label_folder=labels)
    assert len([case for case in cases if case.label]) == count
    image = read_case_image(cases[0])
    label = read_case_label(cases[0], image, classes, values)
    assert set(np.unique(label.array)) == set(range(classes))
    parts = split_cases(cases, configuration.SplitConfig(train=count - 2, validation=1, test=1))
    assert sum(map(len, parts.values())) == count


def test_releases_without_grades_or_labels_and_single_cases_are_read(brats, tmp_path):
    for case in list_cases("brats2018", brats)[:2]:
        (tmp_path / case.id).mkdir()
        for path in case.images:
            (tmp_path / case.id / path.name).symlink_to(path)
    (tmp_path / "notes").mkdir()
    cases = list_cases("brats2018", tmp_path)
    assert len(cases) == 2
    assert not any(case.has_reference for case in cases)
    (alone,) = list_cases("brats2018", tmp_path / cases[0].id)
    assert alone == cases[0]
    packed = alone.images[1]
    nibabel.save(nibabel.load(packed), packed.with_name(packed.name.removesuffix(".gz")))
    packed.unlink()
    assert list_cases("brats2018", tmp_path)[0].images[1].suffix == ".nii"
