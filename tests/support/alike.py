"""Statistics of samples that are equal up to rounding."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

# Made of the most probable class: where two are as probable, rounding decides.
_OF_CHOSEN_CLASS = ("masks", "variation_ratio", "standard_deviation")
_TIES = 1e-3  # the most values that may be decided otherwise, as a share


def assert_alike(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    """Fail where statistics of the same samples, computed in two ways, are further apart than 1e-4."""
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        other = found[name]
        assert other.dtype == values.dtype, name
        assert other.shape == values.shape, name
        if name == "masks":
            values, other = np.unpackbits(values), np.unpackbits(other)
        if name in _OF_CHOSEN_CLASS:
            is_near = np.isclose(other, values, rtol=0, atol=1e-4)
            assert np.mean(~is_near) < _TIES, name
        else:
            np.testing.assert_allclose(other, values, atol=1e-4, err_msg=name)
