"""The table of layouts."""

import inspect

import pytest

from tfuq.data.layouts import PHANTOM_LAYOUTS
from tfuq.data.layouts.registry import LAYOUTS
from tfuq.errors import ConfigError


def test_layouts_are_those_of_the_documentation():
    assert set(LAYOUTS) == {
        "brats2018",
        "cephalometric2015",
        "decathlon",
        "files",
        "folder",
        "idx",
        "image-folders",
        "image-table",
        "iseg2017",
        "landmark-table",
        "mrbrains2013",
        "nnunet",
    }


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_a_layout_takes_the_folder_first(name):
    first = next(iter(inspect.signature(LAYOUTS[name]).parameters))
    assert first == "root"


def test_phantoms_are_written_in_a_layout():
    assert {layout.written_as for layout in PHANTOM_LAYOUTS.values()} <= set(LAYOUTS)


def test_an_unknown_layout_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"unknown data.layout 'foldr'; did you mean 'folder'"):
        LAYOUTS["foldr"]
