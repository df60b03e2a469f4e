"""Which figures predictions of segmentation have."""

import numpy as np

from tests.support.scored import scored_folder
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
