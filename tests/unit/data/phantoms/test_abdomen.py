"""The phantom of the abdomen: a CT with a liver whose raters follow known probabilities."""

import json

import numpy as np
import pytest

from tfuq.data.cases import read_case_image, read_case_label
from tfuq.data.layouts import list_cases
from tfuq.data.phantoms import synthesize
from tfuq.data.phantoms.abdomen import abdomen_phantom
from tfuq.data.readers import read

SHAPE = (32, 32, 24)


@pytest.fixture(scope="module")
def livers(tmp_path_factory):
    root = tmp_path_factory.mktemp("livers")
    synthesize("liver-phantom", root, cases=6, seed=0, shape=SHAPE)
    return root


def test_the_phantom_is_a_ct_in_the_decathlons_layout(livers):
    index = json.loads((livers / "dataset.json").read_text())
    assert index["labels"] == {"0": "background", "1": "liver", "2": "cancer"}
    cases = list_cases("decathlon", livers)
    assert len(cases) == 6
    for case in cases:
        image = read_case_image(case)
        label = read_case_label(case, image, 3, None).array
        np.testing.assert_allclose(image.spacing, [10, 10, 10])
        assert np.median(image.array[label == 1]) == pytest.approx(110, abs=12)
        assert np.median(image.array[label == 2]) == pytest.approx(70, abs=15)
        assert image.array.min() < -950  # air
        assert image.array.max() > 300  # spine
        p = read(livers / "probabilities" / f"{case.id}.nii.gz").array
        assert (p.argmax(-1) == label).mean() > 0.93


def test_raters_of_a_liver_follow_the_true_probabilities():
    phantoms = [abdomen_phantom(np.random.default_rng(n), SHAPE) for n in range(30)]
    labels, p = (
        np.stack([ph.raters for ph in phantoms]),
        np.stack([ph.probabilities for ph in phantoms]),
    )
    for k in range(3):
        for low, high in ((0.2, 0.5), (0.5, 0.8)):
            there = (p[..., k] > low) & (p[..., k] < high)
            assert np.mean((labels == k).mean(1)[there]) == pytest.approx(
                p[..., k][there].mean(), abs=0.06
            )
