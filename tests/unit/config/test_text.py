"""YAML to plain values and back: safe, bounded, with numbers as people write them."""

import time

import pytest

from tfuq.config.text import read_yaml, write_yaml
from tfuq.errors import ConfigError

SECONDS = 5.0  # most that a refusal may take; each took longer before it was bounded


@pytest.mark.parametrize("text", [
    "0x" + "f" * 5000, "0o" + "7" * 6000, "!!int 0b" + "1" * 5000, "9" * 4000,
], ids=["hexadecimal", "octal", "binary", "decimal"])  # fmt: skip
def test_integers_that_cannot_be_written_out_are_refused(text):
    with pytest.raises(ConfigError, match=r"number|digits"):
        read_yaml(f"value: {text}", "a.yaml")


@pytest.mark.parametrize("text", ["a: [" + "a," * 500_000 + "]", "{}," * 300_000, "[" * 30_000, "".join(f"{' ' * n}a:\n" for n in range(3000))],
                         ids=["values", "mappings", "brackets", "keys"])  # fmt: skip
def test_yaml_of_many_values_is_refused_while_it_is_read(text):
    started = time.process_time()
    with pytest.raises(ConfigError, match=r"values|nested|not valid YAML"):
        read_yaml(text, "a.yaml")
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    "text", ["!!bool x", "!!int x", "!!int 1:1", "!!float 1:1", "!!timestamp x", "9" * 6000]
)
def test_yaml_with_a_wrong_tag_is_refused(text):
    with pytest.raises(ConfigError, match="not valid YAML"):
        read_yaml(text, "file")


def test_numbers_of_base_60_are_words():
    long = ":".join(["1"] * 100_000)
    assert read_yaml("1:1:1", "file") == "1:1:1"
    assert read_yaml(long, "file") == long


@pytest.mark.parametrize(
    "value", [12, -3, 0.5, 1e-3, 1500.0, "1:1", "012", "0b11", "1_000", "1e5", "+1", ".5", "x"]
)
def test_yaml_reads_back_what_it_wrote(value):
    found = read_yaml(write_yaml({"key": value}), "file")["key"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("-.5", -0.5), ("0x1f", 31), ("0o17", 15), ("1.", 1.0), ("", None)],
)
def test_numbers_are_those_of_yaml_1_2(text, value):
    found = read_yaml(text, "file")
    assert found == value
    assert type(found) is type(value)


def test_aliases_count_each_time_that_they_are_used():
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for n in range(1, 5):
        lines.append(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]")
    assert len(read_yaml("\n".join(lines[:3]), "file")["a2"]) == 10
    with pytest.raises(ConfigError, match="aliases stand for more than 20000 values"):
        read_yaml("\n".join(lines), "file")


def test_keys_keep_their_order():
    tree = {"z": 1, "a": {"y": [1, 2], "b": None}, "ä": "ö"}
    assert list(read_yaml(write_yaml(tree), "file")) == ["z", "a", "ä"]
    assert "ö" in write_yaml(tree)
