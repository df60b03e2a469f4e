"""Files that are told by patterns of their names."""

import pytest

from tfuq.config.data import DataConfig
from tfuq.data.layouts import cases_of
from tfuq.data.layouts.patterns import files
from tfuq.errors import DataError


@pytest.fixture
def make(tmp_path):
    """Makes empty files below the root."""

    def make_files(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return make_files


def listed(cases, root):
    """Images and label of each case, relative to the root."""
    found = {}
    for case in cases:
        label = case.label and case.label.relative_to(root).as_posix()
        found[case.id] = ([path.relative_to(root).as_posix() for path in case.images], label)
    return found


def test_sibling_folders_under_any_names(make):
    root = make("scans/a.nii.gz", "scans/b.nii.gz", "truth/a_mask.nii.gz", "notes.txt")
    cases = files(root, "scans/{case}.nii.gz", "truth/{case}_mask.nii.gz")
    assert listed(cases, root) == {
        "a": (["scans/a.nii.gz"], "truth/a_mask.nii.gz"),
        "b": (["scans/b.nii.gz"], None),
    }


def test_the_more_particular_pattern_has_the_file(make):
    root = make("a.nii.gz", "a_seg.nii.gz", "b_seg.nii.gz", ".hidden.nii.gz")
    assert listed(files(root, "{case}.nii.gz", "{case}_seg.nii.gz"), root) == {
        "a": (["a.nii.gz"], "a_seg.nii.gz")
    }


def test_a_folder_for_each_case_with_a_file_for_each_channel(make):
    root = make("p1/p1_t1.mha", "p1/p1_t2.mha", "p1/seg.mha", "p2/p3_t1.mha")
    channels = {"T2": "{case}/{case}_t2.mha", "T1": "{case}/{case}_t1.mha"}
    (case,) = files(root, channels, "{case}/seg.mha")
    assert case.channels == ("T2", "T1")
    assert listed([case], root) == {"p1": (["p1/p1_t2.mha", "p1/p1_t1.mha"], "p1/seg.mha")}


def test_any_other_text_is_a_star(make):
    root = make("a/scan-20240101.nrrd", "b/scan-20240202.nrrd")
    assert [case.id for case in files(root, "{case}/scan-*.nrrd")] == ["a", "b"]
    make("a/scan-20240303.nrrd")
    with pytest.raises(DataError, match="is the image of case 'a' as "):
        files(root, "{case}/scan-*.nrrd")


def test_labels_of_several_raters(make):
    root = make("x/a.png", "by_anna/a.png", "by_bo/a.png", "by_bo/b.png", "x/b.png")
    cases = files(root, "x/{case}.png", "by_{rater}/{case}.png")
    assert {case.id: list(case.raters) for case in cases} == {"a": ["anna", "bo"], "b": ["bo"]}


def test_a_case_without_one_of_its_channels_is_refused(make):
    root = make("a_t1.mha", "a_t2.mha", "b_t1.mha")
    with pytest.raises(DataError, match="case 'b' has no file of channel 'T2'"):
        files(root, {"T1": "{case}_t1.mha", "T2": "{case}_t2.mha"})


def test_patterns_that_fit_a_file_alike_are_refused(make):
    with pytest.raises(DataError, match="alike; write more of the names"):
        files(make("ab.png"), "{case}b.png", "a{case}.png")


def test_patterns_that_name_no_case_alike_are_refused(make):
    root = make("scan_1.png", "mask_1.png")
    with pytest.raises(DataError, match="'mask_1' and '1'"):
        files(root, "scan_{case}.png", "{case}.png")


def test_the_configuration_names_the_patterns(make):
    root = make("a.png", "a_mask.png")
    data = DataConfig(
        layout="files",
        root=str(root),
        classes=["rest", "lung"],
        image_files="{case}.png",
        label_files="{case}_mask.png",
    )
    (case,) = cases_of(data)
    assert (case.id, case.label) == ("a", root / "a_mask.png")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image_files": "scans/*.png"}, "has {case} where"),
        ({"image_files": "{case}/{date}.png"}, "no other braces"),
        ({"image_files": "../{case}.png"}, "a folder below data.root"),
        ({"image_files": "{rater}/{case}.png"}, "{rater} is of labels alone"),
        ({"image_files": None}, "layout files, which needs it"),
        ({"layout": "folder"}, "image_files is for the layout files"),
        ({"train_on": "random"}, "write {rater} into data.label_files"),
    ],
    ids=str,
)
def test_patterns_that_do_not_serve_are_refused(changes, words):
    data = {"layout": "files", "root": "x", "image_files": "{case}.png", "classes": ["a", "b"]}
    with pytest.raises(ValueError, match=words):
        DataConfig(**{**data, **changes})
