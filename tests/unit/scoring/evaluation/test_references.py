"""Which reference a predicted case is scored against."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import settings, task_settings
from tests.support.promised import manifest_of
from tfuq.data.layouts import cases_of
from tfuq.errors import DataError
from tfuq.runs.results import CaseEntry
from tfuq.scoring.evaluation.references import (
    cases_with_references,
    fingerprint,
    referenced_cases,
)


def manifest_with(**labels):
    manifest = manifest_of()
    for case_id, label in labels.items():
        entry = CaseEntry(images=[f"/d/{case_id}.nii.gz"], label=label, seconds={})
        manifest.cases[case_id] = entry
    return manifest


def test_references_differ_by_values_shape_and_type():
    label = np.arange(6, dtype=np.uint8)
    assert fingerprint(label) == fingerprint(np.arange(12, dtype=np.uint8)[:6])
    others = [label.reshape(2, 3), label.reshape(3, 2), label.astype(np.int8), label[::-1]]
    assert len({fingerprint(other) for other in [label, *others]}) == 5
    assert len(fingerprint(label)) == 16


def test_labels_are_those_of_the_manifest_in_the_order_of_ids(tmp_path):
    labels = {name: tmp_path / f"{name}.nii.gz" for name in "ba"}
    for path in labels.values():
        path.touch()
    manifest = manifest_with(b=str(labels["b"]), a=str(labels["a"]))
    first, second = cases_with_references(manifest, settings(tmp_path), None)
    assert (first.id, first.label) == ("a", labels["a"])
    assert (second.id, second.images) == ("b", (Path("/d/b.nii.gz"),))


def test_a_reference_that_was_moved_away_is_named_with_the_option(tmp_path):
    manifest = manifest_with(a=str(tmp_path / "moved" / "a.nii.gz"))
    words = r"moved/a.nii.gz: the reference of case 'a' is not there; .* by --reference"
    with pytest.raises(DataError, match=words):
        list(cases_with_references(manifest, settings(tmp_path), None))


def test_files_of_a_folder_stand_in_for_labels(tmp_path):
    (tmp_path / "a.nii.gz").touch()
    (tmp_path / "notes.txt").touch()
    (case,) = cases_with_references(manifest_with(a=None), settings(tmp_path), tmp_path)
    assert case.label == tmp_path / "a.nii.gz"
    assert case.images == (Path("/d/a.nii.gz"),)


def test_forms_of_unicode_are_one_name_and_similar_names_are_named(tmp_path):
    apart = unicodedata.normalize("NFD", "Jürgen")
    (tmp_path / "Jürgen.nii.gz").touch()
    (case,) = cases_with_references(manifest_with(**{apart: None}), settings(tmp_path), tmp_path)
    assert case.label == tmp_path / "Jürgen.nii.gz"
    with pytest.raises(DataError, match=r"'Jürgens' has no reference .*; did you mean 'Jürgen'\?"):
        list(cases_with_references(manifest_with(Jürgens=None), settings(tmp_path), tmp_path))
    (tmp_path / "Jürgen.nii").touch()
    with pytest.raises(DataError, match="and which of them is meant is not told; keep one"):
        list(cases_with_references(manifest_with(Jürgen=None), settings(tmp_path), tmp_path))


def test_a_folder_in_the_layout_of_the_data_set_has_its_labels(balls):
    (case,) = cases_with_references(manifest_with(ball_002=None), settings(balls), balls)
    assert case.label.resolve() == (balls / "labelsTr" / "ball_002.nii.gz").resolve()


@pytest.mark.parametrize(
    ("manifest", "reference", "words"),
    [
        (manifest_with(), False, "hold no case"),
        (manifest_with(a=None), False, "case 'a' has no reference in its data set"),
        (manifest_with(a="/l/a.nii.gz"), True, "case 'a' has no reference in "),
    ],
)
def test_a_case_without_a_reference_is_refused(manifest, reference, words, tmp_path):
    folder = tmp_path if reference else None
    with pytest.raises(DataError, match=words):
        list(cases_with_references(manifest, settings(tmp_path), folder))


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        list(cases_with_references(manifest_with(a="a"), settings(tmp_path), tmp_path / "x"))


def test_cases_of_a_table_are_those_of_the_data_set(digits):
    config = task_settings("classification", digits)
    known = {case.id: case for case in cases_of(config.data)}
    ids = sorted(case_id for case_id, case in known.items() if case.has_reference)[:2]
    found = referenced_cases(manifest_with(**dict.fromkeys(reversed(ids))), config, None)
    assert list(found) == ids
    assert [case.truth for case in found.values()] == [known[case_id].truth for case_id in ids]
    with pytest.raises(DataError, match="case 'stranger' has no reference"):
        referenced_cases(manifest_with(stranger=None), config, None)
