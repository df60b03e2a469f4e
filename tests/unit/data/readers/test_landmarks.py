"""Landmark files: the ISBI 2015 layout and tables, missing landmarks, and one clear line for what is wrong."""

import numpy as np
import pytest

from tests.conftest import real
from tfuq.data.readers.landmarks import read_landmark_table, read_points
from tfuq.errors import DataError


def write(tmp_path, text):
    path = tmp_path / "a.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_first_lines_are_read_and_the_rest_is_not(tmp_path):
    path = write(
        tmp_path,
        "\ufeff835,996\r\n1473.5, 1029\r\n\r\nnan,NaN\r\n-1,-1\r\n12,-1\r\nteeth: class II\r\n",
    )
    expected = [[835, 996], [1473.5, 1029], [np.nan] * 2, [np.nan] * 2, [np.nan] * 2, [12, -1]]
    np.testing.assert_array_equal(read_points(path, 6), expected)
    assert read_points(path, 6).dtype == np.float64


def test_real_annotations():
    folder = real("cephalometric2015") / "AnnotationsByMD"
    points = np.array(
        [
            [read_points(folder / d / f"{n:03d}.txt", 19) for n in range(1, 11)]
            for d in ("400_senior", "400_junior")
        ]
    )
    assert points.shape == (2, 10, 19, 2)
    np.testing.assert_array_equal(points[0, 0, 0], [835, 996])
    assert (
        0.5 < 0.1 * np.linalg.norm(points[0] - points[1], axis=-1).mean() < 5
    )  # mm between the doctors


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,2\n", "has 1 lines, and 3 landmarks"),
        ("1,2\n3;4\n5,6", "line 2: is '3;4'"),
        ("1,2\n3,4,5\n5,6", "line 2: is '3,4,5'"),
        ("1,2\n3,4\nfive,6", "line 3: 'five' is not a number"),
        ("1,2\n3,inf\n5,6", "line 2: position is '3', 'inf'"),
        ("nan,2\n3,4\n5,6", "line 1: position is 'nan', '2'"),
        ("1,2\n3,\n5,6", "line 2: position is '3', ''"),
        (b"\xff\xfe\x00BM", "not a text file"),
    ],
)
def test_broken_annotations_are_refused(tmp_path, text, words):
    with pytest.raises(DataError, match=words) as refusal:
        read_points(write(tmp_path, text), 3)
    assert "\n" not in str(refusal.value)


def test_missing_files_are_refused(tmp_path):
    for read in (read_landmark_table, lambda path: read_points(path, 3)):
        with pytest.raises(DataError, match="none: no such file"):
            read(tmp_path / "none")
        with pytest.raises(DataError, match="cannot be read"):
            read(tmp_path)


def test_long_table(tmp_path):
    text = 'rater,File,Landmark,X,Y\n1,"a,b.png",tip,3,4.5\n\n1,"a,b.png",base,nan,\n2,c.png,tip,-1,-1\n2,c.png,base,-1,7\n'
    table = read_landmark_table(write(tmp_path, text))
    assert list(table) == ["a,b.png", "c.png"]
    assert table["a,b.png"]["tip"] == (3, 4.5)
    assert np.isnan([table["a,b.png"]["base"], table["c.png"]["tip"]]).all()
    assert table["c.png"]["base"] == (-1, 7)


def test_wide_table(tmp_path):
    table = read_landmark_table(
        write(tmp_path, "id,X1,Y1,X2,Y2,remark\n7.jpg,1,2,3.5,4,good\n8.jpg,5,6,,,\n")
    )
    assert table["7.jpg"] == {"1": (1, 2), "2": (3.5, 4)}
    assert table["8.jpg"]["1"] == (5, 6)
    assert np.isnan(table["8.jpg"]["2"]).all()


def test_real_table():
    table = read_landmark_table(real("fly_wings") / "csv-example.csv")
    assert len(table) == 58
    assert {len(points) for points in table.values()} == {12}
    assert table["63001.jpg"]["12"] == (534, 230)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no rows; give columns file"),
        ("file,landmark,x,y\n", "has no rows"),
        ("file,point,x,y\na,b,1,2\n", "its columns are file, point, x, y; give columns"),
        ("name,X1,Y1\na,1,2\n", "its columns are name, x1, y1"),
        ("id,X1,Y1,X2\na,1,2,3\n", "its columns are id, x1, y1, x2"),
        ("file,landmark,x,y\na,b,1\n", "line 2: has 3 cells, and there are 4 columns"),
        ("file,landmark,x,y\na,b,1,2\na,b,1,2\n", "line 3: landmark 'b' of 'a' is given twice"),
        ("file,landmark,x,y\na,,1,2\n", "line 2: the landmark is empty"),
        ("id,X1,Y1\n,1,2\n", "line 2: the file is empty"),
        ("id,X1,Y1\na,1,two\n", "line 2: 'two' is not a number"),
        ("id,X1,Y1\na,1,\n", "line 2: position is '1', ''"),
        ('id,X1,Y1\n"a,1,2\n', "not readable as CSV"),
    ],
)
def test_broken_tables_are_refused(tmp_path, text, words):
    with pytest.raises(DataError, match=words) as refusal:
        read_landmark_table(write(tmp_path, text))
    assert "\n" not in str(refusal.value)
