"""Checks of members: copies, those that are missing, and numbers that are none."""

import hashlib

import numpy as np
import pytest

from tests.support.findings import only
from tfuq.data.writers import write_csv, write_json
from tfuq.networks.weights import save_arrays
from tfuq.workflows.doctor.members import (
    members_are_missing,
    members_are_the_same,
    validation_came_to_no_number,
    weights_are_not_finite,
)


@pytest.fixture
def weighted(run):
    """The run with one member of two numbers and a history."""
    digest = save_arrays(run.member(0) / "weights.npz", {"kernel": np.array([1.0, 2.0])})
    write_json(run.member(0) / "done", {"digest": digest})
    write_csv(run.member(0) / "history.csv", [{"epoch": 1, "loss": 1.0, "val_loss": 0.5}])
    return run


def test_members_that_are_the_same(run):
    for member, digest in enumerate(["a" * 64, "b" * 64, "a" * 64]):
        write_json(run.member(member) / "done", {"digest": digest})
    assert "same weights as member 0" in only(members_are_the_same(run), "members")


def test_members_that_are_missing(run):
    assert list(members_are_missing(run)) == []  # nothing is trained, so nothing is missing
    write_json(run.member(1) / "done", {"digest": "b" * 64})
    problem = only(members_are_missing(run), "members", "caution")
    assert "member(s) 0 of 2" in problem
    write_json(run.member(0) / "done", {"digest": "a" * 64})
    assert list(members_are_missing(run)) == []


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers(weighted, value):
    """As an earlier version wrote them."""
    assert list(weights_are_not_finite(weighted)) == []
    path = weighted.member(0) / "weights.npz"
    np.savez(path, **{"layer|kernel": np.array([1.0, value])})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    write_json(weighted.member(0) / "done", {"digest": digest})
    problem = only(weights_are_not_finite(weighted), "nan")
    assert "weights.npz: 'layer/kernel' is not finite" in problem


def test_a_validation_loss_that_is_no_number(weighted):
    assert list(validation_came_to_no_number(weighted)) == []
    history = weighted.member(0) / "history.csv"
    history.write_text("epoch,loss,val_loss\n1,1.0,0.5\n2,0.9,\n3,0.8,\n")
    found = only(validation_came_to_no_number(weighted), "nan")
    assert "the validation loss of epoch 2 is no number" in found
    history.unlink()
    assert list(validation_came_to_no_number(weighted)) == []
