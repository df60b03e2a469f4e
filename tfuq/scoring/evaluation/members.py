"""The kept probabilities of ensemble members, from which their diversity is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfuq.config import Config
from tfuq.data.json_csv import numbers, read_table
from tfuq.data.readers import read
from tfuq.errors import RunError
from tfuq.measures.catalogue import MEMBER_VARIANCES
from tfuq.runs.results import MEMBERS, PREDICTIONS, member_map
from tfuq.scoring.evaluation.diversity import AGAIN, Diversity
from tfuq.scoring.evaluation.stored_maps import read_map
from tfuq.scoring.evaluation.voxels import CaseMaps
from tfuq.scoring.rows import class_columns
from tfuq.scoring.segmentation import dice

_HIGHEST = 1 + 1e-4  # of a probability in a table, which has six digits


def add_case(
    diversity: Diversity,
    folder: Path,
    by_reference: Sequence[CaseMaps],
    config: Config,
) -> list[np.ndarray]:
    """Add a case of volumes, where its members were kept, with every reference that it has.

    All voxels count alike whose reference is known. Dice is the mean over the foreground classes
    and references.

    Args:
        diversity: to add to.
        folder: of the case.
        by_reference: the case with each of its references.
        config: of the run.

    Returns:
        Each member's label ``[X, Y, Z]``; none where they were not kept.

    Raises:
        DataError: a map that does not fit its label.
    """
    members = len(list(folder.glob("member-*.nii.gz")))
    if not members:
        return []
    label = read(folder / "label.nii.gz")
    classes = len(config.data.classes)
    truths = [maps.of_known(maps.truth).astype(int) for maps in by_reference]
    first = by_reference[0]  # all know the same voxels
    p = []
    labels = []
    for member in range(members):
        path = folder / f"{member_map(member)}.nii.gz"
        array = read_map(path, label, 1.0, (classes,))
        labels.append(array.argmax(-1).astype(np.uint8))
        p.append(np.tile(first.of_known(array), (len(truths), 1)))
    variances = []
    for name in MEMBER_VARIANCES:
        array = read_map(folder / f"{name}.nii.gz", label, 1.0)
        variances.append(float(first.of_known(array).mean()))

    def mean_dice(labels: np.ndarray) -> float:
        scores = []
        for predicted, truth in zip(np.split(labels, len(truths)), truths, strict=True):
            scores += [dice(predicted == k, truth == k) for k in range(1, classes)]
        return float(np.mean(scores))

    diversity.add(np.stack(p), np.concatenate(truths), mean_dice, variances)
    return labels


def images_members(
    folder: Path,
    ids: list[str],
    rows: list[dict[str, str]],
    classes: list[str],
) -> np.ndarray | None:
    """The members' probabilities of all images, ``[M, n, K]``; None where they were not kept.

    Args:
        folder: of the predictions.
        ids: of n cases.
        rows: n of ``predictions.csv``.
        classes: the K classes' names.

    Raises:
        RunError: a damaged table, or one of other cases.
    """
    path = folder / MEMBERS
    if not path.is_file():
        return None
    by_case = _members_by_case(path, ids, classes)
    counts = {len(members) for members in by_case.values()}
    has_all = len(counts) == 1 and min(counts) >= 2 and len(by_case) <= len(ids)
    if not has_all or MEMBER_VARIANCES[0] not in rows[0]:
        raise RunError(f"{path}: does not hold every member of the cases of its folder; {AGAIN}")
    p = np.array([by_case[case_id] for case_id in ids], float)
    return p.transpose(1, 0, 2)


def images_diversity(
    p: np.ndarray,
    y: np.ndarray,
    folder: Path,
    rows: list[dict[str, str]],
) -> Diversity:
    """The diversity of members over all images.

    Args:
        p: as of `images_members`.
        y: true classes ``[n]``.
        folder: of the predictions.
        rows: n of ``predictions.csv``.

    Raises:
        RunError: a damaged table.
    """
    variances = []
    for name in MEMBER_VARIANCES:
        values = numbers(folder / PREDICTIONS, rows, name, AGAIN)
        variances.append(float(values.mean()))

    def accuracy(label: np.ndarray) -> float:
        return float((label == y).mean())

    diversity = Diversity("accuracy")
    diversity.add(p, y, accuracy, variances)
    return diversity


def _members_by_case(
    path: Path,
    ids: list[str],
    classes: list[str],
) -> dict[str, list[np.ndarray]]:
    """Probabilities ``[K]`` of each member of ``members.csv``, by case."""
    columns = class_columns("probability", classes)
    rows = read_table(path, ("case", "member", *columns), AGAIN)
    by_class = [numbers(path, rows, name, AGAIN, low=0, high=_HIGHEST) for name in columns]
    by_case: dict[str, list[np.ndarray]] = {case_id: [] for case_id in ids}
    for row, values in zip(rows, np.stack(by_class, -1), strict=True):
        by_case.setdefault(row["case"], []).append(values)
    return by_case
