"""What a review reads of segmentations."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from tests.support.made import make_predictions, make_run
from tfuq.data.json_csv import read_typed
from tfuq.runs.results import read_manifest
from tfuq.workflows.review.tasks.segmentation import ReviewedVolumes


@pytest.fixture(scope="module")
def source(balls, tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("made") / "run", "segmentation", balls)
    folder = make_predictions(run, "hybrid", most=2)
    return ReviewedVolumes(folder, run.config, read_manifest(folder))


def test_structures_have_the_measures_of_the_table(source):
    case = min(source.manifest.cases)
    parts = source.parts(case)
    assert [part.name for part in parts] == ["ball", "core"]
    rows = read_typed(source.folder / case / "structures.csv", ("case",), "")
    whole = {row["class"]: row for row in rows if row["component"] == "all"}
    for part in parts:
        assert part.measures["pairwise_dice"] == whole[part.name]["pairwise_dice"]
        assert part.counts
        assert part.quality is None
        assert "volume_mm3" not in part.measures


def test_places_are_voxels_of_the_structure_or_beside_it(source):
    case = min(source.manifest.cases)
    label = nibabel.load(source.folder / case / "label.nii.gz")
    for k, (name, place) in enumerate(source.places(case, source.parts(case)).items(), start=1):
        voxel = [place.columns[f"place_{axis}"] for axis in "ijk"]
        mm = [place.columns[f"place_{axis}_mm_ras"] for axis in "xyz"]
        np.testing.assert_allclose(mm, nibabel.affines.apply_affine(label.affine, voxel), atol=1e-4)
        around = tuple(slice(max(index - 1, 0), index + 2) for index in voxel)
        assert (label.get_fdata()[around] == k).any(), name
        assert place.words.startswith("samples disagree most at its ")


def test_the_key_tells_another_table(source):
    first, second = sorted(source.manifest.cases)
    assert source.key(first) == source.key(first) != source.key(second)
