"""What every member of a run is trained with."""

import json
import logging

import pytest

from tests.conftest import settings, task_settings
from tfuq import __version__
from tfuq.training.material import facts, prepare, summary


@pytest.fixture(scope="module")
def digits_material(digits):
    config = task_settings("classification", digits, "ensemble")
    return config, prepare(config, "cpu:1")


def test_cases_are_split_and_only_those_for_training_are_learned_from(digits_material):
    _, material = digits_material
    counts = {part: len(cases) for part, cases in material.parts.items()}
    assert counts == {"train": 40, "validation": 8, "test": 11}
    assert len(material.training.index) == 40
    assert sum(len(group.images) for group in material.validation) == 8
    assert [scale.weights for scale in material.kl_scales] == [1 / 40] * 2


def test_a_summary_says_what_is_trained_on_what(digits_material):
    assert summary(*digits_material) == (
        "classification: ensemble, 2 member(s); 40 / 8 / 11 cases train / validation / test, "
        "40 training examples, 40 images"
    )


def test_facts_name_versions_seeds_and_what_was_computed(digits_material):
    found = facts(*digits_material)
    assert found["versions"]["tfuq"] == __version__
    assert set(found["seeds"]) == {"training", "member 0", "member 1"}
    assert (found["channels"], found["likelihood_terms"]) == (1, 40)
    assert found["channel_names"] is None
    assert found["kl_scale"] is None  # of point weights


def test_what_is_lost_of_a_data_set_is_said(own_balls, caplog):
    (own_balls / "imagesTr" / "ball_000.nii.gz").rename(own_balls / "imagesTr" / "extra.nii.gz")
    index = own_balls / "dataset.json"
    tree = json.loads(index.read_text())
    index.write_text(json.dumps(tree | {"modality": {"0": "T1"}, "training": tree["training"][1:]}))
    config = settings(own_balls, data={"split": {"train": 2, "validation": 1, "test": 1}})
    with caplog.at_level(logging.WARNING, logger="tfuq"):
        material = prepare(config, "cpu:1")
    first, second = [record.getMessage() for record in caplog.records]
    assert first.startswith(
        f"remark: {own_balls}/imagesTr: 1 file(s) are of no case (extra.nii.gz)"
    )
    assert second.startswith(f"remark: {own_balls}/labelsTr: 1 label(s) are of no image")
    assert facts(config, material)["channel_names"] == ["T1"]


def test_statistics_are_computed_where_normalization_needs_them(balls):
    config = settings(balls, preprocessing={"normalization": "zscore-training"})
    material = prepare(config, "cpu:1")
    assert len(material.statistics.mean) == 1
    assert list(facts(config, material)["statistics"]["std"]) == list(material.statistics.std)
