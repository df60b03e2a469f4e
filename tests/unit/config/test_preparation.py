"""How data are prepared: what sections of a configuration refuse."""

import pytest

from tests.support.refusals import assert_config_refused
from tfuq.config.preparation import orientation_name


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("preprocessing.window=[5, 1]", ["window", "lower bound below"]),
        ("preprocessing.outside_labels=-1.0", ["outside_labels needs crop_to_labels"]),
        (
            "preprocessing={spacing: [1.0, 1.0, 1.0], size: [8, 8, 8]}",
            ["spacing and size both resample"],
        ),
        (
            "augmentation.perturbations={blur: {range: [2.0, 1.0]}}",
            ["augmentation.perturbations.blur", "range [2.0, 1.0] must begin with its lower end"],
        ),
        ("augmentation.perturbations={blur: {range: [1.0]}}", ["perturbations.blur.range: List"]),
        (
            "augmentation.perturbations={blur: {often: 1.0, range: [1.0, 2.0]}}",
            ["unknown key 'augmentation.perturbations.blur.often'; remove it"],
        ),
        ("augmentation.elastic_probability=0.5", ["elastic_probability serves elastic"]),
        ("augmentation.scale=1.0", ["augmentation.scale", "less than 1"]),
    ],
)
def test_bad_values_are_refused_by_name(override, words):
    assert_config_refused(override, *words)


@pytest.mark.parametrize("name", ["RAS", "LPS", "SRA"])
def test_an_orientation_has_each_direction_once(name):
    assert orientation_name(name) == name


@pytest.mark.parametrize("name", ["RAL", "RA", "ras", "RASS", "XYZ"])
def test_what_is_no_orientation_is_refused(name):
    with pytest.raises(ValueError, match="must have a letter each of LR, PA, IS"):
        orientation_name(name)
