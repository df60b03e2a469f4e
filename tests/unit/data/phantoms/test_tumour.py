"""The phantom of a brain with a tumour: the official layout, and raters of known probabilities."""

import numpy as np
import pytest

from tfuq.data.cases import read_case_image, read_case_label
from tfuq.data.layouts import list_cases
from tfuq.data.phantoms import synthesize
from tfuq.data.phantoms.tumour import VALUES, tumour_phantom
from tfuq.data.readers import read

SMALL = (32, 32, 16)


@pytest.fixture(scope="module")
def brats(tmp_path_factory):
    root = tmp_path_factory.mktemp("brats")
    synthesize("brats-phantom", root, cases=6, seed=0, shape=SMALL)
    return root


def test_the_phantom_is_in_the_official_layout(brats):
    cases = list_cases("brats2018", brats)
    assert [case.id for case in cases] == [f"Brats18_PHANTOM_{n:03d}_1" for n in range(1, 7)]
    assert {case.label.parent.parent.name for case in cases} == {"HGG", "LGG"}
    assert [path.name.split("_")[-1] for path in cases[0].images] == [
        "flair.nii.gz",
        "t1.nii.gz",
        "t1ce.nii.gz",
        "t2.nii.gz",
    ]
    image = read_case_image(cases[0])
    assert image.array.shape == (*SMALL, 4)
    np.testing.assert_array_equal(
        image.affine, [[-1, 0, 0, 0], [0, -1, 0, 31], [0, 0, 1, 0], [0, 0, 0, 1]]
    )
    assert set(np.unique(read(cases[0].label).array)) == set(VALUES)
    label = read_case_label(cases[0], image, 4, {0: 0, 1: 1, 2: 2, 4: 3}).array
    assert (image.array[0, 0, 0] == 0).all()  # outside the brain, which is stripped
    middle = [
        np.argwhere(label == k) for k in (1, 3, 2)
    ]  # necrosis within enhancing tumour within oedema
    spread = [np.linalg.norm(places - places.mean(0), axis=1).mean() for places in middle]
    assert spread == sorted(spread)


def test_raters_of_a_tumour_follow_the_true_probabilities():
    phantoms = [tumour_phantom(np.random.default_rng(n), SMALL) for n in range(40)]
    labels, p = (
        np.stack([ph.raters for ph in phantoms]),
        np.stack([ph.probabilities for ph in phantoms]),
    )
    np.testing.assert_allclose(p.sum(-1), 1, atol=1e-5)
    for k, value in enumerate(VALUES):
        for low, high in ((0.2, 0.5), (0.5, 0.8)):
            there = (p[..., k] > low) & (p[..., k] < high)
            assert np.mean((labels == value).mean(1)[there]) == pytest.approx(
                p[..., k][there].mean(), abs=0.06
            )
