"""What is known of the cases of a pool."""

from __future__ import annotations

import shutil

import nibabel
import numpy as np
import pytest

from tests.support.made import make_predictions, make_run
from tests.support.observers import Recorder
from tfuq.calibration.quality import Estimate
from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of
from tfuq.runs import results
from tfuq.workflows.query.pool import look_at, unlabelled


class Rules:
    """Expects a Dice of 0.5 of the ball, and of 0.75 of its core."""

    def estimate(self, part):
        expected = {"ball": 0.5, "core": 0.75}[part.name]
        return Estimate(expected=expected, lower=0, upper=1, bound=None)


@pytest.fixture(scope="module")
def made(balls, tmp_path_factory):
    """A run of balls, and predictions of four of them by no network."""
    run = make_run(tmp_path_factory.mktemp("made") / "run", "segmentation", balls)
    return run, make_predictions(run, "hybrid", most=4)


def test_what_is_labelled_in_the_data_set_is_not_asked_for_again(made, tmp_path):
    run, _ = made
    known = cases_of(run.config.data)
    new = Case(known[0].id, (tmp_path / "new.nii.gz",))
    assert unlabelled(run, [known[0], new]) == [new]


def test_a_copy_of_a_labelled_image_is_labelled_too(made, tmp_path):
    run, _ = made
    known = cases_of(run.config.data)[0]
    copy = Case("copy", (tmp_path / "copy.nii.gz",))
    shutil.copy(known.images[0], copy.images[0])
    link = Case("link", (tmp_path / "link.nii.gz",))
    link.images[0].symlink_to(copy.images[0])
    other = Case("other", (tmp_path / "other.nii.gz",))
    content = bytearray(copy.images[0].read_bytes())
    content[-1] ^= 1
    other.images[0].write_bytes(content)
    assert unlabelled(run, [copy, link, other]) == [other]


@pytest.mark.parametrize("rules", [None, Rules()])
def test_each_case_has_its_information_quality_and_features(made, rules):
    run, predictions = made
    manifest = results.read_manifest(predictions)
    cases = [case for case in cases_of(run.config.data) if case.id in manifest.cases]
    recorder = Recorder()
    pool = look_at(run, predictions, manifest, cases, rules, recorder)
    for case, information in zip(cases, pool.information, strict=True):
        values = nibabel.load(predictions / case.id / "mutual_information.nii.gz").get_fdata()
        assert information == pytest.approx(values.mean(), rel=1e-5)
    assert pool.features.shape[0] == 4
    assert len(pool.known) == len(pool.known_ids) == 0, "the run was trained on nothing"
    if rules is None:
        assert pool.quality is None
        assert pool.loss is None
    else:
        assert pool.quality.tolist() == [0.625] * 4
        assert pool.loss.tolist() == [0.375] * 4
    assert [event.case for event in recorder.events] == [case.id for case in cases]
    assert pool.name_of(1) == f"chosen case {cases[1].id}"


def test_features_of_training_cases_are_on_the_scale_of_the_pool(balls, tmp_path):
    run = make_run(tmp_path / "run", "segmentation", balls)
    predictions = make_predictions(run, "hybrid", most=2)
    manifest = results.read_manifest(predictions)
    cases = [case for case in cases_of(run.config.data) if case.id in manifest.cases]
    split = (run.path / "splits.json").read_text()
    (run.path / "splits.json").write_text(
        split.replace('"train": []', f'"train": ["{cases[0].id}"]').replace(
            f'    "{cases[0].id}",\n', ""
        )
    )
    pool = look_at(run, predictions, manifest, cases, None, Recorder())
    assert pool.known_ids == [cases[0].id]
    assert np.allclose(pool.known[0], pool.features[0])
    assert pool.name_of(0) == f"training case {cases[0].id}"
