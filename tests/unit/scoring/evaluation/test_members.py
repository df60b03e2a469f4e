"""The kept probabilities of members, and folders that lack some."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import settings
from tests.support import references
from tfuq.data.json_csv import read_table
from tfuq.data.volume import Volume
from tfuq.data.writers import write_csv, write_nifti
from tfuq.errors import RunError
from tfuq.measures.catalogue import MEMBER_VARIANCES
from tfuq.scoring.evaluation.diversity import Diversity
from tfuq.scoring.evaluation.members import add_case, images_diversity, images_members
from tfuq.scoring.evaluation.voxels import CaseMaps

CLASSES = ["cat", "dog"]


def test_dice_of_volumes_is_the_mean_over_classes_and_references(tmp_path):
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), (2, 4, 5, 6)).astype(np.float32)
    truths = rng.integers(0, 3, (2, 4, 5, 6))
    label = Volume(p.mean(0).argmax(-1).astype(np.uint8), np.eye(4))
    write_nifti(tmp_path / "label.nii.gz", label)
    for member, array in enumerate(p):
        write_nifti(tmp_path / f"member-{member}.nii.gz", label.with_array(array))
    for name, value in zip(MEMBER_VARIANCES, (0.25, 0.5), strict=True):
        variance = np.full(label.shape, value, np.float32)
        write_nifti(tmp_path / f"{name}.nii.gz", label.with_array(variance))
    maps = [CaseMaps(label=label.array, truth=truth, probability=p[0], maps={}) for truth in truths]
    diversity = Diversity("dice")
    labels = add_case(diversity, tmp_path, maps, settings(Path("data")))
    np.testing.assert_array_equal(labels, p.argmax(-1))
    one, two = diversity.curve_rows()
    dice = [references.dice(label.array == k, truth == k) for k in (1, 2) for truth in truths]
    assert two["dice"] == pytest.approx(np.mean(dice))
    disagreement = np.mean(p[0].argmax(-1) != p[1].argmax(-1))
    assert diversity.summary()["disagreement"] == pytest.approx(disagreement)
    assert diversity.summary()["between_member_variance"] == pytest.approx(0.25)
    assert one["subsets"] == 2


def test_a_case_without_kept_members_adds_nothing(tmp_path):
    diversity = Diversity("dice")
    assert add_case(diversity, tmp_path, [], settings(Path("data"))) == []
    summary = {}
    diversity.enter(summary, {}, 1)
    assert summary == {}


def member_rows(*shares):
    """Rows of members.csv: the probability of a cat by case and member."""
    rows = []
    for case, member, p in shares:
        rows.append(
            {"case": case, "member": member, "probability_cat": p, "probability_dog": 1 - p}
        )
    return rows


def images(folder, shares, variances=MEMBER_VARIANCES):
    write_csv(folder / "members.csv", member_rows(*shares))
    rows = [
        {"case": case, **dict.fromkeys(variances, value)}
        for case, value in (("a", 0.1), ("b", 0.3))
    ]
    write_csv(folder / "predictions.csv", rows)
    table = read_table(folder / "predictions.csv", (), "")
    p = images_members(folder, ["a", "b"], table, CLASSES)
    return images_diversity(p, np.array([0, 1]), folder, table)


def test_images_are_matched_by_their_ids(tmp_path):
    shares = [("b", 0, 0.4), ("b", 1, 0.7), ("a", 0, 0.9), ("a", 1, 0.8)]
    summary = images(tmp_path, shares).summary()
    assert summary["disagreement"] == 0.5  # of b alone
    assert summary["between_member_variance"] == pytest.approx(0.2)
    one, _ = summary["curve"]
    assert one["accuracy_lowest"] == 0.5
    assert one["accuracy_highest"] == 1.0
    assert one["nll"] == pytest.approx(-np.log([0.9, 0.8, 0.6, 0.3]).mean())


def test_images_without_kept_members_have_none(tmp_path):
    assert images_members(tmp_path, [], [], CLASSES) is None


@pytest.mark.parametrize(
    ("shares", "variances"),
    [
        pytest.param([("a", 0, 0.4), ("a", 1, 0.4), ("b", 0, 0.4)], MEMBER_VARIANCES, id="some"),
        pytest.param([("a", 0, 0.4), ("b", 0, 0.4)], MEMBER_VARIANCES, id="one member"),
        pytest.param([("a", 0, 0.4), ("a", 1, 0.4)], MEMBER_VARIANCES, id="a missing case"),
        pytest.param(
            [(case, member, 0.4) for case in "abc" for member in (0, 1)],
            MEMBER_VARIANCES,
            id="a case too many",
        ),
        pytest.param(
            [(case, member, 0.4) for case in "ab" for member in (0, 1)], ["x"], id="no variances"
        ),
    ],
)
def test_members_of_other_cases_are_refused(shares, variances, tmp_path):
    with pytest.raises(RunError, match=r"members.csv: does not hold every member"):
        images(tmp_path, shares, variances)
