"""Files of a folder as cases of a file per channel."""

import unicodedata

import pytest

from tfuq.data.channels import (
    channel_files,
    files_of_case,
    name_key,
    numbered_channels,
    split_channel,
)
from tfuq.errors import DataError

NUMBERS = ["0000", "0001"]
MRBRAINS = ["T1", "IR", "FLAIR"]


def touched(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def grouped(folder, channels):
    cases = channel_files(folder, channels)
    return {case: [path.relative_to(folder).as_posix() for path in cases[case]] for case in cases}


@pytest.mark.parametrize(
    ("names", "channels", "cases"),
    [
        (
            ["b_0001.nii.gz", "b_0000.nii.gz", "a_0000.nii.gz", "a_0001.nii.gz", "notes.txt"],
            NUMBERS,
            {
                "a": ["a_0000.nii.gz", "a_0001.nii.gz"],
                "b": ["b_0000.nii.gz", "b_0001.nii.gz"],
            },
        ),
        (["a_1_IR.nii", "a_1-T1.nii"], ["T1", "IR"], {"a_1": ["a_1-T1.nii", "a_1_IR.nii"]}),
        (  # of several endings the longest counts
            ["a_T1.nii", "a_T1_IR.nii"],
            ["T1", "T1_IR"],
            {"a": ["a_T1.nii", "a_T1_IR.nii"]},
        ),
        (  # as MRBrainS has them
            ["1/T1.nii", "1/T1_1mm.nii", "1/T1_IR.nii", "1/T2_FLAIR.nii", "1/Labels.nii"],
            MRBRAINS,
            {"1": ["1/T1.nii", "1/T1_IR.nii", "1/T2_FLAIR.nii"]},
        ),
        (  # folders of DICOM series, whatever the names of their slices are
            ["1_0001/x_0000.dcm", "1_0000/x_0000.dcm", "2/0001/x.dcm", "2/0000/x.dcm"],
            NUMBERS,
            {"1": ["1_0000", "1_0001"], "2": ["2/0000", "2/0001"]},
        ),
        (["1/a_0000.dcm", "1/a_0001.dcm"], NUMBERS, {"1": ["1/a_0000.dcm", "1/a_0001.dcm"]}),
        (["x.y/x.y_T1.nii", "x.y/x.y_IR.nii"], ["IR", "T1"], {"x.y": ["x.y/x.y_IR.nii", "x.y/x.y_T1.nii"]}),
    ],
)  # fmt: skip
def test_files_are_grouped_in_the_order_of_channels(tmp_path, names, channels, cases):
    assert grouped(touched(tmp_path, *names), channels) == cases


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (
            ["a_T1.nii", "a_IR.nii", "a_FLAIR.nii", "b_T1.nii", "b_FLAIR.nii"],
            r"case 'b' has no file of channel 'IR' \(it has b_FLAIR.nii, b_T1.nii\)",
        ),
        (["a_T1.nii", "a_T1.nii.gz"], r"a_T1.nii.gz: is channel 'T1' of case 'a' as a_T1.nii is"),
        (["1/T1.nii", "1/old_T1.nii"], "is channel 'T1' of case '1'"),
        (["a_T1.nii", "a_FLAR.nii"], r"a_FLAR.nii: .*did you mean 'FLAIR'\?"),
        (["T1.nii"], "T1.nii: names a channel and no case; rename it to CASE_T1"),
        (["1/T2.nii"], r"its files \(T2.nii\) are none of the channels T1, IR, FLAIR"),
        (["1/slice_1.dcm"], "1: its name ends in none of the channels .*rename it to CASE_T1"),
        (["1_T1/slice_IR.dcm"], r"case '1' has no file of channel 'IR' \(it has 1_T1\)"),
        (["aT1.nii"], "ends in none of the channels T1, IR, FLAIR"),
    ],
)
def test_cases_that_are_not_whole_are_refused(tmp_path, names, words):
    with pytest.raises(DataError, match=words):
        channel_files(touched(tmp_path, *names), MRBRAINS)


def test_a_folder_may_be_that_of_one_case(tmp_path):
    touched(tmp_path / "7", "T2_FLAIR.nii", "T1_1mm.nii", "T1.nii", "T1_IR.nii")
    found = files_of_case(tmp_path / "7", MRBRAINS)
    assert [path.name for path in found] == ["T1.nii", "T1_IR.nii", "T2_FLAIR.nii"]
    (tmp_path / "7" / "T1_IR.nii").unlink()
    with pytest.raises(DataError, match="case '7' has no file of channel 'IR'"):
        files_of_case(tmp_path / "7", MRBRAINS)


def test_forms_of_unicode_are_one_name(tmp_path):
    apart = unicodedata.normalize("NFD", "Jürgen")
    together = unicodedata.normalize("NFC", "Jürgen")
    assert apart != together
    touched(tmp_path, f"{apart}_T1.nii", f"{together}_IR.nii")
    assert list(channel_files(tmp_path, ["T1", "IR"])) == [together]
    assert name_key(apart) == together
    assert split_channel(f"{apart}_T1", ["T1"]) == (together, "T1")
    assert split_channel("a_T1", ["T2"]) is None


def test_numbers_are_told_where_every_name_has_one(tmp_path):
    paths = [tmp_path / name for name in ("a_0000.nii.gz", "b_c_0000.mha", "a_0001.nii.gz")]
    assert numbered_channels(paths) == {"a": ["0000", "0001"], "b_c": ["0000"]}
    assert numbered_channels([*paths, tmp_path / "a_1.nii"]) is None
