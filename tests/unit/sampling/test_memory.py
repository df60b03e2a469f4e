"""TensorFlow's error of full memory, as Python's."""

import pytest
import tensorflow as tf

from tfuq.sampling.memory import memory_errors


def test_tensors_that_do_not_fit_are_an_error_of_memory_in_one_short_line():
    text = "OOM when\nallocating   tensor" + " with shape" * 100
    with pytest.raises(MemoryError) as error, memory_errors():
        raise tf.errors.ResourceExhaustedError(None, None, text)
    assert str(error.value).startswith("OOM when allocating tensor with shape")
    assert len(str(error.value)) == 200


@pytest.mark.parametrize("kind", [ValueError, tf.errors.InvalidArgumentError])
def test_other_errors_pass_as_they_are(kind):
    arguments = ("wrong",)
    if kind is not ValueError:
        arguments = (None, None, "wrong")
    with pytest.raises(kind, match="wrong"), memory_errors():
        raise kind(*arguments)
