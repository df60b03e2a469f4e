"""Arrays are read when they are asked for."""

import numpy as np
import pytest

from tfuq.data.lazy_arrays import LazyArrays


def test_only_what_is_asked_for_is_read():
    asked = []

    def read(name):
        asked.append(name)
        return np.full(2, len(name))

    arrays = LazyArrays(["a", "bb"], read)
    assert (list(arrays), len(arrays), "a" in list(arrays)) == (["a", "bb"], 2, True)
    assert not asked
    np.testing.assert_array_equal(arrays["bb"], [2, 2])
    assert [int(array[0]) for array in arrays.values()] == [1, 2]
    assert asked == ["bb", "a", "bb"]
    with pytest.raises(KeyError):
        arrays["c"]
