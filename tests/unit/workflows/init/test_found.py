"""What was found out about a folder."""

from tfuq.workflows.init.found import Found


def test_reasons_and_remarks_may_be_left_out():
    found = Found(task="segmentation", data={"layout": "nnunet"})
    assert (found.reasons, found.remarks) == ({}, [])
