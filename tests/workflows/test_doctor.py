"""``tfuq doctor`` on a healthy run, on one whose network is not, and on none."""

from dataclasses import replace

import numpy as np
import pytest

from tfuq.prediction import Predictor


@pytest.mark.slow
def test_a_healthy_run_has_nothing(trained, tfuq):
    result = tfuq("doctor", trained("mc-dropout").path)
    assert result.exit_code == 0, result.output
    assert "0 fault(s), 0 caution(s)" in result.stdout


def test_a_folder_that_is_no_run_is_refused(tfuq, tmp_path):
    result = tfuq("doctor", tmp_path)
    assert result.exit_code == 2
    assert "not a run" in result.stderr


def test_a_network_that_depends_on_the_batch_is_found(trained, tfuq, monkeypatch):
    honest = Predictor.draw

    def draw(self, examples, samples=None):
        found = honest(self, examples, samples)
        return replace(found, probability=found.probability + np.float32(1e-3 * self.batch))

    monkeypatch.setattr(Predictor, "draw", draw)
    result = tfuq("doctor", trained("mc-dropout").path)
    assert result.exit_code == 2
    assert "fault (batches): probability" in result.stdout
