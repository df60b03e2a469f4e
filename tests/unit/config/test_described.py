"""What a configuration leaves to a data set's description, and what it says against it."""

import pytest

from tests.conftest import settings
from tests.support.nnunet_sets import IGNORE, REGIONS, V2, write_description
from tfuq import config as configuration
from tfuq.config.described import complete
from tfuq.errors import ConfigError, DataError


def completed(root, **data):
    tree = {"root": str(root), **data}
    complete(tree, "config.yaml")
    return tree


def test_what_is_left_out_is_filled(tmp_path):
    write_description(tmp_path, V2, labels=IGNORE)
    tree = completed(tmp_path)
    assert tree["classes"] == ["background", "ball", "core"]
    assert tree["ignore_label"] == 3
    assert "label_values" not in tree


def test_values_with_gaps_become_label_values(tmp_path):
    write_description(tmp_path, V2, labels={"rest": 0, "a": 205, "b": 420})
    assert completed(tmp_path)["label_values"] == {0: 0, 205: 1, 420: 2}


def test_regions_are_filled_by_the_names_of_the_configuration(tmp_path):
    write_description(tmp_path, V2, labels=REGIONS, regions_class_order=[1, 2])
    assert completed(tmp_path)["regions"] == {"whole": ["whole_rest", "core"]}
    named = completed(tmp_path, classes=["background", "shell", "core"])
    assert named["regions"] == {"whole": ["shell", "core"]}


def test_label_values_say_what_the_values_stand_for(tmp_path):
    write_description(tmp_path, V2)
    joined = completed(tmp_path, classes=["rest", "ball"], label_values={0: 0, "1-2": 1})
    assert joined["classes"] == ["rest", "ball"]
    assert "regions" not in joined


@pytest.mark.parametrize(
    ("classes", "values"),
    [(["background", "ball"], None), (["background", "core"], {0: 0, 2: 1})],
)
def test_a_class_that_no_file_has_may_be_left_out(tmp_path, classes, values):
    """As is proposed where no training case has it; a file that has it after all is refused."""
    write_description(tmp_path, V2)
    assert completed(tmp_path, classes=classes).get("label_values") == values
    given = completed(tmp_path, classes=classes, label_values={0: 0, 2: 1})
    assert given["label_values"] == {0: 0, 2: 1}
    write_description(tmp_path, V2, labels=REGIONS, regions_class_order=[1, 2])
    assert completed(tmp_path, classes=["background", "core"])["regions"] == {"whole": ["core"]}


@pytest.mark.parametrize(
    ("labels", "data", "words"),
    [
        (V2["labels"], {"classes": ["background", "core", "ball"]}, "differ from"),
        (V2["labels"], {"classes": ["ball", "core"]}, "differ from"),
        (V2["labels"], {"classes": ["background", "bal"]}, "differ from"),
        (V2["labels"], {"classes": ["background", "ball", "ball"]}, "differ from"),
        (IGNORE, {"ignore_label": 4}, "data.ignore_label 4 differs from 3"),
        (REGIONS, {"regions": {"whole": ["core"]}}, "data.regions has .* for 'whole'"),
        (REGIONS, {"classes": ["background", "shell", "kernel"]}, "differ from"),
    ],
)
def test_what_contradicts_the_description_is_refused(tmp_path, labels, data, words):
    write_description(tmp_path, V2, labels=labels, regions_class_order=[1, 2])
    with pytest.raises(DataError, match=words):
        completed(tmp_path, **data)


def test_a_configuration_that_is_complete_needs_no_description(tmp_path):
    tree = {"root": str(tmp_path), "classes": ["a", "b"]}
    assert completed(tmp_path, classes=["a", "b"]) == tree


def test_a_configuration_is_completed_as_it_is_loaded(tmp_path):
    """A run's own configuration is not: it stands alone."""
    root = write_description(tmp_path / "Dataset001_Balls", V2, labels=IGNORE)
    data = {"layout": "nnunet", "root": str(root)}
    text = settings(root, data={"layout": "nnunet"}).dump()
    path = tmp_path / "config.yaml"
    path.write_text(text.replace("  classes:\n  - rest\n  - ball\n  - core\n", ""))
    loaded = configuration.load(str(path))
    assert loaded.data.classes == ["background", "ball", "core"]
    assert loaded.data.ignore_label == 3
    assert data["layout"] == loaded.data.layout
    path.write_text(loaded.dump())
    (root / "dataset.json").unlink()
    assert configuration.load_resolved(path) == loaded
    assert configuration.load(str(path)) == loaded


def test_an_ill_typed_key_is_refused_by_its_name(tmp_path):
    root = write_description(tmp_path / "data", V2)
    text = settings(root, data={"layout": "nnunet"}).dump()
    for override, words in (
        ("data.classes=3", "data.classes: .*list"),
        ("data.regions=[1]", "data.regions"),
        ("data.label_values=[1]", "data.label_values"),
    ):
        with pytest.raises(ConfigError, match=words):
            configuration.parse(text, (override,))
