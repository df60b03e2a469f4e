"""Figures of dose–volume histograms."""

from tfuq.report.dose import dose_figures


def point(case, name, dose, percent):
    ends = {"lower": percent - 1, "upper": percent + 1}
    return {"case": case, "class": name, "dose_gy": dose, "volume_percent": percent, **ends}


def test_each_case_has_a_figure_with_a_band_for_each_structure():
    curves = [point("a b", name, dose, 90 - dose) for name in ("liver", "lung") for dose in (0, 20)]
    curves.append(point("a-b", "liver", 0, 50))
    figures = dict(dose_figures(curves))
    assert list(figures) == ["dose-a-b", "dose-a-b-2"]
    (axes,) = figures["dose-a-b"].axes
    assert axes.get_title() == "a b"
    assert [line.get_label() for line in axes.lines] == ["liver", "lung"]
    assert list(axes.lines[1].get_ydata()) == [90, 70]
    assert len(axes.collections) == 2


def test_the_first_twelve_cases_have_figures():
    curves = [point(f"c{number:02d}", "liver", 0, 50) for number in range(20)]
    figures = dict(dose_figures(curves))
    assert list(figures) == [f"dose-c{number:02d}" for number in range(12)]
