"""Figures of a study of shift."""

from tfuq.report.shift import _some, against_severity, shown_quantities


def row(severity, method, **values):
    return {"method": method, "samples": 5, "severity": severity, **values}


def test_quantities_of_any_row_have_a_panel_and_methods_a_line():
    rows = [row(at, method, dice=0.9 - at, other=1) for method in ("vi", "mc") for at in (0.0, 0.1)]
    rows.append(row(0.2, "vi", predictive_entropy=0.5, dice=None))
    correlations = [
        {"method": "vi", "quantity": "dice", "spearman": -1.0, "pearson": -0.987},
        {"method": "mc", "quantity": "dice", "spearman": None, "pearson": None},
    ]
    figure = against_severity(rows, correlations, "noise, σ", "σ of the noise")
    dice, entropy = figure.axes
    assert (dice.get_ylabel(), entropy.get_ylabel()) == ("Dice", "predictive entropy (nat)")
    assert [line.get_label() for line in dice.lines] == [
        "vi, T = 5 (ρ −1.00, r −0.99)",
        "mc, T = 5",
    ]
    assert list(dice.lines[0].get_xdata()) == [0.0, 0.1]
    assert [line.get_label() for line in entropy.lines] == ["vi, T = 5"]
    assert {axes.get_xlabel() for axes in figure.axes} == {"σ of the noise"}
    assert figure.get_suptitle() == "noise, σ"


def test_strips_have_six_severities_with_the_ends():
    assert _some([3.0, 1.0, 2.0]) == [1.0, 2.0, 3.0]
    assert _some(list(map(float, range(11)))) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]


def test_strips_show_severity_0_between_the_ends():
    turns = [-90.0, -50.0, -10.0, 0.0, 10.0, 50.0, 90.0]
    assert _some(turns) == [-90.0, -50.0, 0.0, 50.0, 90.0]
    assert 0.0 in _some([-3.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


def test_lengths_are_in_millimetres_where_they_are_known():
    rows = [row(0.0, "vi", variance=1.0, variance_mm=0.01, mean_radial_spread=2.0)]
    assert shown_quantities(rows) == ["variance_mm", "mean_radial_spread"]
