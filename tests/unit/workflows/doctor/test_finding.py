"""A finding, in three lines for people."""

from tfuq.workflows.doctor.finding import Finding


def test_a_finding_says_what_why_and_what_to_do():
    finding = Finding(check="kl", severity="fault", problem="a: b", why="c", remedy="d")
    assert finding.lines() == ["fault (kl): a: b", "    why: c", "    do:  d"]
