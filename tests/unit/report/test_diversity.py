"""The figure of an ensemble's diversity."""

import numpy as np

from tfuq.report.diversity import diversity_figure


def test_the_matrix_is_of_pairs_and_the_curves_are_within_their_range():
    pairs = [{"member": 0, "other": 1, "disagreement": 0.3}]
    curve = []
    for members, dice in ((1, 0.5), (2, 0.7)):
        row = {"members": members, "dice_gain": dice - 0.5, "nll_gain": 0.0}
        for name, value in (("dice", dice), ("nll", 1.0)):
            row |= {name: value, f"{name}_lowest": value - 0.1, f"{name}_highest": value + 0.1}
        curve.append(row)
    left, middle, right, _ = diversity_figure(pairs, curve).axes
    np.testing.assert_array_equal(
        np.ma.filled(left.images[0].get_array(), np.nan), [[np.nan, 0.3], [0.3, np.nan]]
    )
    assert middle.get_ylabel() == "dice"
    assert list(middle.lines[0].get_ydata()) == [0.5, 0.7]
    assert right.get_ylabel() == "nll (nat)"
    band = middle.collections[0].get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([band.min(), band.max()], [0.4, 0.8])
