"""How much memory a file may make tfuq take."""

import psutil
import pytest

from tfuq.data import budget
from tfuq.data.budget import (
    MemoryShortageError,
    free_memory,
    limit_memory,
    parse_size,
    require_memory,
)
from tfuq.errors import ConfigError


@pytest.fixture
def unlimited():
    yield
    limit_memory(None)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GB", 4 * 2**30),
        ("512 MiB", 2**29),
        ("1.5k", 1536),
        ("7", 7),
        (" 2T ", 2**41),
        ("17179869184", 2**34),
        ("1180591620717411303424", 2**70),
    ],
)
def test_units_are_of_1024(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "0.0001", "-1G", "G", "1 G B", "inf", "1e3"])
def test_what_is_no_size_above_zero_is_refused(text):
    with pytest.raises(ConfigError, match="is no size above 0; write one such as 4GB"):
        parse_size(text)


def test_the_limit_is_of_all_that_the_process_takes(unlimited):
    limit_memory("1")
    assert free_memory() == 0
    limit_memory(None)
    assert free_memory() > 0
    present = psutil.Process().memory_info().rss
    limit_memory(str(present + 2**28))  # other threads of the process take and leave some
    assert free_memory() == pytest.approx(2**28, abs=2**26)


def test_the_least_that_machine_and_control_groups_leave_is_free(tmp_path, monkeypatch):
    (tmp_path / "own" / "memory").mkdir(parents=True)
    monkeypatch.setattr(budget, "_CONTROL_GROUPS", tmp_path)
    monkeypatch.setattr(budget, "_control_groups", lambda: ["own"])
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("10\n")
    (tmp_path / "own" / "memory.max").write_text("5000\n")
    (tmp_path / "own" / "memory.current").write_text("1000\n")
    assert free_memory() == 4000
    (tmp_path / "memory" / "own").mkdir(parents=True)  # of the first version
    (tmp_path / "memory" / "own" / "memory.limit_in_bytes").write_text("300\n")
    (tmp_path / "memory" / "own" / "memory.usage_in_bytes").write_text("100\n")
    assert free_memory() == 200
    (tmp_path / "own" / "memory.current").write_text("9000\n")
    assert free_memory() == 0


@pytest.mark.parametrize("shape", [(10, 10), (100,), (0, 10**9), ()])
def test_what_fits_passes(shape, monkeypatch):
    monkeypatch.setattr(budget, "free_memory", lambda: 400)
    require_memory(shape, 4)


def test_what_does_not_fit_is_told_with_its_sizes(monkeypatch):
    monkeypatch.setattr(budget, "free_memory", lambda: 2**21)
    words = r"2048×2048×3 pixels take 48 MB, more than the 2 MB of memory that are free"
    with pytest.raises(MemoryShortageError, match=words):
        require_memory([2048, 2048, 3], 4, "pixels")
    with pytest.raises(MemoryShortageError, match=r"take 1.86e[+]03 GB"):
        require_memory([1e6, 1e6], 2)
