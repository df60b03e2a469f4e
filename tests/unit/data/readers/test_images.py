"""Plain images as volumes of one slice."""

import numpy as np
import pytest
from PIL import Image

from tfuq.data.readers.images import as_volume, is_plain_image, read_image
from tfuq.errors import DataError

GREY = np.random.default_rng(0).integers(0, 255, (6, 9), dtype=np.uint8)
RGB = np.random.default_rng(0).integers(0, 255, (6, 9, 3), dtype=np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_grey_and_colour_are_read_as_one_slice(tmp_path, suffix):
    Image.fromarray(GREY).save(tmp_path / f"a{suffix}")
    Image.fromarray(RGB).save(tmp_path / f"b{suffix}")
    np.testing.assert_array_equal(read_image(tmp_path / f"a{suffix}").array[:, :, 0], GREY)
    colour = read_image(tmp_path / f"b{suffix}").array
    assert colour.shape == (6, 9, 1, 3)
    np.testing.assert_array_equal(colour[:, :, 0], RGB)


def test_transparency_is_dropped(tmp_path):
    alpha = np.full((6, 9, 1), 40, np.uint8)
    Image.fromarray(np.concatenate([RGB, alpha], -1)).save(tmp_path / "rgba.png")
    np.testing.assert_array_equal(read_image(tmp_path / "rgba.png").array[:, :, 0], RGB)
    Image.fromarray(np.stack([GREY, GREY], -1)).save(tmp_path / "la.png")
    np.testing.assert_array_equal(read_image(tmp_path / "la.png").array[:, :, 0], GREY)


def test_a_palette_holds_label_values_as_its_indices(tmp_path):
    indices = np.array([[0, 1, 2], [2, 0, 1]], np.uint8)
    image = Image.fromarray(indices).convert("P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    image.putdata(indices.ravel().tolist())
    image.save(tmp_path / "label.png")
    np.testing.assert_array_equal(read_image(tmp_path / "label.png").array[:, :, 0], indices)


def test_sixteen_bits_and_floats_keep_their_values(tmp_path):
    deep = np.array([[0, 300], [40_000, 65_535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(read_image(tmp_path / "deep.png").array[:, :, 0], deep)
    floats = np.array([[-1.5, 0.25]], np.float32)
    Image.fromarray(floats).save(tmp_path / "floats.tif")
    np.testing.assert_array_equal(read_image(tmp_path / "floats.tif").array[:, :, 0], floats)


def test_pixels_are_as_wide_as_is_said_whatever_the_file_says(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png", dpi=(300, 300))
    np.testing.assert_allclose(read_image(tmp_path / "a.png").spacing, [1, 1, 1])
    np.testing.assert_allclose(read_image(tmp_path / "a.png", 0.25).spacing, [0.25, 0.25, 1])


def test_rows_run_down_and_columns_to_the_right():
    volume = as_volume(GREY, 2.0)
    origin = volume.affine @ [0, 0, 0, 1]
    down = volume.affine @ [1, 0, 0, 1] - origin
    right = volume.affine @ [0, 1, 0, 1] - origin
    # In NIfTI's axes (right to left of the viewer, back to front) as radiographs are shown.
    np.testing.assert_allclose(down[:3], [0, -2, 0])
    np.testing.assert_allclose(right[:3], [-2, 0, 0])
    assert volume.ndim == 2


def _nothing(path):
    path.write_bytes(b"")


def _cut(path):
    Image.fromarray(RGB).save(path)
    path.write_bytes(path.read_bytes()[:80])


def _pages(path):
    pages = [Image.fromarray(GREY)] * 2
    pages[0].save(path, format="tiff", save_all=True, append_images=pages[1:])


def _nan(path):
    Image.fromarray(np.array([[1, np.nan]], np.float32)).save(path, format="tiff")


def _gif(path):
    Image.fromarray(GREY).save(path, format="gif")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_nothing, "not a readable image"),
        (_cut, "not a readable image"),
        (_pages, "it holds 2 images where one is read"),
        (_nan, "1 voxels are NaN or infinite"),
        (_gif, "not a readable image"),
    ],
)
def test_what_is_no_single_whole_image_is_refused(tmp_path, make, words):
    path = tmp_path / "a.png"
    make(path)
    with pytest.raises(DataError, match=words) as refused:
        read_image(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "expected"), [("a.png", True), ("a.JPEG", True), ("a.nii.gz", False), ("png", False)]
)
def test_a_plain_image_is_told_by_its_name(name, expected, tmp_path):
    assert is_plain_image(tmp_path / name) == expected
