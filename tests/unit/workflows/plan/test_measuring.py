"""A few real steps."""

from pathlib import Path

from tests.conftest import task_settings
from tfuq.workflows.plan.measuring import measure


def test_steps_and_validation_are_timed(digits, tmp_path):
    found = measure(task_settings("classification", digits), tmp_path / "run")
    assert 0 < found.step < found.start
    assert found.validation > 0
    assert found.examples == 1
    assert found.memory > 2**27
    assert not Path(tmp_path, "run").exists()
