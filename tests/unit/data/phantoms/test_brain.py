"""The brain phantom is what it says: its probabilities are those of its raters, its files those of the layouts."""

import numpy as np
import pytest

from tfuq.data.cases import read_case_image, read_case_label
from tfuq.data.layouts import list_cases
from tfuq.data.phantoms import synthesize
from tfuq.data.phantoms.brain import SHAPE, brain_phantom
from tfuq.data.readers import read


def test_raters_follow_the_true_probabilities():
    phantom = brain_phantom(np.random.default_rng(0), raters=400)
    p = phantom.probabilities
    np.testing.assert_allclose(p.sum(-1), 1, atol=1e-5)
    for k in range(4):
        share = (phantom.raters == k).mean(0)
        # Raters err together over smooth patches, but a voxel's share over raters is binomial.
        z = (share - p[..., k]) / np.sqrt(np.maximum(p[..., k] * (1 - p[..., k]), 1e-3) / 400)
        assert np.abs(z).mean() < 1
        assert np.abs(share - p[..., k]).max() < 0.15


def test_one_rater_is_smooth_and_raters_differ():
    phantom = brain_phantom(np.random.default_rng(1))
    assert phantom.raters.shape == (4, *SHAPE)
    assert set(np.unique(phantom.raters)) == {0, 1, 2, 3}
    assert (phantom.raters[0] != phantom.raters[1]).mean() > 0.005
    independent = np.random.default_rng(0).random(SHAPE)[..., None] < np.cumsum(
        phantom.probabilities, -1
    )
    flips = [
        np.mean(np.diff(labels.astype(int), axis=0) != 0)
        for labels in (phantom.raters[0], independent.argmax(-1))
    ]
    assert flips[0] < flips[1]


@pytest.mark.parametrize(
    ("name", "layout", "modalities", "values", "stem"),
    [
        ("brain-decathlon", "decathlon", 2, None, "brain_001"),
        ("brain-iseg2017", "iseg2017", 2, {0: 0, 10: 1, 150: 2, 250: 3}, "subject-1"),
        ("brain-mrbrains", "mrbrains2013", 3, {0: 0, 5: 1, 1: 2, 3: 3}, "1"),
    ],
)
def test_files_are_in_the_official_layout(tmp_path, name, layout, modalities, values, stem):
    synthesize(name, tmp_path / "a", cases=2, seed=3)
    cases = list_cases(layout, tmp_path / "a")
    assert len(cases) == 2
    image = read_case_image(cases[0])
    assert image.array.shape == (*SHAPE, modalities)
    np.testing.assert_allclose(image.spacing, 2)
    label = read_case_label(cases[0], image, 4, values).array
    assert set(np.unique(label)) == {0, 1, 2, 3}
    np.testing.assert_array_equal(
        read(tmp_path / "a" / "raters" / "rater-01" / f"{stem}.nii.gz").array, label
    )
    p = read(tmp_path / "a" / "probabilities" / f"{stem}.nii.gz").array
    assert (p.argmax(-1) == label).mean() > 0.9
    synthesize(name, tmp_path / "b", cases=2, seed=3)
    files = sorted(
        f.relative_to(tmp_path / "a") for f in (tmp_path / "a").rglob("*") if f.is_file()
    )
    assert all(
        (tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files
    )
