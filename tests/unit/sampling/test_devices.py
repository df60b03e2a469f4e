"""The device that samples, and how processes share it."""

from types import SimpleNamespace

import pytest
import tensorflow as tf

from tfuq.errors import ConfigError
from tfuq.sampling import devices

GPUS = [SimpleNamespace(name=f"/physical_device:GPU:{index}") for index in range(2)]


@pytest.fixture
def chosen(monkeypatch):
    """A machine with two GPUs; what is chosen of it, and which of them grow."""
    record = SimpleNamespace(visible=GPUS, growing=[])
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: GPUS)
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: record.visible)

    def see(visible, kind):
        record.visible = visible

    def grow(gpu, enabled):
        record.growing.append(gpu)

    monkeypatch.setattr(tf.config, "set_visible_devices", see)
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", grow)
    return record


@pytest.mark.parametrize(
    ("device", "visible"),
    [("cpu", []), ("cpu:1", []), ("gpu:1", GPUS[1:]), (None, GPUS)],
)
def test_a_device_is_the_only_one_and_its_memory_is_shared(chosen, device, visible):
    devices.use_device(device)
    assert chosen.visible == visible
    assert chosen.growing == visible
    assert devices.has_gpu() == bool(visible)


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("gpu:0,1", "is not one device; use cpu or gpu:0"),
        ("cpu:2", "is not one device"),
        ("gpu:2", "this machine has cpu, gpu:0, gpu:1; use one that it has"),
    ],
)
def test_other_devices_are_refused(chosen, device, words):
    with pytest.raises(ConfigError, match=f"--devices {device}: .*{words}"):
        devices.use_device(device)


def test_a_device_cannot_be_chosen_later(chosen, monkeypatch):
    def refuse(*arguments):
        raise RuntimeError("cannot be modified once initialized")

    monkeypatch.setattr(tf.config, "set_visible_devices", refuse)
    with pytest.raises(ConfigError, match="already started in this process"):
        devices.use_device("cpu")
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", refuse)
    devices.share_gpus()


def test_gpus_do_not_round_what_they_multiply(chosen):
    enabled = tf.config.experimental.tensor_float_32_execution_enabled
    try:
        devices.use_full_float32()
        assert not enabled()
        tf.config.experimental.enable_tensor_float_32_execution(True)
        devices.use_device("cpu")
        devices.use_full_float32()
        assert enabled()
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(True)
