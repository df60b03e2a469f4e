"""What a manifest holds of a case: told from another case of the same id."""

from dataclasses import replace

import pytest

from tests.support.manifests import a_case
from tfuq.errors import RunError
from tfuq.runs.entries import CaseEntry, entry_of


def test_files_are_named_where_they_really_are(tmp_path):
    (tmp_path / "scan.nii.gz").touch()
    (tmp_path / "a.nii.gz").symlink_to(tmp_path / "scan.nii.gz")
    entry = entry_of(a_case(tmp_path, label=tmp_path / "label.nii"), {"read": 1.0})
    assert entry == CaseEntry(
        images=[str(tmp_path / "scan.nii.gz")],
        label=str(tmp_path / "label.nii"),
        seconds={"read": 1.0},
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"images": ("other.nii",)}, "holds case 'a' of"),
        ({"series": "1.2"}, "of its only series"),
        ({"mask": "mask.nii"}, "with no mask"),
    ],
)
def test_another_case_of_the_same_id_is_refused(tmp_path, change, words):
    case = a_case(tmp_path)
    entry = entry_of(case, {})
    entry.require_files_of(case)
    with pytest.raises(RunError, match=words) as refused:
        entry.require_files_of(replace(case, **change))
    assert "pass --overwrite or another --out" in str(refused.value)
