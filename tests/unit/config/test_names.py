"""Names of classes, channels and folders, as configurations may have them."""

import pydantic
import pytest

from tfuq.config.names import ChannelName, ClassName, FolderName, LabelFolder, sides_of


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
    ("name", "axes"),
    [
        ("left kidney", {"RL"}),
        ("Kidney_R", {"RL"}),
        ("hippocampus-rt", {"RL"}),
        ("Right-Lung", {"RL"}),
        ("anterior", {"AP"}),
        ("upper left lobe", {"RL", "SI"}),
        ("liver", set()),
        ("grey matter", set()),
        ("cleft", set()),
        ("bright spot", set()),
    ],
)
def test_names_tell_sides(name, axes):
    assert sides_of(["background", name]) == axes
