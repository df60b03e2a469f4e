"""The configuration of each member of a run."""

import pytest

from tests.conftest import settings, task_settings
from tfuq.config import parse
from tfuq.config.members import check_overrides, member_config

OWN = [
    {"network.widths": [2, 4], "training.loss.name": "soft-dice"},
    {},
    {"network.name": "fcn", "network.level_dropout": {}, "augmentation.flip_axes": [0]},
]


def overridden(root, overrides, members=3, method="ensemble", rank=2, **changes):
    ensemble = {"diversity": "overrides", "overrides": overrides, "members": members}
    return settings(root, method, rank, ensemble=ensemble, **changes)


def test_members_take_their_overrides_in_turn(tmp_path):
    config = overridden(tmp_path, OWN, members=4)
    check_overrides(config)
    own = [member_config(config, number) for number in range(4)]
    assert [one.network.widths for one in own] == [[2, 4], *[config.network.widths] * 2, [2, 4]]
    assert [one.network.name for one in own] == ["unet", "unet", "fcn", "unet"]
    assert own[0].training.loss.name == "soft-dice"
    assert own[2].augmentation.flip_axes == [0]
    assert own[1] is config
    assert [one.members for one in own] == [4] * 4


def test_all_else_of_a_member_is_as_the_run_has_it(tmp_path):
    config = overridden(tmp_path, OWN)
    own = member_config(config, 0)
    same = settings(
        tmp_path,
        "ensemble",
        2,
        ensemble={"members": 3},
        network={"widths": [2, 4]},
        training={"loss": {"name": "soft-dice"}},
    )
    assert own == same


def test_they_are_read_back_from_a_run(tmp_path):
    config = overridden(tmp_path, OWN)
    assert parse(config.dump()) == config


def test_defaults_are_those_of_the_members_own_network(tmp_path):
    """A V-Net of a residual U-Net's run has no leaky ReLU that nobody asked for."""
    network = {"name": "residual-unet", "level_dropout": {}}
    config = overridden(tmp_path, [{}, {"network.name": "vnet"}], network=network)
    own = member_config(config, 1).network
    assert (own.activation, own.kernel_size, own.normalization) == ("prelu", 5, "none")


def test_what_a_run_sets_stays_where_its_network_has_another_default(tmp_path):
    """Rectifiers without normalization in a residual U-Net, which has others if nobody asks."""
    network = {"name": "residual-unet", "activation": "relu", "normalization": "none"}
    network |= {"level_dropout": {}}
    config = overridden(tmp_path, [{}, {"training.learning_rate": 0.5}], network=network)
    own = member_config(config, 1)
    assert own.network == config.network
    assert (own.network.activation, own.network.normalization) == ("relu", "none")
    assert own.training.learning_rate == 0.5


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ([], "diversity overrides needs ensemble.overrides"),
        ([{"data.classes": ["a", "b"]}], "'data.classes' is the same for all members"),
        ([{"task": "landmarks"}], "'task' is the same for all members"),
        ([{"preprocessing.spacing": [1, 1, 1]}], "'preprocessing.spacing' is the same"),
        ([{"network.patch_size": [8, 8]}], "as members see the same windows"),
        ([{"network.output": "sigmoid"}], "have the same channels"),
        ([{"network.heteroscedastic": True}], "have the same channels"),
        ([{"training.seed": 3}], "seeds of their own already"),
        ([{"training.cache": "none"}], "share the cases in memory"),
        ([{"network": {"widths": [4, 8]}}], "give single keys"),
        ([{}, {"network.widht": [4]}], "entry 2: unknown key 'network.widht'"),
        ([{"network.widths": [4]}], "entry 1: network.widths"),
        ([{"network.activation.name": "elu"}], "network.activation"),
        ([{"training.loss.name": "heatmap-mse"}], "does not serve task segmentation"),
        ([{}] * 4, "has 4 entries for 3 member"),
    ],
)
def test_what_members_cannot_have_is_refused_by_name(tmp_path, overrides, words):
    with pytest.raises(ValueError, match=words):
        overridden(tmp_path, overrides)


def test_heatmaps_of_members_mean_the_same(tmp_path):
    ensemble = {"diversity": "overrides", "overrides": [{}, {}]}
    task_settings("landmarks", tmp_path, "ensemble", ensemble=ensemble)
    ensemble["overrides"][1] = {"training.loss.name": "heatmap-cross-entropy"}
    with pytest.raises(ValueError, match=r"entry 2: .* makes other heatmaps than heatmap-mse"):
        task_settings("landmarks", tmp_path, "ensemble", ensemble=ensemble)


def test_overrides_serve_no_other_diversity(tmp_path):
    with pytest.raises(ValueError, match="serves diversity overrides, not seeds"):
        settings(tmp_path, "ensemble", ensemble={"overrides": [{}]})
