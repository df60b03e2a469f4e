"""What a run can serve of a plan."""

from pathlib import Path

import pytest

from tests.conftest import settings, task_settings
from tfuq import runs
from tfuq.errors import ConfigError
from tfuq.workflows.shift.checking import check
from tfuq.workflows.shift.plan import Plan

HEAD = Path("ct.nii.gz")


@pytest.fixture
def run(tmp_path):
    """``run(task, channels)``: a run that was never trained."""

    def make(task, channels=1):
        config = settings(tmp_path) if task == "segmentation" else task_settings(task, tmp_path)
        facts = {"channels": channels, "statistics": None}
        split = {"train": [], "validation": [], "test": []}
        return runs.create(tmp_path / "run", config, split, facts)

    return make


def plan(name, **more):
    return Plan(perturbation=name, severities=(1.0,), **more)


@pytest.mark.parametrize(
    ("task", "channels", "asked"),
    [
        ("segmentation", 1, plan("noise")),
        ("segmentation", 2, plan("missing-modality", channel=1)),
        ("landmarks", 1, plan("rotation", head=HEAD)),
    ],
)
def test_what_the_run_serves_is_taken(run, task, channels, asked):
    check(asked, run(task, channels))


@pytest.mark.parametrize(
    ("task", "channels", "asked", "words"),
    [
        ("landmarks", 1, plan("noise", head=HEAD), "a head is turned by rotation .* not by noise"),
        ("segmentation", 1, plan("rotation", head=HEAD), "--head-ct ct.nii.gz: a head is turned"),
        ("segmentation", 2, plan("missing-modality"), "missing-modality: needs --channel"),
        ("segmentation", 2, plan("noise", channel=0), "--channel 0: perturbation noise takes no"),
        ("segmentation", 1, plan("missing-modality", channel=0), "the images have one channel"),
        ("segmentation", 2, plan("missing-modality", channel=2), "2"),
    ],
)
def test_what_it_does_not_serve_is_refused(run, task, channels, asked, words):
    with pytest.raises(ConfigError, match=words):
        check(asked, run(task, channels))
