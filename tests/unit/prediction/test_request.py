"""What a prediction is asked to sample."""

from dataclasses import replace

import pytest

from tests.conftest import settings
from tests.support.made import make_run
from tfuq.errors import RunError
from tfuq.prediction.request import (
    Request,
    chosen_maps,
    members_apart,
    request_of,
    with_combination,
)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"samples": None, "seed": None}, (4, 9, 3)),
        ({"samples": 2, "seed": 0}, (2, 0, 3)),  # 0 is a seed, and not none
        ({"samples": None, "seed": None, "batch": 7}, (4, 9, 7)),
    ],
)
def test_what_is_not_given_is_the_configuration_s(tmp_path, asked, expected):
    config = settings(tmp_path, prediction={"seed": 9, "batch_size": 3})
    request = request_of(config, "vi", **asked)
    assert (request.samples, request.seed, request.batch) == expected
    assert request.method == "vi"


def test_members_are_kept_apart_where_that_is_asked_for(balls, tmp_path):
    run = make_run(tmp_path / "run", "segmentation", balls)
    plain = Request(method="hybrid", samples=4, seed=0, batch=1)
    apart = Request(method="hybrid", samples=4, seed=0, batch=1, keep_members=True)
    assert [members_apart(run, plain, 2), members_apart(run, apart, 2)] == [0, 2]
    with pytest.raises(RunError, match="--save-members: hybrid draws from 1 member here"):
        members_apart(run, apart, 1)


def test_maps_are_chosen_by_name_and_keep_their_order():
    asked = Request(method="vi", samples=4, seed=0, batch=1)
    available = ["probability", "predictive_entropy", "mutual_information"]
    assert chosen_maps(asked, available) == available
    some = replace(asked, written_maps=("mutual_information", "probability"))
    assert chosen_maps(some, available) == ["probability", "mutual_information"]
    assert chosen_maps(replace(asked, written_maps=("label",)), available) == []


def test_a_map_on_request_is_written_where_it_is_named_alone_or_beside_all():
    asked = Request(method="vi", samples=4, seed=0, batch=1)
    maps = (["probability", "predictive_entropy"], ["epistemic_variance"])
    assert chosen_maps(asked, *maps) == maps[0]
    for named, expected in (
        (("epistemic_variance",), ["epistemic_variance"]),
        (("all", "epistemic_variance"), [*maps[0], "epistemic_variance"]),
        (("all",), maps[0]),
    ):
        assert chosen_maps(replace(asked, written_maps=named), *maps) == expected


def test_a_map_that_there_is_not_is_refused_by_name():
    asked = Request(method="vi", samples=4, seed=0, batch=1, written_maps=("label", "entropy"))
    with pytest.raises(RunError, match=r"--maps entropy: .*name some of label, predictive_ent"):
        chosen_maps(asked, ["predictive_entropy"])


def test_only_the_combination_is_another(tmp_path):
    config = settings(tmp_path, prediction={"seed": 9})
    other = with_combination(config, "staple")
    assert other == settings(tmp_path, prediction={"seed": 9, "combine": "staple"})
    assert config.prediction.combine == "mean"
