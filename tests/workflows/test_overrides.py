"""Members with configurations of their own: each is what its configuration alone would train."""

import csv
import json

import numpy as np
import pytest

from tests.conftest import assert_refused, settings, task_settings
from tests.support.histories import history, weights
from tfuq.config import member_config
from tfuq.sampling.members import load_posterior
from tfuq.training import train

OVERRIDES = [
    {"network.widths": [3, 5], "network.activation": "elu"},
    {"training.learning_rate": 0.1, "training.epochs": 2, "augmentation.shift": 0.1},
    {},
]


def digits_of(digits, **ensemble):
    return task_settings("classification", digits, "hybrid", ensemble={"members": 3} | ensemble)


@pytest.fixture(scope="module")
def run(digits, tmp_path_factory):
    config = digits_of(digits, diversity="overrides", overrides=OVERRIDES)
    return train(config, tmp_path_factory.mktemp("overrides") / "run")


@pytest.mark.slow
@pytest.mark.parametrize("member", range(3))
def test_a_member_is_what_a_run_of_its_configuration_trains(run, tmp_path, member):
    alone = train(member_config(run.config, member), tmp_path / "run", member=member)
    arrays = weights(alone, member)
    for name, array in weights(run, member).items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=name)
    assert len(history(run, member)) == [1, 2, 1][member]


@pytest.mark.slow
def test_the_ensemble_is_the_mean_of_its_members(run, tfuq, tmp_path):
    """Each member is asked alone; the mean of their probabilities is that of the ensemble."""
    out = tmp_path / "all"
    ask = ("predict", run.path, "--method", "ensemble")
    assert tfuq(*ask, "--save-members", "--out", out).exit_code == 0
    assert tfuq("score", out).exit_code == 0
    columns = [f"probability_{digit}" for digit in range(10)]
    with (out / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    with (out / "members.csv").open() as file:
        of_members = list(csv.DictReader(file))
    for row in rows:
        own = [one for one in of_members if one["case"] == row["case"]]
        assert len(own) == 3
        mean = np.mean([[float(one[name]) for name in columns] for one in own], axis=0)
        assert [float(row[name]) for name in columns] == pytest.approx(mean.tolist(), abs=2e-6)


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_members_that_are_missing(run, digits, tmp_path, tfuq):
    config = tmp_path / "digits.yaml"
    config.write_text(run.config.dump())
    call = ("train", config, "--run", tmp_path / "run")
    assert tfuq(*call, "--member", "1").exit_code == 0
    assert_refused(tfuq("predict", tmp_path / "run"), "0, 2 have not finished training")
    assert tfuq(*call, "--resume").exit_code == 0
    done = json.loads((tmp_path / "run" / "members" / "0" / "done").read_text())
    assert done["digest"] == json.loads((run.member(0) / "done").read_text())["digest"]


@pytest.mark.slow
def test_windows_of_all_members_begin_at_the_same_voxels(balls, tmp_path):
    """One drops elements of a map of 2 voxels, another of 4: windows begin at multiples of 4."""
    network = {"patch_size": [8, 8], "widths": [2, 3, 4], "level_dropout": {2: 0.3}}
    ensemble = {"diversity": "overrides", "overrides": [{}, {"network.level_dropout": {3: 0.3}}]}
    config = settings(balls, "hybrid", 2, network=network, ensemble=ensemble)
    run = train(config, tmp_path / "run")
    posterior = load_posterior(run, "hybrid", keep=8)
    assert [network.split.grid for network in posterior.members] == [(4, 4), (4, 4)]
    apart = [load_posterior(run, "hybrid", keep=8, member=k).members[0] for k in (0, 1)]
    assert [network.split.grid for network in apart] == [(2, 2), (4, 4)]


@pytest.mark.slow
def test_a_run_serves_dropout_only_where_all_members_have_it(digits, tmp_path, tfuq):
    ensemble = {"overrides": [{}, {"network.level_dropout": {}}], "members": 2}
    config = task_settings(
        "classification", digits, "ensemble", ensemble=ensemble | {"diversity": "overrides"}
    )
    run = train(config, tmp_path / "run")
    assert_refused(tfuq("predict", run.path, "--method", "hybrid"), "network has no dropout")
