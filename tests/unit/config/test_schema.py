import pytest

from tests.conftest import settings
from tfuq import config
from tfuq.errors import ConfigError


@pytest.mark.parametrize("name", sorted(config.shipped()))
def test_shipped_configurations_load_and_name_source_and_licence(name):
    loaded = config.load(name)
    assert loaded.name == name
    assert len(loaded.data.source) > 10
    assert loaded.data.licence


@pytest.mark.parametrize("name", sorted(config.shipped()))
def test_written_configuration_reloads_to_the_same_object(name):
    loaded = config.load(name, ("training.epochs=3", "network.level_dropout={1: 0.25}"))
    assert config.parse(loaded.dump()) == loaded
    assert loaded.training.epochs == 3
    assert loaded.network.level_dropout == {1: 0.25}


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("training.epoch=3", ["training.epoch", "did you mean 'epochs'"]),
        ("trainig.epochs=3", ["trainig", "did you mean 'training'"]),
        ("training.epochs=three", ["training.epochs", "'three'", "integer"]),
        ("training.epochs=0", ["training.epochs", "greater than 0", "0"]),
        ("training.epochs=2.5", ["training.epochs", "integer", "2.5"]),
        ("network.level_dropout={2: 1.5}", ["network.level_dropout", "less than 1", "1.5"]),
        ("network.level_dropout={9: 0.5}", ["level 9", "1 to 3"]),
        ("network.patch_size=[50, 64, 48]", ["patch_size", "multiples of 4"]),
        ("network.output=sigmoid", ["sigmoid needs two classes"]),
        ("method=dropout", ["method", "'deterministic'", "dropout"]),
        ("data.split.test=[a]", ["data.split", "all be"]),
        ("preprocessing.window=[5, 1]", ["window", "lower bound below"]),
        ("preprocessing.slice_axis=2", ["slice_axis"]),
        ("data.label_values={7: 5}", ["label_values", "class 5"]),
        ("training.learning_rate=.inf", ["training.learning_rate", "finite"]),
        ("training", ["key.subkey=value"]),
        ("name.x=1", ["'name' is a value"]),
        ("training.schedule=cosine_restarts", ["training.schedule", "'cyclical+plateau'"]),
        ("training.cycle={epochs: 2}", ["cycle does not serve the schedule constant"]),
        ("training.plateau={factor: 0.5}", ["plateau does not serve the schedule constant"]),
        ("network.kernel_size=5", ["kernel_size does not serve the network unet"]),
        ("network.name=fcn", ["head_filters does not serve the network fcn"]),
        (
            "network={name: fcn, patch_size: [12, 12, 12], widths: [4, 4, 4]}",
            ["multiples of 8", "3 widths"],
        ),
        (
            "network={name: fcn, patch_size: [8, 8, 8], widths: [4, 4], upsample_dropout: 0.5}",
            ["upsample_dropout"],
        ),
        ("network={name: vnet, patch_size: [8, 8, 6], widths: [4, 4, 4]}", ["multiples of 4"]),
        (
            "network={name: vnet, patch_size: [8, 8, 8], widths: [4, 4], kernel_size: 4}",
            ["kernel_size"],
        ),
        (
            "network={name: vnet, patch_size: [8, 8, 8], widths: [4, 4], kernel_size: null}",
            ["vnet must be 3 or 5"],
        ),
        ("network.noise_draws=20", ["noise_draws serves a heteroscedastic network"]),
        ("latent.size=0", ["latent.size", "greater than 0"]),
        ("latent.encoder_widths=[]", ["latent.encoder_widths", "at least 1"]),
        ("network.noise_draws=1", ["noise_draws", "greater than or equal to 2"]),
        ("method=latent-code", ["method", "'latent-vi'"]),
        ("training.loss.class_weights=[1.0]", ["class_weights has 1 entries for 3"]),
    ],
)
def test_bad_values_are_refused_by_name(override, words):
    with pytest.raises(ConfigError) as error:
        config.load("hippocampus", (override,))
    for word in words:
        assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_unknown_configuration_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'hippocampus'"):
        config.load("hipocampus")


@pytest.mark.parametrize(
    "text", ["- a\n- b", "a: [", "", "a: &x [*x]", "!!python/object/apply:os.system ['true']"]
)
def test_what_is_not_a_configuration_is_refused(text):
    with pytest.raises(ConfigError):
        config.parse(text)


def test_environment_variables_expand(monkeypatch):
    monkeypatch.setenv("TFUQ_DATA", "/somewhere")
    assert config.load("hippocampus").data.root == "/somewhere/Task04_Hippocampus"
    with pytest.raises(ConfigError, match="NO_SUCH_VARIABLE is not set"):
        config.load("hippocampus", ("data.root=${NO_SUCH_VARIABLE}/x",))


def test_a_latent_network_has_no_warm_start(tmp_path):
    with pytest.raises(ValueError, match="warm_start serves method vi alone"):
        settings(tmp_path, "latent-vi", variational={"warm_start": "runs/x"})


def test_dropout_methods_need_dropout(tmp_path):
    with pytest.raises(ValueError, match="needs dropout"):
        settings(tmp_path, "mc-dropout", network={"level_dropout": {}})


def test_vnet_is_as_published_unless_told_otherwise(tmp_path):
    network = settings(tmp_path, network={"name": "vnet"}).network
    assert (network.activation, network.kernel_size) == ("prelu", 5)
    own = settings(
        tmp_path, network={"name": "vnet", "activation": "elu", "kernel_size": 3}
    ).network
    assert (own.activation, own.kernel_size) == ("elu", 3)
