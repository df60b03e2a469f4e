"""Names of methods with test-time augmentation."""

import pytest

from tfuq.config.methods import (
    TTAS,
    base_method,
    method_options,
    transforms_of,
    tta_of,
    with_tta,
)


@pytest.mark.parametrize("tta", TTAS)
def test_a_name_has_both_parts(tta):
    name = with_tta("latent-vi", tta)
    assert (base_method(name), tta_of(name)) == ("latent-vi", tta)


def test_a_name_says_which_transforms():
    assert transforms_of("vi") == ()
    assert transforms_of("vi+flips+affine") == ("flips", "affine")


def test_options_of_a_command():
    assert method_options("vi") == "--method vi"
    assert method_options("vi+flips") == "--method vi --tta flips"
