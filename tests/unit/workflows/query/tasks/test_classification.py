"""The information of a classified image."""

from tfuq.calibration.observed import WHOLE, Part
from tfuq.workflows.query.tasks import classification


def test_it_is_its_mutual_information_or_entropy(tmp_path):
    measures = {"mutual_information": 0.25, "predictive_entropy": 0.5}
    parts = [Part(name=WHOLE, measures=measures)]
    assert classification.QUERIED["classification"].information(tmp_path, parts) == 0.25
    assert classification.QUERIED["classification"].of_one_sample(tmp_path, parts) == 0.5
