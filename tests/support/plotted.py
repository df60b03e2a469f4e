"""A run with predictions of a case that no network has made."""

import numpy as np

from tests.conftest import LISTED_SPLIT, settings
from tfuq import runs
from tfuq.data.cases import Case
from tfuq.data.readers import read
from tfuq.data.writers import write_nifti
from tfuq.runs.results import Manifest

CASE = "ball_004"


def predicted_run(balls, folder):
    """One case by two methods, one of which has kept its two members; the labels are all right."""
    config = settings(balls)
    run = runs.create(folder, config, LISTED_SPLIT, {"channels": 1, "statistics": None})
    image = balls / "imagesTr" / f"{CASE}.nii.gz"
    label = read(balls / "labelsTr" / f"{CASE}.nii.gz")
    truth = label.array.reshape(label.array.shape[:3]).astype(np.uint8)
    case = Case(CASE, (image,), balls / "labelsTr" / image.name)
    p = (0.9 * np.eye(3)[truth] + 0.1 / 3).astype(np.float32)
    for method, members in (("hybrid", 2), ("vi", 0)):
        place = run.predictions(method)
        manifest = Manifest(
            run=str(run.path),
            method=method,
            samples=4,
            seed=0,
            weights_digest=["1"],
            tfuq_version="1",
        )
        manifest.add(case, {})
        maps = {"label": truth, "probability": p}
        for member in range(members):
            maps[f"member-{member}"] = np.roll(p, member, 0)
        maps["variation_ratio"] = np.full(truth.shape, 0.25, np.float32)
        for name, array in maps.items():
            write_nifti(place / CASE / f"{name}.nii.gz", label.with_array(array))
        manifest.write(place)
    return run
