"""``tfuq query``: which images of a pool to annotate next."""

from __future__ import annotations

import csv
import json
import shutil

import nibabel
import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.conftest import assert_refused, files_of
from tfuq.data.layouts import cases_of
from tfuq.data.readers.suffixes import is_plain_image
from tfuq.runs import open_run
from tfuq.workflows.query import NO_PROMISE


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def told(tfuq, *arguments):
    result = tfuq(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def write_turned(path, new):
    """Another image: its mirror image. A file of many images, whose rows tell them apart, is copied."""
    if path.name.endswith(".nii.gz"):
        image = nibabel.load(path)
        turned = np.asarray(image.dataobj)[::-1].copy()
        nibabel.save(nibabel.Nifti1Image(turned, image.affine, image.header), new)
    elif is_plain_image(path):
        ImageOps.mirror(Image.open(path)).save(new)
    else:
        shutil.copy(path, new)


@pytest.fixture
def pool_of(run_of, tmp_path):
    """``pool_of(task)``: a copy of a trained run, and images that are of no data set."""

    def make(task):
        run = shutil.copytree(run_of(task, "mc-dropout").path, tmp_path / task / "run")
        pool = tmp_path / task / "pool"
        pool.mkdir()
        paths = dict.fromkeys(
            path for case in cases_of(open_run(run).config.data) for path in case.images
        )
        for path in paths:
            if path.stat().st_size < 2**20:
                write_turned(path, pool / path.name)
        return run, pool

    return make


@pytest.mark.parametrize(
    "task",
    [
        "segmentation",
        pytest.param("classification", marks=pytest.mark.slow),
        pytest.param("landmarks", marks=pytest.mark.slow),
    ],
)
def test_a_pool_is_ranked_with_reasons_and_promises_nothing(task, pool_of, tfuq, tmp_path):
    run, pool = pool_of(task)
    options = ("--pool", pool, "--cases", 2, "--samples", 3)
    exporting = ()
    if task == "segmentation":
        exporting = ("--export-labels", tmp_path / "out")
    shown = told(tfuq, "query", run, *options, *exporting)
    assert NO_PROMISE in shown
    folder = run / "queries" / "mc-dropout"
    rows = rows_of(folder / "query.csv")
    chosen = [row for row in rows if row["decision"] == "annotate"]
    assert rows[:2] == chosen
    assert rows[0]["rank"] == "1"
    assert all("by priority; information" in row["reason"] for row in chosen)
    others = [int(row["rank"]) for row in rows[2:]]
    assert others == sorted(others)
    summary = json.loads((folder / "query.json").read_text())
    assert summary["pool"] == len(rows)
    assert summary["promise"] == NO_PROMISE
    mean = sum(float(row["information"]) for row in rows) / len(rows)
    assert summary["pool_mean_information"] == pytest.approx(mean, rel=1e-4)
    if task == "segmentation":
        images = {path.name for path in (tmp_path / "out" / "image").glob("*.nii.gz")}
        assert images == {f"{row['case']}.nii.gz" for row in chosen}
    before = files_of(folder)
    told(tfuq, "query", run, *options)
    assert files_of(folder) == before, "predictions are kept, and the same cases are chosen"
    refused = tfuq("query", run, *options, "--seed", 77)
    assert_refused(refused, "holds predictions of", "pass --overwrite")
    refused = tfuq("query", run, *options, "--out", folder / "predictions")
    assert_refused(refused, "holds predictions, which a query makes", "choose another folder")
    labelled = [case.images[0] for case in cases_of(open_run(run).config.data) if case.label]
    if labelled:
        refused = tfuq("query", run, "--pool", labelled[0])
        assert_refused(refused, "the pool has 0 case(s) that are not labelled", "a larger --pool")
