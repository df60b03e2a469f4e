"""What this machine's processors compute in."""

from types import SimpleNamespace

import pytest
import tensorflow as tf

from tfuq.errors import ConfigError
from tfuq.sampling import processors

GPU = SimpleNamespace(name="/physical_device:GPU:0")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with the features of a processor, and GPUs of a capability."""

    def made(flags=None, capability=None):
        path = tmp_path / "cpuinfo"
        if flags is not None:
            path.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
        monkeypatch.setattr(processors, "_CPUINFO", path)
        gpus = [GPU] if capability else []
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
        details = {"compute_capability": capability}
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda device: details)

    return made


@pytest.mark.parametrize(
    "machine_is",
    [{"flags": "fpu avx512_bf16 sse"}, {"flags": "amx_bf16"}, {"flags": "", "capability": (8, 0)}],
)
def test_bfloat16_is_taken_where_there_are_instructions(machine, machine_is):
    machine(**machine_is)
    processors.require_precision("bfloat16")


@pytest.mark.parametrize(
    ("machine_is", "words"),
    [
        ({"flags": "fpu avx512f avx512_bf16x"}, "this processor has none of avx512_bf16, amx_bf16"),
        ({}, "/proc/cpuinfo is missing"),
        ({"flags": "avx512_bf16", "capability": (7, 5)}, "GPU:0 has compute capability 7.5"),
    ],
)
def test_bfloat16_is_refused_where_there_are_none(machine, machine_is, words):
    machine(**machine_is)
    with pytest.raises(
        ConfigError, match=r"precision bfloat16: .*pass --precision float32"
    ) as error:
        processors.require_precision("bfloat16")
    assert words in str(error.value)


def test_float32_needs_nothing(machine):
    machine()
    processors.require_precision("float32")


@pytest.mark.parametrize(
    ("machine_is", "has_gpus", "policy"),
    [
        ({"flags": "avx512_bf16"}, False, "mixed_bfloat16"),
        ({"flags": "", "capability": (8, 0)}, True, "mixed_bfloat16"),
        ({"flags": "", "capability": (7, 5)}, True, "mixed_float16"),
    ],
)
def test_training_mixes_what_the_device_computes_in(machine, machine_is, has_gpus, policy):
    machine(**machine_is)
    assert processors.mixed_policy(has_gpus=has_gpus) == policy


@pytest.mark.parametrize(
    ("machine_is", "has_gpus", "words"),
    [
        ({"flags": "avx2"}, False, "this processor has none of avx512_bf16, amx_bf16"),
        ({"flags": "avx512_bf16", "capability": (6, 1)}, True, "6.1, and 7.0 is needed"),
        ({"flags": "avx2", "capability": (8, 0)}, False, "this processor has none of"),
    ],
)
def test_training_does_not_mix_where_that_saves_nothing(machine, machine_is, has_gpus, words):
    machine(**machine_is)
    remedy = "set training.precision: float32"
    with pytest.raises(ConfigError, match=f"training.precision mixed: .*; {remedy}") as error:
        processors.mixed_policy(has_gpus=has_gpus)
    assert words in str(error.value)
