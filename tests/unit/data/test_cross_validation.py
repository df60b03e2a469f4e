"""Folds of the training cases."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tfuq.config import SplitConfig
from tfuq.data.cases import Case
from tfuq.data.cross_validation import cross_folds
from tfuq.errors import DataError


def cases(ids, truth=None):
    return [
        Case(case_id, (Path(f"{case_id}.png"),), truth=truth and truth[case_id]) for case_id in ids
    ]


NAMES = [f"case{number:02d}" for number in range(11)]


def test_every_case_is_in_one_fold_and_folds_are_alike():
    folds = cross_folds(SplitConfig(), cases(NAMES), 3)
    assert sorted(case_id for fold in folds for case_id in fold) == NAMES
    assert sorted(map(len, folds)) == [3, 4, 4]


def test_the_seed_chooses_the_folds():
    first = cross_folds(SplitConfig(seed=0), cases(NAMES), 3)
    assert first == cross_folds(SplitConfig(seed=0), cases(NAMES), 3)
    assert first != cross_folds(SplitConfig(seed=1), cases(NAMES), 3)


def test_cases_of_a_subject_stay_together():
    ids = [f"sub-{subject}_scan-{scan}" for subject in range(6) for scan in range(3)]
    folds = cross_folds(SplitConfig(subject="sub-[0-9]+"), cases(ids), 3)
    for fold in folds:
        scans = Counter(case_id[:5] for case_id in fold)
        assert set(scans.values()) == {3}
    assert sorted(case_id for fold in folds for case_id in fold) == sorted(ids)


def test_a_subject_in_two_folds_of_a_file_is_refused(tmp_path):
    ids = ["sub-1_a", "sub-1_b", "sub-2_a", "sub-2_b"]
    folds = [{"train": ids[::2], "val": ids[1::2]}, {"train": ids[1::2], "val": ids[::2]}]
    (tmp_path / "splits_final.json").write_text(json.dumps(folds))
    config = SplitConfig(file=str(tmp_path / "splits_final.json"), subject="sub-[0-9]+", fold=None)
    with pytest.raises(DataError, match=r"splits_final.json: subject 'sub-1' .*fold 0 and fold 1"):
        cross_folds(config, cases(ids), 2)


def test_an_additional_case_of_a_subject_in_a_fold_is_refused():
    together = cases([f"sub-{subject}_scan" for subject in range(3)])
    together.append(replace(cases(["sub-1_more"])[0], is_additional=True))
    config = SplitConfig(subject="sub-[0-9]+")
    with pytest.raises(DataError, match=r"subject 'sub-1' has cases in data.additional and fold"):
        cross_folds(config, together, 3)
    assert len(cross_folds(SplitConfig(), together, 3)) == 3


def test_classes_are_spread_evenly():
    truth = {name: int(number < 4) for number, name in enumerate(NAMES[:8])}
    folds = cross_folds(SplitConfig(), cases(truth, truth), 4)
    assert [sorted(truth[case_id] for case_id in fold) for fold in folds] == [[0, 1]] * 4


def test_more_folds_than_subjects_are_refused():
    with pytest.raises(DataError, match=r"12 folds of 11 case\(s\) to train on"):
        cross_folds(SplitConfig(), cases(NAMES), 12)
    with pytest.raises(DataError, match="take more cases, or train without folds"):
        cross_folds(SplitConfig(), cases(NAMES[:1]), 2)


def written(path, folds):
    path.write_text(json.dumps(folds))
    return SplitConfig(file=str(path))


def test_the_folds_of_nnunet_are_taken(tmp_path):
    halves = [NAMES[:5], NAMES[5:]]
    folds = [{"train": halves[1 - number], "val": halves[number]} for number in range(2)]
    config = written(tmp_path / "splits_final.json", folds)
    assert cross_folds(config, cases(NAMES), 2) == halves
    with pytest.raises(DataError, match=r"has 2 folds, and 3 are asked for; pass --folds 2"):
        cross_folds(config, cases(NAMES), 3)


@pytest.mark.parametrize(("second", "times"), [(NAMES[6:], 0), (NAMES[4:], 2)])
def test_folds_that_leave_a_case_out_or_have_it_twice_are_refused(tmp_path, second, times):
    folds = [{"train": NAMES[9:], "val": NAMES[:5]}, {"train": NAMES[:1], "val": second}]
    config = written(tmp_path / "splits_final.json", folds)
    with pytest.raises(DataError, match=f"is in {times} of the folds"):
        cross_folds(config, cases(NAMES), 2)
