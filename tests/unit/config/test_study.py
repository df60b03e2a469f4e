"""The configuration of a study: a grid of runs."""

import pytest

from tfuq.config.study import StudyConfig, label_of


def study(**changes):
    tree = {
        "name": "grid",
        "config": "hippocampus",
        "axes": {
            "method": {"method": ["vi", "ensemble"]},
            "patch": {"network.patch_size": [[8, 8], [4, 4], 6]},
        },
        "table": ["dice"],
    }
    return StudyConfig.model_validate(tree | changes)


def test_cells_are_all_combinations():
    assert study().cells == 2 * 3
    assert study().labels("patch") == ["8×8", "4×4", "6"]


def test_an_axis_of_names_has_the_keys_that_each_sets_after_set():
    axes = {"recipe": {"all": {}, "no clipping": {"training.clip_norm": None}}}
    grid = study(set={"training.clip_norm": 12.0}, axes=axes)
    assert grid.cells == 2
    assert [(step.label, step.settings) for step in grid.steps("recipe")] == [
        ("all", {}),
        ("no clipping", {"training.clip_norm": None}),
    ]


@pytest.mark.parametrize(
    ("value", "label"), [([48, 64, 48], "48×64×48"), (0.5, "0.5"), ("a", "a"), (None, "None")]
)
def test_a_value_in_a_few_characters(value, label):
    assert label_of(value) == label


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"set": {"method": "vi"}}, "'method' is given twice"),
        (
            {"axes": {"a": {"x": {"k": 1}}, "b": {"k": [1, 2]}}},
            "'k' is given twice",
        ),
        ({"axes": {"a": {"x": {"k": 1}, "y": 2}}}, "axes.a"),
        ({"axes": {"a": {"k": [1, 2], "l": [1]}}}, "axes.a: .* need lists of one length"),
        ({"axes": {"a": {"k": [1, "1"]}}}, "axes.a: the values of its first key must differ"),
        ({"axes": {f"{a}": {a: list(range(11))} for a in "abc"}}, "axes make 1331 cells"),
        ({"axes": {}}, "at least 1 item"),
        ({"axes": {"a": {"k": []}}}, "at least 1 item"),
        ({"axes": {"a": {"../k": [1]}}}, "pattern"),
        ({"table": ["dice", "dice"]}, "must name columns once"),
        ({"table": ["method"]}, "other than the axes"),
        ({"table": []}, "at least 1 item"),
    ],
    ids=[
        "twice",
        "twice-by-names",
        "names-and-values",
        "lengths",
        "labels",
        "cells",
        "axes",
        "values",
        "key",
        "columns",
        "axis",
        "table",
    ],
)
def test_a_grid_that_is_none_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        study(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"over": "seed"}, "over 'seed' must name one of several axes"),
        ({"baseline": {"method": "vi"}}, "name the axis that they are over in 'over'"),
        (
            {"over": "patch", "baseline": {"patch": "6"}},
            r"names the axis 'patch'; it takes \['method'\]",
        ),
        ({"over": "patch", "baseline": {"method": "swag"}}, r"must be one of \['vi', 'ensemble'\]"),
    ],
)
def test_repetitions_are_of_the_axes(changes, words):
    with pytest.raises(ValueError, match=words):
        study(**changes)


def test_a_number_of_the_baseline_is_its_label():
    axes = {"size": {"data.split.use": [5, 10]}, "seed": {"training.seed": [0, 1]}}
    assert study(axes=axes, over="seed", baseline={"size": 5}).baseline == {"size": "5"}
    with pytest.raises(ValueError, match=r"baseline.size '6' must be one of \['5', '10'\]"):
        study(axes=axes, over="seed", baseline={"size": 6})


def test_means_are_over_an_axis():
    repeated = study(over="patch", baseline={"method": "vi"})
    assert (repeated.over, repeated.baseline) == ("patch", {"method": "vi"})
