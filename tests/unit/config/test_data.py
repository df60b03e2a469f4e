"""Data in a configuration: labels, regions, splits, preprocessing."""

import pytest

from tests.conftest import settings
from tests.support.refusals import assert_config_refused
from tfuq import config
from tfuq.config import Config
from tfuq.config.data import DataConfig, value_range
from tfuq.errors import ConfigError


@pytest.mark.parametrize(
    ("regions", "words"),
    [
        ("{whole: [necrosis, odema]}", ["'odema' of 'whole'", "did you mean 'oedema'"]),
        ("{oedema: [necrosis]}", ["'oedema' is the name of a class"]),
        ("{all: [necrosis]}", ["'all'"]),
        ("{whole: [background]}", ["'background' of 'whole' is no class other than the first"]),
        ("{whole: []}", ["data.regions.whole", "at least 1 item"]),
    ],
)
def test_bad_regions_are_refused(regions, words):
    assert_config_refused(f"data.regions={regions}", *words, source="brats2018")


@pytest.mark.parametrize("section", ["classes", "landmarks"])
def test_a_class_has_no_name_of_several_lines(section):
    tree = settings("x", "deterministic", 3).model_dump()
    tree["data"][section] = ["background", "a\ntfuq: no problem found", "b"]
    with pytest.raises(ValueError, match="no line end"):
        Config.model_validate(tree)


def test_ranges_of_label_values_are_not_written_out():
    many = {f"{start}-{start + 9998}": 1 for start in range(1, 900_000, 10_000)}
    with_ranges = config.load(
        "hippocampus",
        (f"data.label_values={{0: 0, {', '.join(f'{k}: {v}' for k, v in many.items())}}}",),
    )
    assert len(with_ranges.data.label_values) == 91
    with pytest.raises(ConfigError, match="names a value twice"):
        config.load("hippocampus", ("data.label_values={0: 0, 5-10: 1, 10: 2}",))


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("data.split.test=[a]", ["data.split", "all be"]),
        ("data.label_values={7: 5}", ["label_values", "class 5"]),
        ("data.split.use=151", ["use 151 is more than the 150 case(s) of train"]),
        ("data.classes=[a, b, a]", ["classes", "must differ"]),
        ("data.classes=[a, b, all]", ["'all' is the name of their mean"]),
        ("data.label_values={0: 0, 3-1: 1}", ["'3-1' is neither a whole number nor a range"]),
        ("data.structure_names={GTV: background}", ["'background' of 'GTV' is no class other"]),
        ("data.label_folder=mask", ["label_folder belongs to the layout 'folder'"]),
        ("data.label_folder=../mask", ["below data.root", "'image/labels/final'"]),
        ("data.rater_folders=rater-*", ["rater_folders belongs to the layout 'folder'"]),
        ("data.channels=[T1]", ["channels belongs to the layout 'folder'"]),
        (
            "data={layout: folder, root: x, source: x, licence: x, channels: [T1, T1]}",
            ["channels ['T1', 'T1'] must differ"],
        ),
        (
            "data={layout: folder, root: x, source: x, licence: x, channels: [0000, 0001]}",
            ["data.channels.0", "put its digits in quotes, as in '0000'"],
        ),
        ("data.train_on=majority", ["train_on chooses among several raters"]),
        ("data.table=a.csv", ["table is for the layouts image-table and landmark-table"]),
    ],
)
def test_bad_values_are_refused_by_name(override, words):
    assert_config_refused(override, *words)


@pytest.mark.parametrize(
    ("key", "values"),
    [(7, range(7, 8)), ("1000-2999", range(1000, 3000)), ("5-5", range(5, 6)), ("0-2", range(3))],
)
def test_a_key_stands_for_a_value_or_for_a_range_with_both_ends(key, values):
    assert value_range(key) == values


@pytest.mark.parametrize("key", ["2-1", "-5", "1-", "a-b", "1-2-3", "1-1234567890123456789", "²-³"])
def test_what_is_no_range_is_refused(key):
    with pytest.raises(ValueError, match="neither a whole number nor a range"):
        value_range(key)


def test_ranges_may_have_the_numbers_of_an_atlas_and_are_not_walked_through():
    values = "{0: 0, 182305689-614454277: 1, 614454278-900000000000000000: 2}"
    loaded = config.load("hippocampus", (f"data.label_values={values}",))
    assert loaded.data.label_values["182305689-614454277"] == 1


def test_structures_are_the_classes_but_the_first_and_then_the_regions():
    data = DataConfig(
        layout="decathlon",
        root="x",
        source="made",
        licence="none",
        classes=["rest", "core", "rim", "shadow"],
        regions={"whole": ["rim", "core"], "same": ["shadow"]},
    )
    assert list(data.structures.items()) == [
        ("core", [1]),
        ("rim", [2]),
        ("shadow", [3]),
        ("whole", [2, 1]),
        ("same", [3]),
    ]


def test_a_layout_is_told_the_options_that_it_knows_and_no_others():
    data = {"root": "x", "source": "made", "licence": "none", "classes": ["a", "b"]}
    folder = DataConfig(layout="folder", label_folder="mask", landmarks=["tip"], **data)
    assert folder.layout_options == {"label_folder": "mask"}
    assert DataConfig(layout="decathlon", landmarks=["tip"], **data).layout_options == {}


@pytest.mark.parametrize(
    ("lesions", "words"),
    [
        ("[odema]", ["lesions: 'odema' is no region", "did you mean 'oedema'"]),
        ("[background]", ["lesions: 'background'"]),
    ],
)
def test_lesions_are_structures(lesions, words):
    assert_config_refused(f"data.lesions={lesions}", *words, source="brats2018")
    told = config.load("brats2018", ["data.lesions=[whole tumour, oedema]"])
    assert told.data.lesions == ["whole tumour", "oedema"]
    assert config.load("brats2018").data.lesions is None
