"""Manifests and cases of no run."""

from tfuq.data.cases import Case
from tfuq.runs.results import Manifest


def a_manifest(**changes):
    values = {"method": "vi", "samples": 4, "seed": 5, "weights_digest": ["ab"]}
    return Manifest(run="run", tfuq_version="0.1.0", **(values | changes))


def a_case(folder, name="a", **changes):
    return Case(name, (folder / f"{name}.nii.gz",), **changes)
