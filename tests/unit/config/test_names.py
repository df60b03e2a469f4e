"""Names of classes, channels and folders, as configurations may have them."""

import pydantic
import pytest

from tfuq.config.names import ChannelName, ClassName, FolderName, LabelFolder, has_sides


def taken(kind, name):
    return pydantic.TypeAdapter(kind).validate_python(name)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (ClassName, "left hippocampus"),
        (ChannelName, "0000"),
        (FolderName, "label"),
        (LabelFolder, "image/labels/final"),
    ],
)
def test_names_are_taken_as_they_are(kind, name):
    assert taken(kind, name) == name


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        (ClassName, "a\nb", "no line end"),
        (ClassName, "", "at least 1 character"),
        (ChannelName, 0, "put its digits in quotes"),
        (ChannelName, "a/b", "match pattern"),
        (FolderName, "a/b", "match pattern"),
        (LabelFolder, "../label", "a folder below data.root"),
        (LabelFolder, "/label", "a folder below data.root"),
    ],
)
def test_other_names_are_refused(kind, name, words):
    with pytest.raises(pydantic.ValidationError, match=words):
        taken(kind, name)


@pytest.mark.parametrize(
    ("name", "sides"),
    [
        ("left kidney", True),
        ("Kidney_R", True),
        ("hippocampus-rt", True),
        ("Right-Lung", True),
        ("anterior", True),
        ("liver", False),
        ("grey matter", False),
        ("cleft", False),
        ("bright spot", False),
    ],
)
def test_names_tell_sides(name, sides):
    assert has_sides(["background", name]) is sides
