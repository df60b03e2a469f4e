"""The figure of free-response curves."""

from tfuq.report.free_response import free_response_figure


def test_a_panel_for_each_structure_and_a_line_for_each_confidence():
    curves = []
    for confidence, found in (("detection_frequency", 0.8), ("maximum_probability", 0.6)):
        row = {"class": "a", "confidence": confidence, "threshold": 0.5}
        curves.append(row | {"sensitivity": found, "false_positives_per_scan": 1.5})
    curves.append(curves[0] | {"class": "b"})
    detection = {name: {"lesions": 5, "scans": 2} for name in "ab"}
    figure = free_response_figure(curves, detection)
    a, b = figure.axes
    assert a.get_title() == "a: 5 lesions, 2 scans"
    labels = [text.get_text() for text in a.get_legend().get_texts()]
    assert labels == ["by detection frequency", "by maximum probability"]
    assert a.lines[1].get_xydata().tolist() == [[0, 0], [1.5, 0.6]]
    assert len(b.lines) == 1
