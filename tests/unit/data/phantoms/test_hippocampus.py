"""The phantom of a hippocampus: an MR as large and as grey as those of the model that comes."""

import json

import numpy as np
import pytest

from tfuq.data.cases import read_case_image, read_case_label
from tfuq.data.layouts import list_cases
from tfuq.data.phantoms import synthesize
from tfuq.data.phantoms.hippocampus import SHAPE, hippocampus_phantom
from tfuq.data.readers import read


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("made")
    synthesize("hippocampus-phantom", root, cases=4, seed=0)
    return root


def test_the_phantom_is_an_mr_in_the_decathlons_layout(made):
    index = json.loads((made / "dataset.json").read_text())
    assert index["labels"] == {"0": "background", "1": "anterior", "2": "posterior"}
    cases = list_cases("decathlon", made)
    assert len(cases) == 4
    for case in cases:
        image = read_case_image(case)
        label = read_case_label(case, image, 3, None).array
        assert image.shape[:3] == SHAPE
        np.testing.assert_allclose(image.spacing, [1, 1, 1])
        assert np.median(image.array[label > 0]) == pytest.approx(560, rel=0.15)
        p = read(made / "probabilities" / f"{case.id}.nii.gz").array
        assert (p.argmax(-1) == label).mean() > 0.97


def test_anterior_lies_before_posterior():
    label = hippocampus_phantom(np.random.default_rng(0)).raters[0]
    front = {number: np.argwhere(label == number)[:, 1] for number in (1, 2)}
    assert front[2].max() < front[1].min()
    for number in (1, 2):
        assert 500 < len(front[number]) < 2500  # mm³


def test_raters_of_a_hippocampus_follow_the_true_probabilities():
    phantoms = [hippocampus_phantom(np.random.default_rng(number)) for number in range(20)]
    labels = np.stack([phantom.raters for phantom in phantoms])
    p = np.stack([phantom.probabilities for phantom in phantoms])
    for number in (1, 2):
        for low, high in ((0.2, 0.5), (0.5, 0.8)):
            is_between = (p[..., number] > low) & (p[..., number] < high)
            share = np.mean((labels == number).mean(1)[is_between])
            assert share == pytest.approx(p[..., number][is_between].mean(), abs=0.06)
