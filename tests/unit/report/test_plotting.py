"""Figures and the names of their files."""

from tfuq.report.plotting import file_names, new_figure, save


def test_figures_of_like_names_are_told_apart(tmp_path):
    names = ["left lung", "left-lung", "Left lung", "left lung-2", "heart", "left lung"]
    parts = file_names(names)
    assert list(parts) == ["left lung", "left-lung", "Left lung", "left lung-2", "heart"]
    assert parts["left lung"] == "left-lung"
    assert parts["heart"] == "heart"
    assert len({part.casefold() for part in parts.values()}) == len(parts)
    for part in parts.values():
        save(new_figure(1, 1), tmp_path / f"{part}.png")
    assert len(list(tmp_path.glob("*.png"))) == len(parts)
