"""What training cases look like."""

import nibabel
import numpy as np
import pytest

from tests.conftest import settings, task_settings
from tests.support.data_files import write_nifti_file
from tfuq.data.cases import Case, read_label
from tfuq.data.layouts import cases_of
from tfuq.workflows.plan import fingerprint as module
from tfuq.workflows.plan.fingerprint import fingerprint_of


def test_the_balls_are_as_their_files_say(balls):
    config = settings(balls)
    cases = cases_of(config.data)
    found = fingerprint_of(config, cases, read_label)
    assert (found.cases, found.looked_at, found.channels, found.is_picture) == (6, 6, 1, False)
    assert found.size.tolist() == [18, 17, 15]
    assert found.spacings[0] == pytest.approx([np.hypot(1.5, 0.1)] * 2 + [2.0])
    labels = [nibabel.load(case.label).get_fdata().astype(int) for case in cases]
    counts = np.bincount(np.concatenate([label.ravel() for label in labels]))
    assert found.class_shares == pytest.approx(counts / counts.sum())
    assert found.present["ball_003"] == {0, 1, 2}


def test_quantiles_are_of_the_structures(balls):
    config = settings(balls)
    cases = cases_of(config.data)
    found = fingerprint_of(config, cases, read_label)
    inside = []
    for case in cases:
        label = nibabel.load(case.label).get_fdata()
        inside.append(nibabel.load(case.images[0]).get_fdata()[label > 0])
    assert found.quantiles[0] == pytest.approx(
        np.quantile(np.concatenate(inside), [0.005, 0.995]), rel=1e-5
    )


def test_a_region_that_is_cropped_to_is_what_counts(balls):
    config = settings(balls, preprocessing={"crop_to_labels": [1, 2]})
    found = fingerprint_of(config, cases_of(config.data), read_label)
    assert (found.size <= 11).all()  # a ball of radius 5


def test_axes_are_those_that_the_network_sees(tmp_path):
    """Two scans whose axes are in another order are brought to RAS."""
    rng = np.random.default_rng(0)
    affines = [np.diag([1.0, 2.0, 3.0, 1.0]), np.diag([1.0, 2.0, 3.0, 1.0])[[1, 0, 2, 3]]]
    shapes = [(4, 5, 6), (5, 4, 6)]
    cases = []
    for number, (shape, affine) in enumerate(zip(shapes, affines, strict=True)):
        array = rng.normal(size=shape).astype(np.float32)
        file_affine = affine if number == 0 else affines[0] @ np.eye(4)[[1, 0, 2, 3]]
        path = write_nifti_file(tmp_path / f"{number}.nii.gz", array, file_affine)
        cases.append(Case(str(number), (path,)))
    found = fingerprint_of(settings(tmp_path), cases, None)
    assert found.shapes.tolist() == [[4, 5, 6], [4, 5, 6]]
    assert found.spacings.tolist() == [[1, 2, 3], [1, 2, 3]]


@pytest.mark.parametrize(("lowest", "is_ct"), [(-1024.0, True), (-200.0, False)])
def test_air_tells_a_ct(tmp_path, lowest, is_ct):
    array = np.array([lowest, 40.0], np.float32).reshape(2, 1, 1)
    path = write_nifti_file(tmp_path / "a.nii.gz", array)
    found = fingerprint_of(settings(tmp_path), [Case("a", (path,))], None)
    assert found.is_ct is is_ct


def test_classes_of_pictures_are_known_of_every_case(digits, monkeypatch):
    monkeypatch.setattr(module, "MOST_CASES", 3)
    config = task_settings("classification", digits)
    cases = [case for case in cases_of(config.data) if case.has_reference]
    found = fingerprint_of(config, cases, None)
    assert (found.looked_at, found.cases) == (3, len(cases))
    assert found.class_shares == ()
    assert {case.id: {case.truth} for case in cases} == found.present
