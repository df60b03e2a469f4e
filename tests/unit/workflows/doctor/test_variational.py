"""Checks of variational weights: the KL term of their loss, and their widths."""

import numpy as np
import pytest

from tests.conftest import task_settings
from tfuq.config import Config
from tfuq.data.writers import write_csv, write_json
from tfuq.errors import RunError
from tfuq.networks.weights import save_arrays
from tfuq.runs import Run
from tfuq.workflows.doctor.variational import kl_is_out_of_scale, widths_did_not_move


@pytest.mark.parametrize(
    ("kl", "likelihood", "severity", "words"),
    [(0.0, 0.5, "fault", "KL term is 0"), (30.0, 0.5, "caution", "60 times"), (0.3, 0.5, None, "")],
)
def test_kl_missing_or_dwarfing(kl, likelihood, severity, words, run):
    variational = Run(run.path, Config.model_validate(run.config.model_dump() | {"method": "vi"}))
    write_json(run.member(0) / "done", {"digest": "a" * 64})
    rows = [
        {"epoch": 1, "data_loss": 9.0, "kl": 1.0},
        {"epoch": 2, "data_loss": likelihood, "kl": kl},
    ]
    write_csv(run.member(0) / "history.csv", rows)
    assert list(kl_is_out_of_scale(run)) == []  # weights without a distribution have no KL to miss
    found = list(kl_is_out_of_scale(variational))
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    assert all(words in finding.problem for finding in found)


def test_a_damaged_history_is_refused(run):
    variational = Run(run.path, Config.model_validate(run.config.model_dump() | {"method": "vi"}))
    write_json(run.member(0) / "done", {"digest": "a" * 64})
    for content, words in (
        ("", "no column 'kl'"),
        ("kl,data_loss\n", "has no epoch"),
        ("kl,data_loss\nx,1\n", "not a number"),
    ):
        (run.member(0) / "history.csv").write_text(content)
        with pytest.raises(RunError, match=words):
            list(kl_is_out_of_scale(variational))


@pytest.mark.parametrize(("width", "is_found"), [(0.0067, True), (0.003, False), (0.014, False)])
def test_widths_within_a_factor_of_two_of_the_start_did_not_move(digits, tmp_path, width, is_found):
    """A width is log(1 + exp(v)) of the variable v."""
    config = task_settings("classification", digits, "vi", variational={"initial_scale": 0.0067})
    run = Run(tmp_path, config)
    variable = np.full((2, 3), np.log(np.expm1(width)))
    run.member(0).mkdir(parents=True)
    arrays = {"dense/kernel_posterior_untransformed_scale": variable}
    write_json(
        run.member(0) / "done", {"digest": save_arrays(run.member(0) / "weights.npz", arrays)}
    )
    write_json(tmp_path / "environment.json", {"channels": 1, "statistics": None})
    found = list(widths_did_not_move(run))
    assert [finding.check for finding in found] == (["widths"] if is_found else [])
    frozen = {"channels": 1, "statistics": None, "frozen": {"layers": ["dense"]}}
    write_json(tmp_path / "environment.json", frozen)
    assert list(widths_did_not_move(run)) == []
    point = Run(tmp_path, task_settings("classification", digits, "deterministic"))
    assert list(widths_did_not_move(point)) == []
