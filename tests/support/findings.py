"""What the doctor finds, looked at."""


def only(findings, check, severity="fault"):
    """The one finding, which must be of this check; its three parts say something."""
    (finding,) = list(findings)
    assert (finding.check, finding.severity) == (check, severity)
    assert min(len(part) for part in (finding.problem, finding.why, finding.remedy)) > 20
    return finding.problem
