"""How many windows a GPU sees at once."""

import pytest
import tf_keras

from tests.conftest import settings
from tfuq.sampling import chunk_size as sizes
from tfuq.sampling.members import build_member, windowed


@pytest.fixture
def on_gpu(monkeypatch):
    """``on_gpu(bytes)``: a GPU of so much memory is said to be there."""
    return lambda memory: monkeypatch.setattr(sizes, "gpu_memory", lambda: memory)


def chunk_of(tmp_path, chunk, rank=3, *, with_xla=True):
    config = settings(tmp_path, "mc-dropout", rank, prediction={"chunk": chunk})
    model = build_member(config, channels=1)
    return windowed(config, model, keep=0, with_xla=with_xla).chunk


def test_a_window_takes_what_its_maps_take():
    image = tf_keras.Input((8, 6, 1))
    x = tf_keras.layers.Conv2D(3, 3, padding="same")(image)
    model = tf_keras.Model(image, tf_keras.layers.MaxPool2D(2)(x))
    assert sizes.window_bytes(model) == 4 * (48 * 3 + 12 * 3)


@pytest.mark.parametrize(("windows", "chunk"), [(0, 1), (1, 1), (13, 8), (16, 16), (10_000, 64)])
def test_auto_takes_a_quarter_of_the_memory(tmp_path, on_gpu, windows, chunk):
    config = settings(tmp_path, "mc-dropout", 3, prediction={"chunk": "auto"})
    model = build_member(config, channels=1)
    on_gpu(4 * windows * sizes.window_bytes(model) + 3)
    assert sizes.chunk_size(config, model) == chunk


@pytest.mark.slow
def test_without_auto_memory_changes_nothing(tmp_path, on_gpu):
    on_gpu(10**12)
    assert chunk_of(tmp_path, "auto") == 64
    assert chunk_of(tmp_path, None) == 1
    assert chunk_of(tmp_path, 3) == 3


def test_a_cpu_has_the_chunk_of_before(tmp_path, on_gpu):
    on_gpu(10**12)
    assert chunk_of(tmp_path, "auto", with_xla=False) == 1
    on_gpu(0)
    assert chunk_of(tmp_path, "auto", 2) == chunk_of(tmp_path, None, 2)


def test_a_machine_without_a_gpu_has_no_memory_of_one():
    assert sizes.gpu_memory() == 0
