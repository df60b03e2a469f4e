"""The configuration as a whole, and what its sections must agree on."""

import pytest

from tests.conftest import settings
from tests.support.refusals import assert_config_refused
from tfuq.config import METHODS, SERVED_METHODS, TRAINED_AS, load
from tfuq.config.schema import fold_overrides


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("network.output=sigmoid", ["sigmoid needs two classes"]),
        ("method=dropout", ["method", "'deterministic'", "dropout"]),
        ("method=latent-code", ["method", "'latent-vi'"]),
        ("training.loss.class_weights=[1.0]", ["class_weights has 1 entries for 3"]),
        ("task=segmentatio", ["unknown task 'segmentatio'", "did you mean 'segmentation'"]),
        ("training.monitor=accuracy", ["training.monitor 'accuracy'", "loss, dice"]),
        (
            "network={name: lenet, patch_size: [28, 28], widths: [4, 8]}",
            ["network.name 'lenet' does not serve task segmentation"],
        ),
        ("data.classes=[background]", ["needs data.classes: the names of 2 or more"]),
        ("name=../x", ["name", "pattern"]),
    ],
)
def test_sections_that_do_not_agree_are_refused(override, words):
    assert_config_refused(override, *words)


@pytest.mark.parametrize(
    ("method", "members"),
    [("deterministic", 1), ("mc-dropout", 1), ("ensemble", 4), ("hybrid", 4), ("vi", 3)],
)
def test_members_are_of_the_section_of_the_method(tmp_path, method, members):
    config = settings(tmp_path, method, ensemble={"members": 4}, variational={"members": 3})
    assert config.members == members


@pytest.mark.parametrize(("rank", "given", "chunk"), [(2, None, 8), (3, None, 1), (3, 5, 5)])
def test_a_chunk_is_eight_slices_or_one_volume_unless_given(tmp_path, rank, given, chunk):
    assert settings(tmp_path, rank=rank, prediction={"chunk": given}).chunk == chunk


def test_a_method_that_another_trains_is_served_and_not_trained():
    assert set(SERVED_METHODS) - set(METHODS) == set(TRAINED_AS)
    assert set(TRAINED_AS.values()) <= set(METHODS)


def test_a_latent_network_has_no_warm_start(tmp_path):
    with pytest.raises(ValueError, match="warm_start serves method vi alone"):
        settings(tmp_path, "latent-vi", variational={"warm_start": "runs/x"})


@pytest.mark.parametrize(
    ("method", "epochs", "variational", "held"),
    [
        ("vi", 12, {}, 2),
        ("vi", 5, {}, 0),
        ("latent-vi", 1000, {}, 5),
        ("vi", 12, {"width_warmup_epochs": 7}, 7),
        ("vi", 12, {"width_warmup_epochs": 0}, 0),
        ("vi", 12, {"warm_start": "runs/x"}, 0),
        ("mc-dropout", 12, {"width_warmup_epochs": 12}, 0),
    ],
)
def test_widths_are_held_for_a_sixth_of_the_epochs_unless_given(
    tmp_path, method, epochs, variational, held
):
    training = {"epochs": epochs}
    config = settings(tmp_path, method, training=training, variational=variational)
    assert config.width_warmup_epochs == held


def test_some_epoch_must_infer_widths(tmp_path):
    with pytest.raises(ValueError, match=r"leaves none of training.epochs 3 .*; lower it"):
        settings(tmp_path, "vi", training={"epochs": 3}, variational={"width_warmup_epochs": 3})


def test_dropout_methods_need_dropout(tmp_path):
    with pytest.raises(ValueError, match="needs dropout"):
        settings(tmp_path, "mc-dropout", network={"level_dropout": {}})


@pytest.mark.parametrize(
    ("method", "has_dropout"), [("mc-dropout", True), ("ensemble", False), ("deterministic", False)]
)
def test_dropout_may_be_for_methods_that_sample_it_alone(method, has_dropout):
    config = load("cephalometric2015_published", (f"method={method}",))
    assert config.network.has_dropout is has_dropout


def test_sides_are_not_mirrored_unless_training_mirrored_them(tmp_path):
    data = {"data": {"classes": ["rest", "left", "right"]}}
    assert settings(tmp_path, **data).mirroring_swaps_sides
    assert not settings(tmp_path).mirroring_swaps_sides
    trained = settings(tmp_path, **data, augmentation={"flip_axes": [0]})
    assert not trained.mirroring_swaps_sides


@pytest.mark.parametrize(
    ("method", "folded", "section"),
    [
        ("mc-dropout", "hybrid", "ensemble"),
        ("vi", "vi", "variational"),
        ("swag", "swag", "swag"),
    ],
)
def test_folds_are_members_of_the_method(method, folded, section):
    expected = [f"method={folded}", f"{section}.members=3", "ensemble.diversity=folds"]
    assert fold_overrides(method, 3) == expected
