"""What a reply must be: the outputs that the export's description names, and no others."""

import numpy as np
import pytest

from tests.conftest import settings, task_settings
from tests.support.replies import PREPARED, make_export
from tfuq.errors import RunError
from tfuq.serving.expected import expected_outputs

REQUEST = {"image": np.zeros((1, 16, 16, 1), np.float32), "num_samples": np.array(3)}


@pytest.fixture
def described(tmp_path):
    """``described(task)``: the description of an export, and the configuration of its run."""

    def make(task):
        of_task = task_settings(task, tmp_path) if task != "segmentation" else None
        config = of_task or settings(tmp_path, rank=2)
        return make_export(tmp_path / task, config), config

    return make


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_what_is_expected_has_the_names_that_exports_have(described, task):
    export, config = described(task)
    assert sorted(expected_outputs(export, config, "prepared", REQUEST)) == PREPARED[task]


@pytest.mark.parametrize(
    ("signatures", "words"),
    [
        ({}, "export model: signature prepared is not in its description; export again"),
        ({"prepared": []}, "signature prepared is not in its description"),
        ({"prepared": ["votes", "secret"]}, "output 'secret' of prepared is none that this"),
    ],
)
def test_descriptions_of_unknown_outputs_are_refused(described, signatures, words):
    export, config = described("classification")
    export.signatures.clear()
    export.signatures.update(signatures)
    with pytest.raises(RunError, match=words):
        expected_outputs(export, config, "prepared", REQUEST)
