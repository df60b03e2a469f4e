"""Lesions of a case, written as voxels."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import settings
from tfuq.data.cases import Case
from tfuq.data.volume import Volume
from tfuq.measures.sample_masks import StoredSamples
from tfuq.scoring.evaluation.lesions import case_lesions, with_lesions
from tfuq.scoring.evaluation.voxels import CaseMaps

SHAPE = (12, 2, 1)
GRID = Volume(np.zeros(SHAPE, np.uint8), np.diag([10.0, 10.0, 5.0, 1.0]))
NAMES = ("rest", "ball", "core")


def label_of(*runs):
    """A label map of runs of voxels along the first axis: start, stop, class."""
    label = np.zeros(SHAPE, np.uint8)
    for start, stop, k in runs:
        label[start:stop, 0] = k
    return label


def lesions_of(predicted, *truths, samples=None, raters=(), least_iou=None, name="c.nii.gz"):
    by_reference = []
    for truth in truths:
        p = np.zeros((*SHAPE, 3))
        maps = CaseMaps(label=predicted, truth=truth, probability=p, maps={})
        by_reference.append(maps)
    case = Case("c", (Path(name),), raters={rater: Path(rater) for rater in raters})
    config = settings(Path("data"))
    return case_lesions(case, by_reference, config, GRID, samples, least_iou)


def kept(*labels):
    masks = np.stack([[label == k for k in (1, 2)] for label in labels])
    packed = np.packbits(masks.reshape(1, len(labels), 2, -1), axis=-1, bitorder="little")
    return StoredSamples(packed, None, GRID)


PREDICTED = label_of((0, 4, 1), (9, 10, 1), (5, 6, 2))
TRUTH = label_of((1, 5, 1), (7, 8, 1))
SAMPLES = kept(PREDICTED, label_of((0, 2, 1), (7, 8, 1)), label_of((3, 4, 1)))


def test_a_found_and_a_missed_lesion():
    found = lesions_of(PREDICTED, TRUTH, samples=SAMPLES)
    first, second = found.lesions
    assert first == {
        "case": "c",
        "class": "ball",
        "lesion": 1,
        "voxels": 4,
        "volume_ml": pytest.approx(2.0),
        "detected": 1,
        "component": 1,
        "overlap": 0.75,
        "iou": pytest.approx(3 / 5),
        "detection_frequency": 1.0,
    }
    assert (second["detected"], second["component"], second["overlap"]) == (0, None, 0.0)
    assert second["detection_frequency"] == pytest.approx(1 / 3)  # the network's doubt saw it


def test_a_component_is_in_the_samples_that_have_half_of_it():
    ball, small, core = lesions_of(PREDICTED, TRUTH, samples=SAMPLES).candidates
    frequencies = [row["detection_frequency"] for row in (ball, small, core)]
    assert frequencies == pytest.approx([2 / 3, 1 / 3, 1 / 3])
    assert [row["lesion"] for row in (ball, small, core)] == [1, None, None]
    assert [row["false_positive"] for row in (ball, small, core)] == [0, 1, 1]


def test_counts_of_each_structure():
    ball, core = lesions_of(PREDICTED, TRUTH).counts
    assert ball == {
        "case": "c",
        "class": "ball",
        "lesions": 2,
        "found": 1,
        "false_positives": 1,
        "duplicates": 0,
    }
    assert (core["lesions"], core["false_positives"]) == (0, 1)


def test_a_least_iou_is_kept_to():
    assert lesions_of(PREDICTED, TRUTH, least_iou=0.6).counts[0]["found"] == 1
    assert lesions_of(PREDICTED, TRUTH, least_iou=0.7).counts[0]["found"] == 0


def test_each_of_two_raters_has_lesions():
    found = lesions_of(PREDICTED, TRUTH, PREDICTED, raters=("one", "two"))
    of_ball = [row for row in found.counts if row["class"] == "ball"]
    assert [(row["rater"], row["found"]) for row in of_ball] == [("one", 1), ("two", 2)]


def test_plain_images_have_areas():
    found = lesions_of(PREDICTED, TRUTH, name="c.png")
    assert found.lesions[0]["area_px2"] == pytest.approx(2000.0)


def test_components_say_what_they_find_and_missed_lesions_follow():
    lesions = lesions_of(PREDICTED, TRUTH, samples=SAMPLES)
    components = []
    for name, number in (("ball", 1), ("ball", 2), ("core", 1)):
        row = {"case": "c", "class": name, "component": number}
        components.append(row | {"maximum_probability": 0.7 + number / 10})
    *rows, missed = with_lesions(components, lesions, NAMES)
    assert [(row["missed"], row["lesion"]) for row in rows] == [(0, 1), (0, None), (0, None)]
    assert missed == {
        "case": "c",
        "class": "ball",
        "component": None,
        "voxels": 1,
        "lesion": 2,
        "missed": 1,
        "detection_frequency": pytest.approx(1 / 3),
    }
    assert [row["maximum_probability"] for row in lesions.candidates] == pytest.approx(
        [0.8, 0.9, 0.8]
    )
