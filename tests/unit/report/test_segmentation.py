"""Which figures predictions of segmentation have."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.figures import legend_of, titles
from tests.support.scored import scored_folder
from tfuq.data.json_csv import read_table
from tfuq.data.readers import read
from tfuq.report.segmentation import segmentation_figures


def test_the_worst_cases_come_first_and_histograms_have_every_voxel(scored_tasks, balls):
    scored = scored_folder(scored_tasks["segmentation"][1])
    figures = dict(segmentation_figures(scored))
    dice = {row["case"]: row["dice"] for row in scored.scores.cases if row["class"] == "all"}
    worst = sorted(dice, key=dice.get)[:3]
    assert list(figures)[:3] == [f"case-{case}" for case in worst]
    title = figures[f"case-{worst[0]}"].get_suptitle()
    assert title.startswith(f"{worst[0]}: Dice {dice[worst[0]]:.3f}, slice ")
    wrong = voxels = 0
    for case in dice:
        label = read(scored.path / case / "label.nii.gz").array
        truth = read(balls / "labelsTr" / f"{case}.nii.gz").array
        wrong += np.count_nonzero(label != truth)
        voxels += label.size
    (axes,) = figures["uncertainty-histograms"].axes  # of one sample
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == [f"correct ({voxels - wrong:,} voxels)", f"wrong ({wrong:,} voxels)"]


@pytest.fixture(scope="module")
def scored(scored_tasks):
    return scored_folder(scored_tasks["segmentation"][0])


@pytest.fixture(scope="module")
def figures(scored):
    return dict(segmentation_figures(scored))


@pytest.fixture(scope="module")
def predictions(scored):
    return scored.path


def dice(label, truth):
    """The mean over both classes of how the masks overlap."""
    shares = []
    for k in (1, 2):
        either = (label == k).sum() + (truth == k).sum()
        shares.append(2 * ((label == k) & (truth == k)).sum() / either)
    return np.mean(shares)


def label_pairs(predictions, balls):
    """Label and truth by case, read from their files."""
    return {
        path.parent.name: (
            read(path).array,
            read(balls / "labelsTr" / f"{path.parent.name}.nii.gz").array,
        )
        for path in sorted(predictions.glob("*/label.nii.gz"))
    }


def test_the_worst_cases_are_shown_with_their_dice(figures, predictions, balls):
    pairs = label_pairs(predictions, balls)
    found = {name: dice(*pair) for name, pair in pairs.items()}
    worst = sorted(found, key=found.get)[:3]
    assert list(figures)[:3] == [f"case-{name}" for name in worst]
    for name in worst:
        title = figures[f"case-{name}"].get_suptitle()
        assert title.startswith(f"{name}: Dice {found[name]:.3f}, slice ")


def test_histograms_are_densities_of_right_and_of_wrong_voxels(figures, predictions, balls):
    axes = next(
        axes
        for axes in figures["uncertainty-histograms"].axes
        if axes.get_xlabel() == "predictive entropy (nat)"
    )
    right, wrong = [], []
    for name, (label, truth) in label_pairs(predictions, balls).items():
        values = read(predictions / name / "predictive_entropy.nii.gz").array
        right.append(values[label == truth])
        wrong.append(values[label != truth])
    for patch, parts in zip(axes.patches, (right, wrong), strict=True):
        values = np.concatenate(parts)
        expected, edges = np.histogram(values, 40, (0, np.log(3)), density=True)
        np.testing.assert_allclose(patch.get_data().values, expected, rtol=1e-6)
        np.testing.assert_allclose(patch.get_data().edges, edges)
    counts = [sum(map(len, parts)) for parts in (right, wrong)]
    assert legend_of(axes) == [f"correct ({counts[0]:,} voxels)", f"wrong ({counts[1]:,} voxels)"]


def test_each_structure_has_its_measures_against_dice(figures, predictions, scored):
    figure = figures["dice-core"]
    assert figure.get_suptitle() == "core"
    axes = next(axes for axes in figure.axes if axes.get_xlabel() == "pairwise dice")
    rows = read_table(
        predictions.parents[1] / "scores" / predictions.name / "structures.csv", (), ""
    )
    expected = {
        (float(row["pairwise_dice"]), float(row["dice"]))
        for row in rows
        if (row["class"], row["component"]) == ("core", "all")
    }
    points = sorted(axes.collections[0].get_offsets().tolist())
    np.testing.assert_allclose(points, sorted(expected), rtol=1e-4)
    correlation = scored.scores.summary["spearman_with_dice"]["core"]
    assert f"ρ = {correlation['pairwise_dice']['rho']:.2f}, " in "".join(titles(figure))


def test_a_structure_without_correlations_has_no_figure(scored):
    undefined = {"pairwise_dice": {"rho": None, "p": None, "n": 1}}
    summary = scored.scores.summary | {"spearman_with_dice": {"core": undefined}}
    scores = replace(scored.scores, summary=summary)
    assert "dice-core" not in dict(segmentation_figures(replace(scored, scores=scores)))
