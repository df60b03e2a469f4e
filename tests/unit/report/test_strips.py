"""One case at rising severity."""

import numpy as np
import pytest

from tfuq.report.strips import class_strip, differences, volume_strip

AFFINE = np.diag([1.0, 1.0, 1.0, 1.0])


def plane(entropy, **more):
    truth, label = np.zeros((2, 4, 5), np.uint8)
    truth[0, 0] = 1
    image = np.arange(20.0).reshape(4, 5)
    facts = {"image": image, "truth": truth, "label": label, "affine": AFFINE, "axis": np.array(2)}
    return facts | {"predictive_entropy": np.full((4, 5), entropy)} | more


def test_a_map_has_one_scale_and_is_shown_where_every_severity_has_it():
    ratio = np.full((4, 5), 0.5)
    examples = {0.0: plane(0.25, variation_ratio=ratio), 2.5: plane(0.5)}
    figure = volume_strip(examples, 2, "noise")
    panels = np.array(figure.axes[:8]).reshape(4, 2)
    assert [axes.get_title() for axes in panels[0]] == ["0", "2.5"]
    assert [axes.get_ylabel() for axes in panels[:, 0]] == [
        "image",
        "truth",
        "prediction",
        "predictive entropy",
    ]
    assert {axes.images[0].get_clim() for axes in panels[3]} == {(0.0, 0.5)}


def test_methods_side_by_side_have_their_names_and_what_all_have():
    more = {"agreement": np.ma.masked_equal(np.zeros((4, 5), int), 1)}
    more["mean_probability"] = np.full((4, 5), 0.75)
    examples = {"vi": plane(0.25, **more), "ensemble": plane(0.5, **more)}
    figure = volume_strip(examples, 2, "c", ("predictive_entropy", "variation_ratio"))
    panels = np.array(figure.axes[:12]).reshape(6, 2)
    assert [axes.get_title() for axes in panels[0]] == ["vi", "ensemble"]
    assert [axes.get_ylabel() for axes in panels[:, 0]] == [
        "image",
        "truth",
        "prediction",
        "agreement",
        "mean probability",
        "predictive entropy",
    ]
    assert len(panels[3, 0].images) == 2  # over the image
    assert panels[4, 1].images[0].get_clim() == (0, 1)


def test_differences_have_ratios_where_there_are_several_samples():
    figure = differences({0.0: plane(0.1)}, [[3, 1]], "noise")
    above, below = figure.axes
    assert above.get_xlabel() == "5.00% differ"
    assert below.get_xlabel() == "variation ratio\n(4 voxels)"
    np.testing.assert_allclose(below.patches[0].get_data().values, [0.75, 0.25])
    assert len(differences({0.0: plane(0.1)}, [None], "noise").axes) == 1


def test_a_picture_has_its_classes_and_votes():
    example = {
        "image": np.zeros((4, 5, 3)),
        "probability": np.array([0.2, 0.8]),
        "votes": np.array([0.4, 0.6]),
        "truth": np.array([0]),
    }
    above, below = class_strip({0.0: example}, ["cat", "dog"], "noise").axes
    assert above.get_xlabel() == "dog, truth cat"
    assert [bar.get_height() for bar in below.patches] == [0.4, 0.6]


def volume(entropy=0.5, **more):
    """A plane of 2×3 voxels; the patient's right is at the first row, so pictures are turned."""
    label = np.array([[0, 1, 1], [0, 0, 2]])
    truth = np.array([[0, 1, 1], [0, 2, 2]])
    arrays = {
        "image": label * 10.0,
        "truth": truth,
        "label": label,
        "predictive_entropy": np.full((2, 3), entropy),
        "affine": np.diag([-1.0, -1, 1, 1]),
        "axis": np.array(2),
    }
    return arrays | more


def test_the_share_of_differing_voxels_is_said_and_shown():
    figure = differences({0.0: volume()}, [[0, 3, 1, 0]], "noise")
    plane, ratios = figure.axes
    np.testing.assert_array_equal(plane.images[0].get_array(), [[0, 0], [0, 1], [0, 0]])
    assert plane.get_xlabel() == "16.67% differ"
    np.testing.assert_array_equal(ratios.patches[0].get_data().values, [0, 0.75, 0.25, 0])
    np.testing.assert_array_equal(ratios.patches[0].get_data().edges, [0, 0.25, 0.5, 0.75, 1])
    assert ratios.get_xlabel() == "variation ratio\n(4 voxels)"


@pytest.mark.parametrize(("counts", "rows"), [(None, 1), ([0, 0], 2)], ids=["none", "no voxels"])
def test_a_single_sample_has_no_ratios(counts, rows):
    figure = differences({0.0: volume(), 1.0: volume()}, [counts, counts], "noise")
    assert len(figure.axes) == 2 * rows


def test_colours_reach_from_the_darkest_to_the_brightest():
    image = np.stack([np.full((2, 2), value) for value in (-1.0, 1.0, 3.0)], -1)
    example = {"image": image, "probability": np.ones(1), "votes": np.ones(1)}
    figure = class_strip({1.0: example | {"truth": np.array([0])}}, ["cat"], "blur")
    np.testing.assert_allclose(figure.axes[0].images[0].get_array()[0, 0], [0, 0.5, 1])
