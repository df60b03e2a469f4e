"""From YAML to a configuration: names, overrides, environment variables."""

import pytest

from tests.support.nnunet_sets import V2, write_description
from tests.support.refusals import assert_config_refused
from tfuq import config
from tfuq.config import loading
from tfuq.errors import ConfigError, DataError


def test_an_override_of_too_many_sections_is_refused():
    with pytest.raises(ConfigError, match="3000 sections"):
        config.load("hippocampus", (".".join(["a"] * 3001) + "=1",))


@pytest.fixture
def described_data(monkeypatch, tmp_path):
    """A folder of data with the description that one of the shipped configurations reads."""
    write_description(tmp_path / "Dataset004_Hippocampus", V2)
    monkeypatch.setenv("TFUQ_DATA", str(tmp_path))


@pytest.mark.parametrize("name", sorted(config.shipped()))
def test_shipped_configurations_load_and_name_source_and_licence(name, described_data):
    loaded = config.load(name)
    assert loaded.name == name
    assert len(loaded.data.source) > 10
    assert loaded.data.licence


@pytest.mark.parametrize("name", sorted(config.shipped()))
def test_written_configuration_reloads_to_the_same_object(name, described_data):
    loaded = config.load(name, ("training.epochs=3", "network.level_dropout={1: 0.25}"))
    assert config.parse(loaded.dump()) == loaded
    assert loaded.training.epochs == 3
    assert loaded.network.level_dropout == {1: 0.25}


@pytest.mark.parametrize("name", sorted(config.shipped()))
def test_where_data_is_is_told_where_there_is_none(name, monkeypatch, tmp_path):
    monkeypatch.setenv("TFUQ_DATA", str(tmp_path / "nowhere"))
    assert len(config.load_data(name).source) > 10


def test_a_data_set_that_tells_its_classes_must_be_there(monkeypatch, tmp_path):
    monkeypatch.setenv("TFUQ_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"Dataset004_Hippocampus/dataset.json: is not there; "):
        config.load("nnunet")


def test_a_file_of_splits_is_relative_to_the_data(described_data, tmp_path):
    split = config.load("nnunet", ("data.split.file=splits_final.json",)).data.split
    assert split.file == str(tmp_path / "Dataset004_Hippocampus/splits_final.json")
    given = config.load("nnunet", ("data.split.file=/x/splits_final.json",)).data.split
    assert given.file == "/x/splits_final.json"


def test_unknown_configuration_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'hippocampus'"):
        config.load("hipocampus")


@pytest.mark.parametrize(
    "text", ["- a\n- b", "a: [", "", "a: &x [*x]", "!!python/object/apply:os.system ['true']"]
)
def test_what_is_not_a_configuration_is_refused(text):
    with pytest.raises(ConfigError):
        config.parse(text)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("training.epoch=3", ["training.epoch", "did you mean 'epochs'"]),
        ("trainig.epochs=3", ["trainig", "did you mean 'training'"]),
        ("training", ["key.subkey=value"]),
        ("name.x=1", ["'name' is a value"]),
        ("=3", ["override '=3' is not of the form"]),
        ("data.classes={a: 1}", ["data.classes", "valid list"]),
    ],
)
def test_bad_keys_and_overrides_are_refused_by_name(override, words):
    assert_config_refused(override, *words)


def test_missing_keys_are_named():
    words = (
        r"f.yaml: 3 faults: \(1\) key 'data' is missing and has no default; "
        r"\(2\) key 'network.patch_size' is missing .*; \(3\) key 'network.widths' is missing"
    )
    with pytest.raises(ConfigError, match=words):
        loading.parse("name: x", source="f.yaml")


def test_faults_of_sections_that_do_not_agree_are_told_at_once():
    overrides = ("training.loss.name=dice-ce", "training.monitor=dice", "data.classes=[]")
    with pytest.raises(ConfigError) as error:
        loading.load("digits", overrides)
    message = str(error.value)
    for words in ("3 faults", "training.loss.name", "training.monitor", "needs data.classes"):
        assert words in message


@pytest.mark.parametrize(
    ("task", "network", "loss"),
    [
        ("segmentation", "unet", "dice-ce"),
        ("classification", "lenet", "cross-entropy"),
        ("landmarks", "unet", "heatmap-cross-entropy"),
    ],
)
def test_the_network_and_the_loss_follow_the_task(task, network, loss):
    names = "landmarks: [a, b]" if task == "landmarks" else "classes: [a, b]"
    text = (
        f"name: x\ntask: {task}\nmethod: deterministic\n"
        f"data: {{layout: folder, root: x, {names}}}\n"
        "network: {patch_size: [64, 64], widths: [8, 16]}\n"
    )
    if task == "segmentation":
        text += "preprocessing: {slice_axis: 2}\n"
    found = loading.parse(text)
    assert found.network.name == network
    assert found.training.loss.name == loss
    assert found.data.source == ""


def test_an_override_makes_the_section_that_is_not_there():
    text = loading.load("hippocampus").dump()
    changed = loading.parse(text, ("training.plateau.epochs=7", "training.schedule=plateau"))
    assert changed.training.plateau.epochs == 7


def test_a_file_comes_before_a_shipped_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = loading.load("hippocampus").dump()
    (tmp_path / "hippocampus").write_text(text.replace("epochs: 16", "epochs: 17"))
    assert loading.load("hippocampus").training.epochs == 17


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff\xfe\x00", "cannot be read as text"), (b"# " + b"x" * 2**20, "is longer than 1048576")],
    ids=["bytes", "long"],
)
def test_what_is_no_short_text_is_refused(tmp_path, content, words):
    (tmp_path / "c.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        loading.load(str(tmp_path / "c.yaml"))


def test_a_root_is_absolute_from_the_folder_of_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = loading.load("hippocampus", ("data.root=scans/../here",))
    assert found.data.root == str(tmp_path / "here")


def test_label_values_of_a_command_take_the_place_of_the_configurations():
    config = loading.load("hippocampus")
    assert loading.with_label_values(config, None) is config
    changed = loading.with_label_values(config, "{0: 0, 1-9: 2}")
    assert changed.data.label_values == {0: 0, "1-9": 2}
    assert changed.data.classes == config.data.classes


@pytest.mark.parametrize(
    ("text", "words"),
    [("[0, 1]", "is not of the form"), ("{0: 3}", "maps to class 3, but classes has 0 to 2")],
)
def test_label_values_of_a_command_that_do_not_serve_are_refused(text, words):
    with pytest.raises(ConfigError, match=words):
        loading.with_label_values(loading.load("hippocampus"), text)


def test_the_configuration_of_a_study_is_a_file_beside_it_or_a_shipped_name(tmp_path):
    study = "name: s\nconfig: {}\naxes: {{m: {{method: [vi]}}}}\ntable: [dice]\n"
    (tmp_path / "a.yaml").write_text(study.format("own.yaml"))
    (tmp_path / "own.yaml").write_text("name: own")
    (tmp_path / "b.yaml").write_text(study.format("hippocampus"))
    beside = loading.load_study(str(tmp_path / "a.yaml"))
    assert beside.config == str(tmp_path / "own.yaml")
    assert loading.load_study(str(tmp_path / "b.yaml")).config == "hippocampus"
