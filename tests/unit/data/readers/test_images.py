"""Plain images as volumes of one slice."""

import numpy as np
import pytest
from PIL import Image

from tfuq.data.readers.images import as_volume, read_image, read_image_label
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


# EXIF's orientations: what was done to the picture as it is shown, before it was stored.
STORED = {
    1: lambda shown: shown,
    2: lambda shown: shown[:, ::-1],
    3: lambda shown: shown[::-1, ::-1],
    4: lambda shown: shown[::-1],
    5: lambda shown: np.swapaxes(shown, 0, 1),
    6: lambda shown: np.rot90(shown, 1),
    7: lambda shown: np.swapaxes(shown[::-1, ::-1], 0, 1),
    8: lambda shown: np.rot90(shown, 3),
}


def save_turned(path, shown, flag):
    picture = Image.fromarray(np.ascontiguousarray(STORED[flag](shown)))
    exif = picture.getexif()
    exif[0x0112] = flag
    picture.save(path, exif=exif, **({"quality": 100} if path.suffix == ".jpg" else {}))


@pytest.mark.parametrize("flag", STORED)
@pytest.mark.parametrize(("name", "most"), [("a.png", 0), ("a.tif", 0), ("a.jpg", 3)])
def test_a_picture_is_turned_as_it_is_shown(tmp_path, name, most, flag):
    smooth = np.add.outer(np.arange(6) * 20, np.arange(9) * 10).astype(np.uint8)
    save_turned(tmp_path / name, smooth, flag)
    for read_file in (read_image, read_image_label):
        array = read_file(tmp_path / name).array
        assert array.shape == (6, 9, 1)
        np.testing.assert_allclose(array[:, :, 0].astype(int), smooth, atol=most)


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_a_compressed_tiff_of_colours_is_turned_once(tmp_path, compression):
    stored = Image.fromarray(np.ascontiguousarray(STORED[6](RGB)))
    stored.save(tmp_path / "a.tif", compression=compression, tiffinfo={274: 6})
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").array[:, :, 0], RGB)


def _palette(path, indices, colours):
    picture = Image.frombytes("P", indices.shape[::-1], indices.tobytes())
    picture.putpalette(np.asarray(colours, np.uint8).tobytes())
    picture.save(path)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif"])
def test_a_palette_is_read_as_its_colours_and_of_a_label_as_its_indices(tmp_path, name):
    indices = np.array([[0, 1, 2], [2, 0, 1]], np.uint8)
    colours = np.array([[10, 0, 0], [255, 0, 7], [0, 255, 0]], np.uint8)
    _palette(tmp_path / name, indices, colours)
    array = read_image(tmp_path / name).array
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array[:, :, 0], colours[indices])
    label = read_image_label(tmp_path / name).array
    np.testing.assert_array_equal(label[:, :, 0], indices)


def test_a_palette_of_greys_is_a_grey_image(tmp_path):
    indices = np.array([[0, 1, 2], [2, 0, 1]], np.uint8)
    greys = np.array([200, 3, 90], np.uint8)
    _palette(tmp_path / "a.png", indices, np.repeat(greys[:, None], 3, 1))
    np.testing.assert_array_equal(read_image(tmp_path / "a.png").array[:, :, 0], greys[indices])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_whose_zero_is_white_is_read_as_it_is_shown(tmp_path, dtype):
    most = np.iinfo(dtype).max
    shown = (np.arange(12).reshape(3, 4) * (most // 11)).astype(dtype)
    Image.fromarray(most - shown).save(tmp_path / "a.tif")
    content = (tmp_path / "a.tif").read_bytes()
    # Pillow writes 1: 0 is black. The tag is followed by its type and count, then by its value.
    entry = np.array([262, 3], "<u2").tobytes() + np.array([1], "<u4").tobytes()
    assert content.count(entry) == 1
    at = content.index(entry) + len(entry)
    (tmp_path / "a.tif").write_bytes(content[:at] + b"\0" + content[at + 1 :])
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").array[:, :, 0], shown)


def test_labels_of_32_bits_are_read_exactly(tmp_path):
    values = np.array([[0, 2**24, 2**24 + 1, 2**31 - 1]], np.int32)
    Image.fromarray(values).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_image_label(tmp_path / "a.tif").array[:, :, 0], values)


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
