"""Cases that join the training cases from other folders."""

import numpy as np
import pytest

from tests.conftest import settings
from tests.support.data_files import write_nifti_file
from tfuq.config.data import AdditionalConfig
from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of
from tfuq.data.layouts.additional import with_additional
from tfuq.data.splits import split_cases
from tfuq.errors import DataError

FINAL = "image/labels/final"
VOXELS = np.zeros((2, 2, 2), np.uint8)


def add(root, *names, labelled=()):
    """A folder as ``tfuq review --export-labels`` writes it; what is in it is not read here."""
    (root / FINAL).mkdir(parents=True)
    for name in names:
        write_nifti_file(root / "image" / f"{name}.nii.gz", VOXELS)
    for name in labelled:
        write_nifti_file(root / FINAL / f"{name}.nii.gz", VOXELS)
    return AdditionalConfig(root=str(root), label_folder=FINAL)


def test_labelled_cases_join_the_training_cases_and_no_other_moves(balls, tmp_path):
    first = add(tmp_path / "first", "new-a", "new-b", labelled=["new-b"])
    second = add(tmp_path / "second", "new-c", labelled=["new-c"])
    config = settings(balls)
    before = split_cases(cases_of(config.data), config.data.split)
    data = config.data.model_copy(update={"additional": [first, second]})
    after = split_cases(cases_of(data), data.split)
    assert {"new-b", "new-c"} == {case.id for case in after["train"] if case.is_additional}
    assert [case for case in after["train"] if not case.is_additional] == before["train"]
    assert [after[part] for part in ("validation", "test")] == [
        before[part] for part in ("validation", "test")
    ]
    (new,) = [case for case in after["train"] if case.id == "new-b"]
    assert new.label == tmp_path / "first" / FINAL / "new-b.nii.gz"
    assert new.classes == tuple(data.classes), "it is described as the others are"
    used = data.split.model_copy(update={"use": 1})
    assert len(split_cases(cases_of(data), used)["train"]) == 3, "use is of the data set's own"


def test_it_takes_the_place_of_a_case_without_a_label_alone(tmp_path):
    additional = add(tmp_path, "a", labelled=["a"])
    (case,) = with_additional([Case("a", (tmp_path / "elsewhere.nii",))], [additional])
    assert case.label is not None
    assert case.is_additional
    labelled = Case("a", (tmp_path / "elsewhere.nii",), tmp_path / "label.nii")
    with pytest.raises(DataError, match=r"case 'a' has a label in .*label.nii already; keep one"):
        with_additional([labelled], [additional])
    with pytest.raises(DataError, match="already"):
        with_additional([], [additional, additional])


@pytest.mark.parametrize(
    ("root", "words"),
    [
        ("absent", "data.additional: .*absent: no such folder; correct its root"),
        ("empty", "labels/final: has no label of an image in .*image; save corrected labels there"),
    ],
)
def test_a_folder_without_a_label_is_refused(tmp_path, root, words):
    add(tmp_path / "empty", "a")
    additional = AdditionalConfig(root=str(tmp_path / root), label_folder=FINAL)
    with pytest.raises(DataError, match=words):
        with_additional([], [additional])
