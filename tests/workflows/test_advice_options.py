"""Options that a refusal proposes are taken, and the work goes on; runs are made without training."""

import re

import numpy as np
import pytest

from tests.conftest import settings
from tests.support.advice import TASKS
from tests.support.data_files import write_nifti_file
from tests.support.made import make_run
from tfuq.calibration.conformal import check_alpha
from tfuq.data.cases import Case, read_case_image, read_mask
from tfuq.data.writers import write_json
from tfuq.errors import DataError, RunError
from tfuq.prediction.calibration_cases import calibration_cases, calibration_source
from tfuq.prediction.cases import cases_of_test_split, input_cases, with_masks
from tfuq.runs import Run
from tfuq.sampling.posterior import check_method
from tfuq.workflows.calibrate import TASK_FITS, Choices, _check


@pytest.fixture
def run(balls, tmp_path):
    return make_run(tmp_path / "run", "segmentation", balls)


@pytest.fixture
def unlabelled(tmp_path):
    """A configuration that looks where a label says, and a case without one."""
    rng = np.random.default_rng(0)
    path = write_nifti_file(tmp_path / "a.nii", rng.random((4, 4, 4), np.float32))
    config = settings(tmp_path, preprocessing={"crop_to_labels": [1]})
    return config, Case("a", (path,))


@pytest.mark.parametrize("cases", [1, 2, 5, 8, 30, 97])
def test_a_larger_alpha(cases):
    with pytest.raises(DataError) as refused:
        check_alpha(0.001, cases)
    (proposed,) = re.findall(r"pass --alpha ([\d.]+) or more", str(refused.value))
    check_alpha(float(proposed), cases)
    with pytest.raises(DataError, match="too few"):
        check_alpha(float(proposed) - 0.002, cases)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", ["temperature", "vector"])
def test_a_scaling_of_the_task(task, kind, balls, digits, heads, tmp_path):
    root = {"segmentation": balls, "classification": digits, "landmarks": heads}[task]
    run = make_run(tmp_path / "run", task, root)
    cases = cases_of_test_split(run)
    choices = Choices(source="test:0.5", alpha=0.5, kind=kind)
    if kind in TASK_FITS[task].scalings:
        _check(run, cases, choices)
        return
    with pytest.raises(DataError, match=f"--scaling {kind}: serves .* alone") as refused:
        _check(run, cases, choices)
    proposed = re.search(r"takes --scaling (\w+)$", str(refused.value))
    assert proposed or "leave --scaling out" in str(refused.value)
    obeyed = proposed[1] if proposed else None
    _check(run, cases, Choices(source="test:0.5", alpha=0.5, kind=obeyed))


def test_calibration_cases_of_a_split_without(run):
    with pytest.raises(DataError, match="its split has no calibration cases") as refused:
        calibration_source(run)
    assert re.findall(r"--cases (\S+?)[, ]", str(refused.value)) == ["test:0.5"]
    assert len(calibration_cases(run, "test:0.5", seed=0)) == 3
    with pytest.raises(DataError, match=r"has no validation cases; .* as in --cases test:0.5"):
        calibration_cases(run, "validation", seed=0)
    write_json(run.path / "splits.json", {"train": [], "validation": ["ball_001"], "test": []})
    opened = Run(run.path, run.config)
    with pytest.raises(DataError, match=r"\(--cases validation is served too"):
        calibration_source(opened)
    assert len(calibration_cases(opened, "validation", seed=0)) == 1


def test_an_empty_test_split(run, balls):
    write_json(run.path / "splits.json", {"train": [], "validation": [], "test": []})
    opened = Run(run.path, run.config)
    with pytest.raises(DataError, match="the test split is empty; name files with --input"):
        cases_of_test_split(opened)
    files = tuple(sorted((balls / "imagesTr").iterdir()))
    assert len(input_cases(opened.config, 1, files, ())) == 6


def test_a_mask_for_a_case_without_a_label(unlabelled, tmp_path):
    config, case = unlabelled
    image = read_case_image(case)
    with pytest.raises(DataError, match="give it by --mask FILE_OR_FOLDER"):
        read_mask(config, case, image)
    inside = np.zeros((4, 4, 4), np.uint8)
    inside[1:3] = 1
    mask = write_nifti_file(tmp_path / "mask.nii", inside)
    (masked,) = with_masks(config, [case], mask)
    assert read_mask(config, masked, image).array.sum() == 32


def test_a_mask_of_a_run_that_looks_everywhere(unlabelled, tmp_path):
    _, case = unlabelled
    config = settings(tmp_path)
    with pytest.raises(DataError, match="so it takes no mask; leave --mask out"):
        with_masks(config, [case], case.images[0])
    assert read_mask(config, case, read_case_image(case)) is None


def test_a_run_without_dropout():
    with pytest.raises(RunError, match=r"set network.level_dropout and train again"):
        check_method("mc-dropout", trained_as="deterministic", members=1, has_dropout=False)
    check_method("mc-dropout", trained_as="deterministic", members=1, has_dropout=True)


@pytest.mark.parametrize(
    ("method", "trained_as", "members", "proposed", "members_then"),
    [
        ("ensemble", "deterministic", 1, "ensemble", 3),
        ("hybrid", "mc-dropout", 1, "hybrid", 3),
        ("vi", "deterministic", 1, "vi", 1),
        ("latent-code", "ensemble", 3, "latent-vi", 1),
    ],
)
def test_another_method_to_train(method, trained_as, members, proposed, members_then):
    with pytest.raises(RunError) as refused:
        check_method(method, trained_as=trained_as, members=members, has_dropout=True)
    assert re.findall(r"train with --method ([\w-]+)", str(refused.value)) == [proposed]
    check_method(method, trained_as=proposed, members=members_then, has_dropout=True)
