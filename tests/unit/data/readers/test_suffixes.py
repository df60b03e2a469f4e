"""How the names of files end that tfuq reads."""

import pytest

from tfuq.data.readers.suffixes import READABLE_SUFFIXES, is_plain_image


def test_a_suffix_is_of_one_format():
    assert len(set(READABLE_SUFFIXES)) == len(READABLE_SUFFIXES)


@pytest.mark.parametrize(
    ("name", "expected"), [("a.png", True), ("a.JPEG", True), ("a.nii.gz", False), ("png", False)]
)
def test_a_plain_image_is_told_by_its_name(name, expected, tmp_path):
    assert is_plain_image(tmp_path / name) == expected
