"""What a study of shift is to do."""

from pathlib import Path

import pytest

from tfuq.workflows.shift.plan import Plan


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({}, "noise"),
        ({"channel": 0}, "noise-0"),
        ({"head": Path("ct/head.nii.gz")}, "noise-head"),
        ({"head": Path("head.nii"), "channel": 1}, "noise-head"),
    ],
)
def test_a_study_has_a_folder_of_its_own(more, name):
    assert Plan(perturbation="noise", severities=(1.0,), **more).name == name


@pytest.mark.parametrize(
    ("severities", "measured"),
    [((1.0, 3.0), [0.0, 1.0, 3.0]), ((0.0, 0.5), [0.0, 0.5]), ((-30.0, 30.0), [-30.0, 0.0, 30.0])],
)
def test_the_unperturbed_cases_are_always_measured_once(severities, measured):
    assert Plan(perturbation="noise", severities=severities).measured == measured


def test_figures_are_named_after_what_is_done():
    plain = Plan(perturbation="rotation", severities=(1.0,))
    assert plain.meaning == "rotation: the angle in degrees, clockwise on a picture"
    assert plain.axis == "angle (°)"
    head = Plan(perturbation="rotation", severities=(1.0,), head=Path("ct/skull.nii.gz"))
    assert head.meaning == "skull: a head turned about its long axis, seen from the side"
    assert head.axis == "turn of the head (°)"
