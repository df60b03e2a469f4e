"""A calibration whose cases were sampled by several calls is the calibration of one."""

import shutil

import numpy as np
import pytest

from tests.support.observers import Recorder
from tfuq.calibration.records import calibration_path
from tfuq.calibration.risk_control import THRESHOLDS
from tfuq.data.events import CasesSampled
from tfuq.errors import RunError
from tfuq.execution import PartDoneError, Serial
from tfuq.execution.serial import Part
from tfuq.prediction import calibration_cases, request_of
from tfuq.runs import open_run
from tfuq.workflows.calibrate import Choices, calibrate
from tfuq.workflows.calibrate.slices import Gathering, gather_slice


@pytest.fixture
def own_run(trained, trained_task, tmp_path):
    """``own_run(task)``: a copy of a trained run."""

    def make(task):
        source = (
            trained("mc-dropout") if task == "segmentation" else trained_task(task, "mc-dropout")
        )
        return open_run(shutil.copytree(source.path, tmp_path / task))

    return make


def calibrated(run, executor, observer):
    """The bytes of a calibration on the test cases."""
    request = request_of(run.config, "mc-dropout", 2, 0)
    cases = calibration_cases(run, "test:0.9", 0)
    choices = Choices(source="test:0.9", alpha=0.4)
    _, path = calibrate(
        run, request, cases, choices, executor=executor, observer=observer, overwrite=True
    )
    return path.read_bytes()


def slices_of(run):
    return list((calibration_path(run, "mc-dropout").parent / ".slices").glob("*.npz"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "task",
    [
        "segmentation",
        "classification",
        "landmarks",
    ],
)
def test_parts_make_what_one_process_makes(own_run, task):
    run = own_run(task)
    whole = calibrated(run, Serial(), Recorder())
    for index in range(2):
        with pytest.raises(PartDoneError):
            calibrated(run, Part(index, 2), Recorder())
    recorder = Recorder()
    assert calibrated(run, Serial(), recorder) == whole
    assert recorder.events == []  # nothing was sampled again
    assert slices_of(run) == []


@pytest.mark.slow
def test_what_a_part_has_left_is_sampled_and_a_damaged_slice_is_named(own_run):
    run = own_run("segmentation")
    with pytest.raises(PartDoneError):
        calibrated(run, Part(0, 2), Recorder())
    damaged = slices_of(run)[0]
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-40])
    with pytest.raises(RunError, match=f"{damaged.name}: cannot be read as arrays .* remove it"):
        calibrated(run, Serial(), Recorder())
    damaged.write_bytes(content)
    recorder = Recorder()
    calibrated(run, Serial(), recorder)
    sampled = [event for event in recorder.events if isinstance(event, CasesSampled)]
    cases = calibration_cases(run, "test:0.9", 0)
    assert [event.description for event in sampled] == [case.id for case in cases[1::2]]


def test_a_slice_is_sampled_without_the_others(own_run, tmp_path):
    run = own_run("segmentation")
    request = request_of(run.config, "mc-dropout", 2, 0)
    choices = Choices(source="test:0.9", alpha=0.4)
    gathering = Gathering(run=run.path, request=request, choices=choices)
    recorder = Recorder()
    cases = calibration_cases(run, "test:0.9", 0)[1:2]
    gather_slice(gathering, cases, tmp_path / "slice.npz", observer=recorder)
    assert [event.description for event in recorder.events] == [cases[0].id]
    with np.load(tmp_path / "slice.npz") as arrays:
        assert arrays["missed_0"].shape == (1, len(THRESHOLDS))
        assert cases[0].id in arrays["observed"].tobytes().decode()
