"""Pixels of plain images have no width unless data.pixel_mm gives one; what is printed of them is in pixels until then."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

import tfuq as package
from tests.conftest import assert_refused, settings, task_settings
from tests.support.made import make_run, make_scores
from tests.support.own_data import OWN, write_discs
from tfuq import config as configuration
from tfuq.data.cases import Case, read_case_image, read_label
from tfuq.data.json_csv import read_json, read_table
from tfuq.data.layouts import cases_of
from tfuq.data.readers import read
from tfuq.data.units import PLAIN_IMAGE, SCAN, SIZED_IMAGE, in_every_unit
from tfuq.data.volume import Volume
from tfuq.data.writers import write_csv, write_nifti
from tfuq.errors import ConfigError
from tfuq.measures.catalogue import OF_STRUCTURES, names_of
from tfuq.report.page.render import write_page
from tfuq.runs import open_run
from tfuq.scoring.evaluation import score_folder
from tfuq.scoring.metrics import METRICS
from tfuq.workflows.doctor import prediction_findings
from tfuq.workflows.study.table import _column, _Summary

MM = 0.25
IN_MM = re.compile(r"(?<![a-z])mm(?![a-z])|mm[23²³]")


def discs_config(root, pixel_mm=None):
    config = configuration.parse(OWN.replace("ROOT", str(root)))
    return config.model_copy(update={"data": config.data.model_copy(update={"pixel_mm": pixel_mm})})


@pytest.fixture
def discs(tmp_path):
    return write_discs(tmp_path / "discs")


@pytest.fixture
def predicted(discs, tmp_path):
    """``predicted(pixel_mm)``: a scored run on the discs, made without a network."""

    def make(width=None):
        data = {
            "layout": "folder",
            "label_folder": "mask",
            "classes": ["rest", "disc"],
            "label_values": {0: 0, 255: 1},
        }
        run = make_run(
            tmp_path / f"run-{width}",
            "segmentation",
            discs,
            rank=2,
            data={**data, "pixel_mm": width},
        )
        make_scores(run, "hybrid", samples=3, most=3)
        return run

    return make


def rows_of(run, name):
    return read_table(run.scores("hybrid") / f"{name}.csv", ("case", "class"), "")


def test_no_score_or_measure_is_without_its_fellow_in_another_unit():
    lengths = [name for name in METRICS if name.endswith(("_mm", "_mm2", "_mm3", "_px", "_px2"))]
    assert set(in_every_unit(lengths)) == set(
        lengths
    )  # no score is without its fellow in another unit
    for name in lengths:
        unit = METRICS[name].unit.replace("pixel", "px").replace("²", "2").replace("³", "3")
        assert name.endswith(f"_{unit}")
    of_structures = names_of(OF_STRUCTURES)
    assert set(in_every_unit(of_structures)) == set(of_structures)


def test_a_plain_image_is_as_wide_as_the_configuration_says(discs, tmp_path):
    for width, spacing, unit in ((None, 1.0, PLAIN_IMAGE), (MM, MM, SIZED_IMAGE)):
        config = discs_config(discs, width)
        case = cases_of(config.data)[0]
        image = read_case_image(case)
        np.testing.assert_allclose(image.spacing, [spacing, spacing, 1])
        assert image.voxel_volume == pytest.approx(spacing**2)
        assert case.unit is unit
        assert read_label(config, case, image).same_grid(image)
    flat = Volume(np.ones((4, 5, 1), np.float32), np.diag([0.7, 0.8, 3.0, 1]), ndim=2)
    write_nifti(tmp_path / "flat.nii.gz", flat)
    np.testing.assert_allclose(read(tmp_path / "flat.nii.gz", MM).spacing[:2], [0.7, 0.8])
    assert Case("flat", (tmp_path / "flat.nii.gz",), pixel_mm=MM).unit is SCAN


def test_scores_in_pixels_and_in_millimetres(predicted):
    plain, sized = predicted(), predicted(MM)
    for name in ("cases", "structures"):
        for a, b in zip(rows_of(plain, name), rows_of(sized, name), strict=True):
            assert not [column for column in a if "mm" in column.split("_")[-1]]
            for column, value in a.items():
                factor = {"px": MM, "px2": MM**2}.get(column.split("_")[-1], 1)
                other = b[SIZED_IMAGE.column(column)]
                assert other == value or float(other) == pytest.approx(
                    float(value) * factor, rel=1e-4
                ), column
    case = rows_of(plain, "cases")[0]["case"]
    label = read(plain.predictions("hybrid") / case / "label.nii.gz").array > 0
    row = next(
        r for r in rows_of(plain, "structures") if (r["case"], r["component"]) == (case, "all")
    )
    assert float(row["area_px2"]) == label.sum()
    summary = json.loads((plain.scores("hybrid") / "summary.json").read_text())
    assert summary["scores"]["disc"]["hd95_px"]["unit"] == "pixel"
    assert {"area_px2", "area_mean_px2"} <= summary["structure_measures"]["disc"].keys()
    assert not IN_MM.search(json.dumps(summary))


@pytest.mark.parametrize(
    ("width", "lengths", "sizes"), [(None, "pixel", "pixel²"), (MM, "mm", "mm²")]
)
def test_what_is_printed_names_the_unit(predicted, tfuq, tmp_path, width, lengths, sizes):
    run = predicted(width)
    printed = tfuq("score", run.predictions("hybrid"), "--no-figures")
    assert printed.exit_code == 0, printed.output
    assert re.search(rf"hd95_{'px' if width is None else 'mm'} \d", printed.output)
    write_page([run.scores("hybrid")], tmp_path / "page.html", 2)
    page = (tmp_path / "page.html").read_text()
    words = re.sub(r"<[^>]*>|\s+", " ", page)
    assert re.search(rf"95 % Hausdorff distance +HD95 +\({lengths}\)", words)
    assert re.search(rf"area difference +ΔA +\({sizes}\)", words)
    assert "mm³" not in page
    assert "mm3" not in page
    shutil.copytree(run.scores("hybrid"), tmp_path / "other")
    compared = tfuq("compare", run.scores("hybrid"), tmp_path / "other").output
    assert f"({lengths})" in compared
    if width is None:
        words = re.sub(
            r"[A-Za-z0-9+/=]{40,}|pixel_mm", "", page
        )  # without pictures, and the key in the configuration
        assert not IN_MM.search(printed.output + compared + words)


@pytest.mark.parametrize(
    ("width", "column", "symbol"), [(None, "px2", "pixel²"), (MM, "mm2", "mm²")]
)
def test_sizes_of_structures_are_compared_in_their_unit(
    predicted, tfuq, tmp_path, width, column, symbol
):
    run = predicted(width)
    scores, other = run.scores("hybrid"), shutil.copytree(run.scores("hybrid"), tmp_path / "other")
    compared = tfuq("compare", scores, other, "--out", tmp_path / "out")
    assert compared.exit_code == 0, compared.output
    (first, _) = read_table(tmp_path / "out" / "comparison.csv", (), "")
    whole = [row for row in rows_of(run, "structures") if row["component"] == "all"]
    sizes = [
        np.mean([float(row[f"area_{what}_{column}"]) for row in whole]) for what in ("mean", "std")
    ]
    assert float(first[f"area_mean_{column}_unbiased"]) == pytest.approx(sizes[0], rel=1e-4)
    assert float(first[f"area_std_{column}_unbiased"]) == pytest.approx(
        sizes[1] * np.sqrt(3 / 2), rel=1e-4
    )  # T = 3
    assert f"| area_std_{column} ({symbol})" in compared.output
    assert "volume_std" not in compared.output
    write_page([scores], tmp_path / "page.html", 2)
    words = re.sub(r"<[^>]*>|\s+", " ", (tmp_path / "page.html").read_text())
    assert re.search(rf"standard deviation of the samples&#39; sizes +\S+ +\({symbol}\)", words)


def test_older_tables_of_plain_images_open_still(predicted):
    run = predicted()
    before = rows_of(run, "structures")
    for path in run.predictions("hybrid").glob("*/structures.csv"):
        write_csv(path, [SCAN.named(row) for row in read_table(path, (), "")])
        assert "volume_mm3" in path.read_text()
    shutil.rmtree(run.scores("hybrid"))
    score_folder(run.predictions("hybrid"), None).write(run.scores("hybrid"))
    assert rows_of(run, "structures") == before


@pytest.mark.slow
def test_predictions_of_plain_images(discs, tmp_path, tfuq):
    """One training for both, as a run that looks at 16×24 voxels sees the same whatever their width."""
    run, image = (
        package.train(discs_config(discs), run=tmp_path / "plain").run,
        discs / "image" / "disc-0.png",
    )
    sized = with_width(run, tmp_path / "sized")
    rows = package.load(tmp_path / "plain").predict(image).structures
    assert tfuq("predict", tmp_path / "sized", "--input", image).exit_code == 0
    folder = sized.predictions("mc-dropout-input") / "disc-0"
    np.testing.assert_allclose(read(folder / "label.nii.gz").spacing, [MM, MM, 1])
    for a, b in zip(
        rows, read_table(folder / "structures.csv", ("area_mm2", "area_upper_mm2"), ""), strict=True
    ):
        assert float(b["area_mean_mm2"]) == pytest.approx(a["area_mean_px2"] * MM**2, rel=1e-5)
        assert not any("mm" in name for name in a)
    sums = (
        2 * rows[0]["area_mean_px2"] * 16 * 24 / (20 * 30)
    )  # voxels of both samples; one is 20·30 / (16·24) pixels
    assert sums == pytest.approx(round(sums), abs=1e-6)


def with_width(run, path):
    """A copy of a run whose configuration says how wide a pixel is."""
    shutil.copytree(run.path, path)
    data = run.config.data.model_copy(update={"pixel_mm": MM})
    (path / "config.yaml").write_text(run.config.model_copy(update={"data": data}).dump())
    return open_run(path)


def test_doctor_holds_plain_images_against_maps_of_their_width(predicted):
    run = predicted(MM)
    findings = list(prediction_findings(run))
    assert "geometry" not in {finding.check for finding in findings}
    other = predicted()
    shutil.copytree(other.predictions("hybrid"), run.predictions("other"))
    assert "geometry" in {finding.check for finding in prediction_findings(run)}


def test_a_study_of_plain_images_is_told_the_unit(predicted):
    run = predicted()
    summary = read_json(run.scores("hybrid") / "summary.json", _Summary, "")
    assert _column(summary, {}, "disc", "hd95_px")["hd95_px"] > 0
    assert _column(summary, {}, "disc", "measure.area_mean_px2")["measure.area_mean_px2"] > 0
    with pytest.raises(ConfigError, match="'hd95_mm' is 'hd95_px' in this study"):
        _column(summary, {}, "disc", "hd95_mm")
    with pytest.raises(ConfigError, match="'volume_mean_mm3' is 'area_mean_px2'"):
        _column(summary, {}, "disc", "measure.volume_mean_mm3")


def test_data_check_names_the_unit(discs, tmp_path, tfuq):
    path = tmp_path / "discs.yaml"
    path.write_text(OWN.replace("ROOT", str(discs)))
    pixels = (np.asarray(Image.open(discs / "mask" / "disc-0.png")) > 0).sum()

    def row(*arguments):
        result = tfuq("data", "check", path, *arguments)
        lines = result.output.splitlines()
        assert result.exit_code == 0, result.output
        place = next(i for i, line in enumerate(lines) if line.startswith("case"))
        return lines[place], lines[place + 1].split(), result.output

    head, cells, _ = row()
    assert "spacing (pixel)" in head
    assert "disc (pixel²)" in head
    assert cells[3] == "1×1×1"
    assert float(cells[-1]) == pixels
    head, cells, _ = row("-o", f"data.pixel_mm={MM}")
    assert "spacing (mm)" in head
    assert "disc (cm²)" in head
    assert float(cells[-1]) == pytest.approx(pixels * MM**2 / 100, rel=1e-3)
    for folder in ("image", "mask"):
        volume = read(discs / folder / "disc-1.png")
        (discs / folder / "disc-1.png").unlink()
        write_nifti(discs / folder / "disc-1.nii.gz", volume)
    head, _, printed = row()
    assert "disc (cm² or pixel²)" in head
    assert "remark: some cases are plain images" in printed


def test_pixel_mm_is_refused_where_it_says_nothing(balls, digits, heads, tmp_path, tfuq):
    for task, root, remedy in (
        ("landmarks", heads, "annotations.pixel_mm"),
        ("classification", digits, "remove it"),
    ):
        with pytest.raises(ValueError, match=f"data.pixel_mm serves segmentation alone.*{remedy}"):
            task_settings(task, root, data={"pixel_mm": MM})
    for value in ("0", "-1", "1e9", "wide"):
        with pytest.raises(ConfigError, match="pixel_mm"):
            configuration.parse(OWN, (f"data.pixel_mm={value}",))
    (tmp_path / "balls.yaml").write_text(settings(balls, data={"pixel_mm": MM}).dump())
    assert (
        "remark: data.pixel_mm has no effect"
        in tfuq("data", "check", tmp_path / "balls.yaml").output
    )


def test_a_mask_of_another_width_is_refused(discs, tmp_path, tfuq):
    """A prediction of another run, in pixels, beside an image in mm."""
    volume = read(discs / "mask" / "disc-0.png")
    (discs / "mask" / "disc-0.png").unlink()
    write_nifti(discs / "mask" / "disc-0.nii.gz", volume)
    (tmp_path / "discs.yaml").write_text(OWN.replace("ROOT", str(discs)))
    assert tfuq("data", "check", tmp_path / "discs.yaml").exit_code == 0
    assert_refused(
        tfuq("data", "check", tmp_path / "discs.yaml", "-o", f"data.pixel_mm={MM}"),
        "affine differs",
        "data.pixel_mm",
    )
