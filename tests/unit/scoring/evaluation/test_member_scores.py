"""A row for each member, as if it had predicted alone, and one for all together."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import settings
from tests.support import references
from tests.support.references_tables import class_scores
from tfuq.data.cases import Case
from tfuq.runs.results import Manifest
from tfuq.scoring.evaluation.member_scores import (
    enter_members,
    image_rows,
    means_of_members,
    member_rows,
)
from tfuq.scoring.evaluation.voxels import CaseMaps


def manifest(members=2, **changes):
    digests = [str(number) for number in range(members)]
    facts = {"run": "r", "method": "ensemble", "samples": members, "seed": 0}
    return Manifest(**facts, weights_digest=digests, tfuq_version="1", **changes)


def test_scores_of_volumes_are_means_over_references_and_cases():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (2, 2, 4, 5, 6)).astype(np.uint8)  # case, member
    truths = rng.integers(0, 3, (2, 2, 4, 5, 6)).astype(np.uint8)  # case, reference
    config = settings(Path("data"))
    rows = []
    for number in range(2):
        maps = []
        for truth in truths[number]:
            maps.append(
                CaseMaps(label=labels[number, 0], truth=truth, probability=np.zeros(3), maps={})
            )
        rows += member_rows(Case(str(number), (Path("c"),)), labels[number], maps, config)
    table = means_of_members(rows, [])
    assert [(row["member"], row["class"]) for row in table] == [
        (member, name) for member in (0, 1) for name in ("ball", "core", "all")
    ]
    for member in (0, 1):
        dice = []
        accuracy = []
        for number, truth in np.ndindex(2, 2):
            label = labels[number, member]
            reference = truths[number, truth]
            dice += [references.dice(label == k, reference == k) for k in (1, 2)]
            accuracy.append(np.mean(label == reference))
        everything = table[3 * member + 2]
        assert everything["dice"] == pytest.approx(np.mean(dice))
        assert everything["voxel_accuracy"] == pytest.approx(np.mean(accuracy))
        assert everything["cases"] == 2


def test_all_members_together_come_last():
    row = {"case": "a", "class": "all", "dice": 0.5, "recall": None}
    together = {**row, "dice": 0.75, "hd95_mm": 2.0}
    rows = means_of_members([{"member": 0, **row}, {"member": 1, **row}], [together])
    assert [row["member"] for row in rows] == [0, 1, "all"]
    assert rows[-1] == {"member": "all", "class": "all", "cases": 1, "dice": 0.75}


def test_images_have_macro_recall_and_f1_of_each_member():
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.ones(3), (2, 30))
    y = rng.integers(0, 3, 30)
    *members, together = image_rows(p, p.mean(0), y)
    for row, of_member in zip(members, p, strict=True):
        expected = class_scores(of_member, y)
        assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert together["member"] == "all"
    assert together["accuracy"] == pytest.approx(np.mean(p.mean(0).argmax(-1) == y))


@pytest.mark.parametrize(
    ("predicted", "says"),
    [
        pytest.param(manifest(), True, id="several members"),
        pytest.param(manifest(members=1), False, id="one member"),
        pytest.param(manifest(is_out_of_fold=True), False, id="each by one member"),
    ],
)
def test_the_summary_says_where_no_member_is_scored(predicted, says):
    summary, tables = {}, {}
    enter_members([], predicted, summary, tables)
    assert ("member_scores" in summary, tables) == (says, {})
