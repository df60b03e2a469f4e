"""The information of an image with landmarks."""

from tfuq.calibration.observed import Part
from tfuq.workflows.query.tasks import landmarks


def test_it_is_the_spread_in_mm_where_that_is_known(tmp_path):
    queried = landmarks.QUERIED["landmarks"]
    of_pixels = {"mean_radial_spread": 2.0, "max_activation": 0.75}
    parts = [Part(name="a", measures=of_pixels), Part(name="b", measures=of_pixels)]
    assert queried.information(tmp_path, parts) == 2.0
    assert queried.of_one_sample(tmp_path, parts) == -0.75
    in_mm = [Part(name="a", measures=of_pixels | {"mean_radial_spread_mm": 0.5})]
    assert queried.information(tmp_path, in_mm) == 0.5
