"""Files that are given to be predicted, as cases of several channels."""

import re

import numpy as np
import pytest

from tests.support.data_files import write_nifti_file
from tfuq.errors import DataError
from tfuq.prediction.grouping import Channels, groups_of_files, groups_of_folder

TWO = Channels(count=2, are_numbered=True)
NAMED = Channels(count=2, names=("T1", "IR"))
NUMBERED = Channels(count=2, names=("0000", "0001"), are_numbered=True)
OF_NNUNET = Channels(count=2, names=("T1", "IR"), are_numbered=True)


def written(folder, *names):
    """Files of one channel; of as many as the digit says before whose name ends in ``xN``."""
    paths = []
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        channels = re.search(r"x(\d)\.", name)
        shape = (3, 3, 2, int(channels[1])) if channels else (3, 3, 2)
        paths.append(write_nifti_file(path, np.zeros(shape, np.float32)))
    return paths


def names_of(groups):
    return [[path.name for path in group] for _, group in groups]


@pytest.mark.parametrize(
    ("channels", "names", "groups"),
    [
        (Channels(count=1), ["b.nii", "a.nii"], [["b.nii"], ["a.nii"]]),
        (TWO, ["a.nii"], [["a.nii"]]),  # whatever it has: the network refuses it by itself
        (TWO, ["b.nii", "a.nii", "d.nii", "c.nii"], [["b.nii", "a.nii"], ["d.nii", "c.nii"]]),
        (TWO, ["b_x2.nii", "a_x2.nii"], [["b_x2.nii"], ["a_x2.nii"]]),
        (TWO, ["a.nii", "b.nii", "c_x2.nii"], [["a.nii", "b.nii"], ["c_x2.nii"]]),
        (NAMED, ["a_T1.nii", "a_IR.nii"], [["a_T1.nii", "a_IR.nii"]]),
        (NAMED, ["one.nii", "two.nii"], [["one.nii", "two.nii"]]),
        (NAMED, ["a/T1.nii", "a/IR.nii"], [["T1.nii", "IR.nii"]]),
    ],
)
def test_files_are_grouped_in_the_order_given(tmp_path, channels, names, groups):
    assert names_of(groups_of_files(written(tmp_path, *names), channels)) == groups


@pytest.mark.parametrize(
    ("channels", "names", "ids"),
    [
        (Channels(count=1), ["a_0000.nii"], ["a_0000"]),
        (Channels(count=1, names=("0000",)), ["b_0000.nii", "a_0000.nii"], ["b", "a"]),
        (Channels(count=1, names=("0000",)), ["a_0000.nii", "b.nii"], ["a_0000", "b"]),
        (TWO, ["c_0000.nii", "c_0001.nii"], ["c"]),
        (TWO, ["one.nii", "two.nii", "c_x2.nii"], ["one", "c_x2"]),
        (NUMBERED, ["a_0000.nii", "a_0001.nii", "b_0000.nii", "b_0001.nii"], ["a", "b"]),
        (OF_NNUNET, ["a_0000.nii", "a_0001.nii"], ["a"]),
        (NAMED, ["a_T1.nii", "a_IR.nii"], ["a"]),
        (NAMED, ["a/T1.nii", "a/IR.nii", "b/T1.nii", "b/IR.nii"], ["a", "b"]),
    ],
)
def test_ids_are_those_of_a_folder(tmp_path, channels, names, ids):
    groups = groups_of_files(written(tmp_path, *names), channels)
    assert [case for case, _ in groups] == ids


@pytest.mark.parametrize(
    ("channels", "names", "words"),
    [
        (TWO, ["a.nii", "b.nii", "c.nii"], r"3 files do not make cases of 2 .*\(c.nii begins one"),
        (TWO, ["a.nii", "b_x2.nii", "c.nii"], r"3 files do not make cases of 2"),
        (TWO, ["a_x3.nii", "b.nii"], r"a_x3.nii: has 3 channel\(s\), the run was trained with 2;"),
        (NAMED, ["a_x3.nii", "b.nii"], r"has 3 channel\(s\), .* with 2 \(T1, IR\); give those"),
        (
            NAMED,
            ["a_IR.nii", "a_T1.nii"],
            "a_IR.nii: is channel 'IR' where 'T1' is due; give .* in the order T1, IR",
        ),
        (NAMED, ["a_T1.nii", "b_T1.nii"], "b_T1.nii: is channel 'T1' where 'IR' is due"),
        (NAMED, ["x.nii", "a_T1.nii"], "is channel 'T1' where 'IR' is due"),
        (NAMED, ["a_T1.nii", "b_IR.nii"], r"their names tell several \(a, b\)"),
        (NUMBERED, ["a_0001.nii", "a_0000.nii"], "is channel '0001' where '0000' is due"),
        (OF_NNUNET, ["a_0001.nii", "a_0000.nii"], "is channel '0001' where '0000' is due; give"),
        (OF_NNUNET, ["a_IR.nii", "a_T1.nii"], "is channel 'IR' where 'T1' is due"),
        (OF_NNUNET, ["a_0000.nii", "b_0001.nii"], r"their names tell several \(a, b\)"),
    ],
)
def test_files_that_make_no_cases_are_refused(tmp_path, channels, names, words):
    with pytest.raises(DataError, match=words):
        groups_of_files(written(tmp_path, *names), channels)


@pytest.mark.parametrize(
    ("channels", "names", "groups"),
    [
        (Channels(count=1), ["b.nii", "a_0000.nii"], {"a_0000": ["a_0000.nii"], "b": ["b.nii"]}),
        (Channels(count=1, names=("0000",)), ["a_0000.nii"], {"a": ["a_0000.nii"]}),
        (Channels(count=1, names=("0000",)), ["a.nii"], {"a": ["a.nii"]}),
        (Channels(count=1, names=("MRI",)), ["a_MRI.nii"], {"a_MRI": ["a_MRI.nii"]}),
        (NAMED, ["a_x2.nii", "b_x2.nii"], {"a_x2": ["a_x2.nii"], "b_x2": ["b_x2.nii"]}),
        (NAMED, ["a_IR.nii", "a_T1.nii"], {"a": ["a_T1.nii", "a_IR.nii"]}),
        (NAMED, ["a/IR.nii", "a/T1.nii"], {"a": ["T1.nii", "IR.nii"]}),
        (NAMED, ["T1.nii", "T1_IR.nii", "other.nii"], {"FOLDER": ["T1.nii", "T1_IR.nii"]}),
        (TWO, ["a_0000.nii", "a_0001.nii"], {"a": ["a_0000.nii", "a_0001.nii"]}),
        (NUMBERED, ["a_0000.nii", "a_0001.nii"], {"a": ["a_0000.nii", "a_0001.nii"]}),
        (NAMED, [], {}),
    ],
)
def test_folders_are_grouped_by_names(tmp_path, channels, names, groups):
    folder = tmp_path / "FOLDER"
    folder.mkdir()
    written(folder, *names)
    found = groups_of_folder(folder, channels)
    assert {case: [path.name for path in files] for case, files in found.items()} == groups


@pytest.mark.parametrize(
    ("channels", "names", "words"),
    [
        (TWO, ["a.nii", "b.nii"], "a case of this run has 2 channels, and the names"),
        (NAMED, ["a_0000.nii", "a_0001.nii"], "ends in none of the channels T1, IR"),
        (NAMED, ["a_T1.nii", "b_T1.nii", "b_IR.nii"], "case 'a' has no file of channel 'IR'"),
        (NAMED, ["a_x3.nii"], r"a_x3.nii: has 3 channel\(s\), the run was trained with 2 \(T1, IR"),
        (NUMBERED, ["a_0000.nii"], "case 'a' has no file of channel '0001'"),
        (TWO, ["a_0000.nii", "a_0002.nii"], "ends in none of the channels 0000, 0001"),
        (Channels(count=1), ["a.nii", "a.nii.gz"], "a.nii.gz: has the name of a.nii"),
    ],
)
def test_folders_that_do_not_tell_cases_are_refused(tmp_path, channels, names, words):
    written(tmp_path, *names)
    with pytest.raises(DataError, match=words):
        groups_of_folder(tmp_path, channels)
