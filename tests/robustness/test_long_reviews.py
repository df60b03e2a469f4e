"""Reviews of many scans: killed and run again they end alike, and memory does not know how many there are."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from tests.conftest import files_of
from tests.support import killing
from tests.support.small_scans import write_scans
from tfuq.data.claims import SHARING
from tfuq.workflows.review.listing import LIST


def copied(run, folder):
    """A copy of the trained run."""
    return shutil.copytree(run.path, folder / "run")


@pytest.mark.slow
@pytest.mark.parametrize("count", [12, pytest.param(2000, marks=pytest.mark.slow)])
def test_scans_reviewed_through_two_kills_have_the_table_of_an_uninterrupted_review(
    count, trained, tfuq, tmp_path
):
    scans = write_scans(tmp_path / "scans", count)
    whole = copied(trained("mc-dropout"), tmp_path / "whole")
    killed = copied(trained("mc-dropout"), tmp_path / "killed")
    options = ("--input", scans, "--samples", 3)
    log = tmp_path / "log"
    first, second = np.random.default_rng(0).integers(2, count - 2, 2)
    predictions = killed / "predictions" / "mc-dropout-input"
    review = killed / "reviews" / "mc-dropout-input"
    lists = predictions / SHARING / "lists"
    killing.kill_at_line(first + 1, lists, "review", killed, *options, log=log)
    assert not review.exists()
    out = ("--out", predictions)
    assert tfuq("predict", killed, *options, *out).exit_code == 0
    killing.kill_at_line(second + 1, review / LIST, "review", predictions, log=log)
    assert not (review / "review.csv").exists()
    assert tfuq("review", predictions).exit_code == 0
    assert tfuq("review", whole, *options).exit_code == 0
    ended = files_of(review)
    expected = files_of(whole / "reviews" / "mc-dropout-input")
    rows = expected["review.csv"].splitlines()
    assert len(rows) == 1 + 2 * count  # of two structures
    assert ended["review.csv"] == expected["review.csv"]
    ended = files_of(predictions)
    expected = files_of(whole / "predictions" / "mc-dropout-input")
    assert list(ended) == list(expected)
    manifests = [ended.pop("manifest.json"), expected.pop("manifest.json")]
    assert [name for name in ended if ended[name] != expected[name]] == []
    assert manifests[0].replace(b"/killed/", b"/whole/") == manifests[1]


@pytest.mark.slow
def test_the_memory_of_a_review_does_not_know_the_number_of_scans(trained, tmp_path):
    peaks = {}
    for count in (200, 2000):
        scans = write_scans(tmp_path / f"scans-{count}", count)
        run = copied(trained("mc-dropout"), tmp_path / str(count))
        command = ("review", run, "--input", scans, "--samples", 3)
        peaks[count] = killing.peak_memory(*command, log=tmp_path / "log")
    print(f"peak memory in MB by number of scans: {peaks}")
    assert peaks[2000] < peaks[200] + 40
