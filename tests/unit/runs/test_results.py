"""The manifest of a predictions folder."""

from dataclasses import replace

import pytest

from tests.support.editing import edited
from tests.support.made import make_run, make_scores
from tests.support.manifests import a_case, a_manifest
from tfuq.data.cases import Case
from tfuq.data.ownership import digest_of
from tfuq.data.writers import write_csv, write_json
from tfuq.errors import RunError
from tfuq.runs import results


@pytest.mark.parametrize(
    "wrong",
    [
        {"samples": 0},
        {"samples": 10**9},
        {"seed": -1},
        {"method": "../../x"},
        {"cases": {"../x": {"images": ["a"], "label": None, "seconds": {}}}},
        {"cases": {"": {"images": ["a"], "label": None, "seconds": {}}}},
    ],
)
def test_a_manifest_is_bounded(digits_run, wrong):
    make_scores(digits_run, "hybrid")
    edited(
        digits_run.predictions("hybrid") / "manifest.json", lambda manifest: manifest.update(wrong)
    )
    with pytest.raises(RunError, match=r"manifest.json: cannot be read"):
        results.read_manifest(digits_run.predictions("hybrid"))


@pytest.fixture
def digits_run(digits, tmp_path):
    return make_run(tmp_path / "run", "classification", digits)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"run": "another", "tfuq_version": "9"}, True),
        ({"missing_members": [1]}, True),
        ({"method": "ensemble"}, False),
        ({"samples": 5}, False),
        ({"seed": 6}, False),
        ({"weights_digest": ["cd"]}, False),
        ({"calibration": "ef"}, False),
        ({"definitions": 2}, False),
        ({"precision": "bfloat16"}, False),
        ({"skip_empty": 0.0}, False),
        ({"combine": "staple"}, False),
    ],
)
def test_draws_are_the_same_by_what_makes_the_files(change, same):
    assert a_manifest().same_draws(replace(a_manifest(), **change)) is same


def test_a_manifest_says_what_tells_it_from_another():
    text = a_manifest(weights_digest=["cd"], definitions=2).described_against(a_manifest())
    assert text.startswith("vi, T = 4, seed 5, other weights")
    assert text.endswith("by a version of tfuq that measured otherwise")
    rounded = a_manifest(precision="bfloat16")
    assert rounded.described_against(a_manifest()) == "vi, T = 4, seed 5, in bfloat16"
    assert a_manifest().described_against(rounded).endswith(", in float32")
    skipping = a_manifest(skip_empty=0.02)
    assert skipping.described_against(a_manifest()).endswith(", with skip_empty 0.02")
    voted = a_manifest(combine="majority")
    assert voted.described_against(a_manifest()).endswith(", combined by majority")


def test_an_earlier_manifest_is_of_float32_and_of_all_windows(tmp_path):
    a_manifest().write(tmp_path)
    edited(tmp_path / "manifest.json", lambda manifest: manifest.pop("precision"))
    edited(tmp_path / "manifest.json", lambda manifest: manifest.pop("skip_empty"))
    earlier = results.read_manifest(tmp_path)
    assert (earlier.precision, earlier.skip_empty) == ("float32", "never")


def test_a_manifest_reads_back(tmp_path):
    manifest = a_manifest(files={"members.csv": "ab"})
    manifest.add(a_case(tmp_path, label=tmp_path / "label.nii.gz"), {"sampling": 0.5})
    manifest.write(tmp_path)
    assert results.read_manifest(tmp_path) == manifest
    assert manifest.cases["a"].label == str(tmp_path / "label.nii.gz")


def test_a_manifest_notes_what_it_was_asked_for(tmp_path):
    manifest = a_manifest()
    cases = [a_case(tmp_path, name) for name in "cab"]
    assert manifest.ask_for(cases[:2])
    assert not manifest.ask_for(cases[:1])
    assert manifest.ask_for(cases[2:]), "what was asked for before is not forgotten"
    manifest.add(cases[1], {})
    manifest.write(tmp_path)
    found = results.read_manifest(tmp_path)
    assert (found.asked, found.missing) == (["a", "b", "c"], ["b", "c"])


def test_a_case_is_left_out_by_asking_for_the_others_with_all_that_are_finished(tmp_path):
    manifest = a_manifest()
    first, bad, last = [a_case(tmp_path, name) for name in "abc"]
    manifest.ask_for([first, bad, last])
    manifest.add(first, {})
    assert manifest.ask_for([first, last])
    assert manifest.missing == ["c"]
    assert not manifest.ask_for([last]), "which says nothing of the finished one"
    assert manifest.asked == ["a", "c"]


def test_nothing_is_missing_where_an_earlier_version_did_not_note_what_was_asked(tmp_path):
    manifest = a_manifest()
    manifest.add(a_case(tmp_path), {})
    manifest.write(tmp_path)
    edited(tmp_path / "manifest.json", lambda manifest: manifest.pop("asked"))
    found = results.read_manifest(tmp_path)
    assert found.missing == []
    found.ask_for([a_case(tmp_path, "b")])
    assert found.missing == ["b"]


def test_a_folder_without_a_manifest_has_no_predictions(tmp_path):
    with pytest.raises(RunError, match=r"no predictions \(it has no manifest.json\)"):
        results.read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("b/a.nii.gz", "holds case 'a' of .*a.nii.gz"),
        ("mask", "holds case 'a' with no mask"),
        ("series", "holds case 'a' of its only series"),
    ],
)
def test_a_case_of_other_files_is_not_the_case_that_is_finished(tmp_path, other, words):
    manifest = a_manifest()
    manifest.add(a_case(tmp_path), {})
    assert manifest.holds(a_case(tmp_path))
    assert not manifest.holds(a_case(tmp_path, "b"))
    changed = a_case(tmp_path, mask=tmp_path / "mask")
    if other == "series":
        changed = a_case(tmp_path, series="1.2.3")
    elif other != "mask":
        changed = Case("a", (tmp_path / other,))
    with pytest.raises(RunError, match=words):
        manifest.holds(changed)


def test_a_table_has_the_cases_of_its_manifest(tmp_path):
    manifest = a_manifest()
    manifest.add(a_case(tmp_path), {})
    results.require_cases(tmp_path, ["a"], manifest)
    with pytest.raises(RunError, match=r"has case 'b', which manifest.json does not name"):
        results.require_cases(tmp_path, ["a", "b"], manifest)
    with pytest.raises(RunError, match="has no case 'a'"):
        results.require_cases(tmp_path, [], manifest)


def test_predictions_of_the_same_draws_are_gone_on_with_and_others_not_replaced(tmp_path):
    assert results.find_draws(tmp_path / "new", a_manifest(), overwrite=False) is None
    a_manifest().write(tmp_path)
    assert results.find_draws(tmp_path, a_manifest(), overwrite=False) == a_manifest()
    other = a_manifest(seed=6)
    with pytest.raises(RunError, match="holds predictions of vi, T = 4, seed 5; pass --overwrite"):
        results.find_draws(tmp_path, other, overwrite=False)
    assert results.find_draws(tmp_path, other, overwrite=True) is None


def test_an_earlier_version_left_nothing_to_overwrite(tmp_path):
    a_manifest().write(tmp_path)
    with pytest.raises(RunError, match="measured otherwise; move it away, or choose another"):
        results.find_draws(tmp_path, a_manifest(definitions=2), overwrite=False)


def test_a_folder_of_something_else_is_not_taken(tmp_path):
    (tmp_path / ".hidden").touch()
    assert results.find_draws(tmp_path, a_manifest(), overwrite=True) is None
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(RunError, match="is not empty and holds no predictions"):
        results.find_draws(tmp_path, a_manifest(), overwrite=True)


def test_beginning_anew_removes_the_cases_of_the_earlier_manifest_alone(tmp_path):
    manifest = a_manifest()
    manifest.add(a_case(tmp_path), {})
    for name in ("a", "b"):
        write_json(tmp_path / name / "row.json", {})
    manifest.write(tmp_path)
    results.begin(tmp_path, a_manifest(seed=6))
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["b"]
    assert results.read_manifest(tmp_path) == a_manifest(seed=6)


def test_tables_are_those_that_the_manifest_was_written_with(tmp_path):
    write_csv(tmp_path / "members.csv", [{"case": "a"}])
    results.require_one_set(tmp_path, a_manifest(files=None))
    files = {"members.csv": digest_of(tmp_path / "members.csv")}
    results.require_one_set(tmp_path, a_manifest(files=files))
    for wrong in ({}, {"members.csv": "ab"}, files | {"samples.csv": "ab"}):
        with pytest.raises(RunError, match=r"is not the table that manifest.json was written with"):
            results.require_one_set(tmp_path, a_manifest(files=wrong))


def test_what_is_asked_for_beside_other_processes_is_added(tmp_path):
    manifest = a_manifest()
    first, second, third = [a_case(tmp_path, name) for name in "abc"]
    manifest.ask_for([first, second])
    manifest.add(first, {})
    manifest.ask_for([first, third], is_alone=False)
    assert manifest.missing == ["b", "c"]
