"""What is said of cases that were asked for and are not there."""

import pytest

from tests.support.manifests import a_case, a_manifest
from tfuq.runs.missing import (
    REMEDY,
    missing_sentence,
    missing_text,
    warn_of_missing,
    warn_of_missing_members,
)


@pytest.mark.parametrize(
    ("missing", "cases", "text"),
    [
        ("b", 0, "1 of 1 cases is missing: b"),
        ("abc", 17, "3 of 20 cases are missing: a, b, c"),
        ("abcdefg", 3, "7 of 10 cases are missing: a, b, c, d, e and 2 more"),
    ],
)
def test_missing_cases_are_named(missing, cases, text):
    assert missing_text(list(missing), cases) == text


def test_a_prediction_that_has_ended_is_not_warned_of(tmp_path, caplog):
    manifest = a_manifest()
    cases = [a_case(tmp_path, name) for name in "ab"]
    manifest.ask_for(cases)
    manifest.add(cases[1], {})
    warn_of_missing(tmp_path, manifest)
    (warning,) = caplog.messages
    assert warning.startswith(f"warning: {tmp_path}: 1 of 2 cases is missing: a; run the same tfuq")
    manifest.add(cases[0], {})
    warn_of_missing(tmp_path, manifest)
    assert len(caplog.messages) == 1


def test_members_that_samples_are_without_are_named(tmp_path, caplog):
    warn_of_missing_members(tmp_path, a_manifest())
    assert caplog.messages == []
    warn_of_missing_members(tmp_path, a_manifest(missing_members=[1, 3]))
    (warning,) = caplog.messages
    assert warning == (
        f"warning: {tmp_path}: predicted without member(s) 1, 3, which had not finished training"
    )


def test_the_remedy_of_cases_that_failed_is_to_mend_them():
    manifest = a_manifest(asked=["a", "b"], failed={"a": "a.nii: not readable"})
    assert missing_sentence(manifest) == f"2 of 2 cases are missing: a, b; {REMEDY}"
    manifest.failed["b"] = "b.nii: not readable"
    assert missing_sentence(manifest).startswith("2 of 2 cases are missing: a, b; mend what")
