"""Folds of nnU-Net's cross-validation."""

import json
import unicodedata

import pytest
from sklearn.model_selection import KFold

from tfuq.config import SplitConfig
from tfuq.data.cases import Case
from tfuq.data.folds import fold_of
from tfuq.data.splits import split_cases
from tfuq.errors import DataError

NAMES = [f"c{index}" for index in range(10)]
FOLDS = [{"train": NAMES[2:], "val": NAMES[:2]}, {"train": NAMES[:7], "val": NAMES[7:]}]


def some_cases(tmp_path, tests=0):
    cases = [Case(name, (), tmp_path, part="train") for name in NAMES]
    return cases + [Case(f"t{index}", (), tmp_path, part="test") for index in range(tests)]


def written(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def ids(cases, **split):
    parts = split_cases(cases, SplitConfig(**split))
    return {part: [case.id for case in members] for part, members in parts.items()}


def test_a_file_tells_train_and_validation(tmp_path):
    path = written(tmp_path / "splits_final.json", FOLDS)
    parts = ids(some_cases(tmp_path, tests=3), fold=1, file=path)
    assert parts == {"train": NAMES[:7], "validation": NAMES[7:], "test": ["t0", "t1", "t2"]}


def test_without_a_file_the_folds_are_those_of_nnunet():
    """nnU-Net, ``generate_crossval_split``: five folds, shuffled with the seed 12345, of sorted names."""
    split = list(KFold(n_splits=5, shuffle=True, random_state=12345).split(NAMES))
    for number, (train, val) in enumerate(split):
        fold = fold_of(SplitConfig(fold=number), set(NAMES))
        assert fold["train"] == [NAMES[index] for index in train]
        assert fold["val"] == [NAMES[index] for index in val]


def test_cases_set_aside_are_all_tested_but_those_to_calibrate(tmp_path):
    cases = some_cases(tmp_path, tests=5)
    parts = ids(cases, fold=0, calibration=2)
    assert len(parts["train"]) == 8
    assert len(parts["validation"]) == 2
    assert len(parts["test"]) == 3
    assert sorted(parts["test"] + parts["calibration"]) == ["t0", "t1", "t2", "t3", "t4"]
    assert len(ids(cases, fold=0, test=1)["test"]) == 1


def test_else_the_cases_of_val_are_divided(tmp_path):
    path = written(tmp_path / "splits_final.json", FOLDS)
    cases = some_cases(tmp_path)
    parts = ids(cases, fold=1, file=path)
    assert parts["train"] == NAMES[:7]
    assert [len(parts[part]) for part in ("validation", "test")] == [2, 1]
    assert sorted(parts["validation"] + parts["test"]) == NAMES[7:]
    chosen = ids(cases, fold=1, file=path, test=1, calibration=1, use=3)
    assert [len(members) for members in chosen.values()] == [3, 1, 1, 1]
    with pytest.raises(DataError, match="asks for more cases than the 3"):
        ids(cases, fold=1, file=path, test=4)


@pytest.mark.parametrize(
    ("content", "fold", "words"),
    [
        (FOLDS, 2, "data.split.fold 2: .*splits.json has the folds 0 to 1; take one"),
        ([{"train": ["c0", "c22"], "val": []}], 0, r"fold 0: 'c22' of train is no labelled .*'c2'"),
        ([{"train": ["c0"], "val": ["c0"]}], 0, "case 'c0' is in both train and val"),
        ([{"train": ["c0", "c0"], "val": []}], 0, "case 'c0' is in both train and train"),
        ([{"train": ["c0"], "val": ["t0"]}], 0, "'t0' of val is no labelled training case"),
        ([{"train": [], "val": ["c0"]}], 0, "trains on no case"),
        ([{"train": ["c0"]}], 0, "is no file of splits"),
        ([{"train": [1], "val": []}], 0, "is no file of splits"),
        ({}, 0, "is no file of splits"),
        ([], 0, "is no file of splits"),
        ("[1,]", 0, "line 1, column 3: is a comma too many"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(tmp_path, content, fold, words):
    path = written(tmp_path / "splits.json", content)
    with pytest.raises(DataError, match=words):
        ids(some_cases(tmp_path, tests=1), fold=fold, file=path)


def test_what_cannot_be_folded_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"cannot be read .*nnUNet_preprocessed"):
        fold_of(SplitConfig(fold=0, file=str(tmp_path / "no.json")), NAMES)
    with pytest.raises(DataError, match="4 labelled training case"):
        fold_of(SplitConfig(fold=0), NAMES[:4])
    with pytest.raises(DataError, match=r"data.split.use 9 is more than the 8"):
        ids(some_cases(tmp_path), fold=0, use=9)


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ({"fold": 0, "train": 3}, "leave out both keys"),
        ({"fold": 0, "validation": ["a"]}, "leave out both keys"),
        ({"fold": 0, "test": ["a"]}, "are numbers of cases"),
        ({"fold": -1}, "greater than or equal to 0"),
    ],
)
def test_keys_that_exclude_a_fold_are_refused(split, words):
    with pytest.raises(ValueError, match=words):
        SplitConfig(**split)


def test_names_may_be_of_another_form_of_unicode(tmp_path):
    case_ids = {unicodedata.normalize("NFC", name) for name in ("J\u00fcrgen", "Ana")}
    apart = unicodedata.normalize("NFD", "J\u00fcrgen")
    path = written(tmp_path / "splits.json", [{"train": [apart], "val": ["Ana"]}])
    fold = fold_of(SplitConfig(fold=0, file=path), case_ids)
    assert fold == {"train": ["J\u00fcrgen"], "val": ["Ana"]}
