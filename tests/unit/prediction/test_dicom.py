"""The DICOM files of a case: what is written, and which cases it cannot be written for."""

import numpy as np
import pytest

from tests.support.dicom import Scan, noise
from tfuq.data.cases import Case
from tfuq.data.readers import read
from tfuq.errors import DataError
from tfuq.measures.catalogue import maps_of
from tfuq.prediction.dicom import (
    algorithm_of,
    dicom_files,
    dicom_names,
    quantity_of,
    require_dicom,
)
from tfuq.runs.results import Manifest

MANIFEST = Manifest(
    run="r", method="vi", samples=4, seed=5, weights_digest=["ab"], tfuq_version="1.2"
)


def test_a_case_has_a_file_for_its_label_and_each_map(tmp_path):
    folder = Scan(noise()).write(tmp_path / "scan")
    case = Case("scan", (folder,))
    require_dicom([case])
    maps = maps_of(4)
    volume = read(folder)
    volumes = {"label": volume.with_array(np.ones(volume.shape, np.uint8))}
    for name in maps:
        volumes[name] = volume.with_array(np.zeros(volume.shape, np.float32))
    files = dicom_files(case, classes=["rest", "ball"], maps=maps, manifest=MANIFEST)
    (tmp_path / "out").mkdir()
    files.write(tmp_path / "out", volumes)
    written = {path.name for path in (tmp_path / "out").glob("*.dcm")}
    assert written == set(dicom_names(maps))
    assert {"label.dcm", "predictive_entropy.dcm"} <= written


@pytest.mark.parametrize(
    ("name", "unit", "high"),
    [
        ("predictive_entropy", "nat", np.log(3)),
        ("variation_ratio", "1", 2 / 3),
        ("standard_deviation", "1", 0.5),
        ("epistemic_variance", "1", 2 / 9),  # of landmarks it is in pixel²
    ],
)
def test_a_map_has_the_unit_and_the_bounds_of_its_measure(name, unit, high):
    quantity = quantity_of(name, 3)
    assert (quantity.unit, quantity.low) == (unit, 0)
    assert quantity.high == pytest.approx(high)


def test_the_algorithm_tells_weights_and_draws():
    algorithm = algorithm_of(MANIFEST)
    assert (algorithm.name, algorithm.version) == ("tfuq vi", "1.2")
    assert algorithm.parameters == {"samples": "4", "seed": "5"}
    other = Manifest(
        run="r", method="vi", samples=4, seed=5, weights_digest=["cd"], tfuq_version="1.2"
    )
    assert algorithm.serial != algorithm_of(other).serial


def test_cases_of_which_it_cannot_be_written_are_refused(tmp_path):
    (tmp_path / "a.nii").touch()
    for images in ((tmp_path / "a.nii",), ()):
        with pytest.raises(DataError, match=r"--dicom: .* is no DICOM series"):
            require_dicom([Case("a", images)])
    gap = Scan(noise()).write(
        tmp_path / "gap", change=lambda file, index: None if index == 2 else file
    )
    with pytest.raises(DataError, match="1 between image 2 and image 4"):
        require_dicom([Case("gap", (gap,))])
