"""Readers, layouts, splits, and the geometry of volumes."""

import gzip
import json
import os
import struct

import nibabel
import numpy as np
import pytest
from PIL import Image

from tests.conftest import real, settings, write_decathlon
from tfuq.config import AugmentationConfig, PreprocessingConfig, SplitConfig
from tfuq.data.augmentation import augment
from tfuq.data.cases import Case, read_case_image, read_case_label
from tfuq.data.layouts import list_cases
from tfuq.data.perturbations.geometry import affine, flip, rotation
from tfuq.data.preprocessing import (
    Preprocessor,
    channel_statistics,
    crop_to_mask,
    from_examples,
    pad_to,
    to_examples,
    to_spacing,
    window,
    zscore,
)
from tfuq.data.readers import read
from tfuq.data.sets.dataset import epoch_order
from tfuq.data.sets.segmentation import SegmentationSet
from tfuq.data.splits import split_cases
from tfuq.data.volume import Volume, onto_grid, resample, take
from tfuq.data.writers import write_csv, write_nifti
from tfuq.errors import DataError, TfuqError

TILTED = np.array([[0.9, 0.3, 0, -20], [-0.3, 0.9, 0, 5], [0, 0, 2.0, 7], [0, 0, 0, 1]])


def smooth_volume(shape=(20, 18, 12), channels=2, affine=TILTED):
    grid = np.moveaxis(np.indices(shape, dtype=np.float32), 0, -1)
    waves = np.stack([np.sin(grid @ [0.2, 0.1, 0.15] + c) for c in range(channels)], -1)
    return Volume(waves.astype(np.float32), affine)


def test_nifti_keeps_array_affine_and_codes(tmp_path):
    array = np.random.default_rng(0).normal(size=(5, 6, 7)).astype(np.float32)
    image = nibabel.Nifti1Image(array, TILTED)
    image.set_qform(TILTED, 1)
    image.set_sform(TILTED, 4)
    nibabel.save(image, tmp_path / "a.nii.gz")
    volume = read(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(volume.array, array)
    np.testing.assert_allclose(volume.affine, TILTED, atol=1e-5)
    assert volume.codes == (1, 4)
    np.testing.assert_allclose(volume.spacing, [0.9487, 0.9487, 2], atol=1e-3)
    assert volume.voxel_volume == pytest.approx(0.9 * 2)
    write_nifti(tmp_path / "b.nii.gz", volume)
    again = nibabel.load(tmp_path / "b.nii.gz")
    np.testing.assert_array_equal(again.get_fdata(dtype=np.float32), array)
    assert (int(again.header["qform_code"]), int(again.header["sform_code"])) == (1, 4)
    np.testing.assert_allclose(again.affine, image.affine, atol=1e-6)


def test_analyze_pair_reads_by_either_name(tmp_path):
    array = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    nibabel.save(nibabel.Spm2AnalyzeImage(array, np.diag([2, 2, 3, 1.0])), tmp_path / "a.img")
    for name in ("a.img", "a.hdr"):
        volume = read(tmp_path / name)
        np.testing.assert_array_equal(volume.array, array)
        np.testing.assert_allclose(volume.spacing, [2, 2, 3])
        assert volume.codes == (0, 2)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_images_read_as_one_slice(tmp_path, suffix):
    grey = np.random.default_rng(0).integers(0, 255, (6, 9), dtype=np.uint8)
    Image.fromarray(grey).save(tmp_path / f"a{suffix}")
    volume = read(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(volume.array[:, :, 0], grey)
    rgb = np.random.default_rng(0).integers(0, 255, (6, 9, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(tmp_path / f"b{suffix}")
    assert read(tmp_path / f"b{suffix}").array.shape == (6, 9, 1, 3)


def test_two_dimensional_nifti_comes_back_two_dimensional(tmp_path):
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 5), np.float32), np.eye(4)), tmp_path / "a.nii.gz")
    volume = read(tmp_path / "a.nii.gz")
    assert volume.array.shape == (4, 5, 1)
    write_nifti(tmp_path / "b.nii.gz", volume)
    assert nibabel.load(tmp_path / "b.nii.gz").shape == (4, 5)
    channels = volume.with_array(np.stack([volume.array] * 3, -1))
    write_nifti(tmp_path / "c.nii.gz", channels)
    assert nibabel.load(tmp_path / "c.nii.gz").shape == (4, 5, 1, 3)
    assert read(tmp_path / "c.nii.gz").same_grid(volume)


def corrupt(content: bytes, how: str) -> bytes:
    if how == "truncated":
        return content[: len(content) // 2]
    if how == "header only":
        return content[:100]
    if how == "wrong magic":
        return content[:344] + b"xxxx" + content[348:]
    if how == "huge dimensions":
        return content[:40] + struct.pack("<8h", 3, 32000, 32000, 32000, 1, 1, 1, 1) + content[56:]
    return b""


@pytest.mark.parametrize(
    "how", ["truncated", "header only", "wrong magic", "huge dimensions", "empty"]
)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_damaged_nifti_is_one_clear_line(tmp_path, how, suffix):
    array = np.random.default_rng(0).normal(size=(9, 9, 9)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), tmp_path / "good.nii")
    damaged = corrupt((tmp_path / "good.nii").read_bytes(), how)
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(gzip.compress(damaged) if suffix.endswith("gz") else damaged)
    with pytest.raises(
        DataError,
        match="of memory that are free" if how == "huge dimensions" else "not a readable NIfTI",
    ) as error:
        read(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_other_unreadable_files_are_named(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "absent.nii")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n????")
    with pytest.raises(DataError, match="not a readable image"):
        read(tmp_path / "a.png")
    (tmp_path / "a.doc").write_bytes(b"")
    with pytest.raises(DataError, match="unknown kind of file"):
        read(tmp_path / "a.doc")
    bad = np.ones((3, 3, 3), np.float32)
    bad[0, 0, 0] = np.nan
    nibabel.save(nibabel.Nifti1Image(bad, np.eye(4)), tmp_path / "nan.nii")
    with pytest.raises(DataError, match="1 voxels are NaN or infinite"):
        read(tmp_path / "nan.nii")


def save(path, array, affine=None):
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4) if affine is None else affine), path)
    return path


def test_case_checks(tmp_path):
    rng = np.random.default_rng(0)
    image = save(tmp_path / "i.nii", rng.normal(size=(4, 4, 4)).astype(np.float32))
    flat = save(tmp_path / "f.nii", np.full((4, 4, 4), 3, np.float32))
    small = save(tmp_path / "s.nii", np.zeros((4, 4, 3), np.uint8))
    moved = save(tmp_path / "m.nii", np.zeros((4, 4, 4), np.uint8), np.diag([2, 1, 1, 1.0]))
    label = save(tmp_path / "l.nii", np.array([0, 1, 2, 5] * 16, np.uint8).reshape(4, 4, 4))
    with pytest.raises(DataError, match="constant"):
        read_case_image(Case("c", (image, flat)))
    volume = read_case_image(Case("c", (image,)))
    for bad, words in ((small, "shape"), (moved, "affine"), (label, "label value 5 is outside")):
        with pytest.raises(DataError, match=words):
            read_case_label(Case("c", (image,), bad), volume, 3, None)
    with pytest.raises(DataError, match="no label file"):
        read_case_label(Case("c", (image,)), volume, 3, None)
    mapped = read_case_label(Case("c", (image,), label), volume, 2, {0: 0, 1: 0, 2: 1, 5: 1})
    np.testing.assert_array_equal(np.unique(mapped.array), [0, 1])
    assert (mapped.array == 1).sum() == 32


def test_real_layouts_list_their_cases():
    cases = list_cases("iseg2017", real("iSeg-2017-simulated"))
    assert [case.id for case in cases[:2]] == ["subject-01", "subject-02"]
    assert len(cases) == 10
    image = read_case_image(cases[0])
    assert image.array.shape == (82, 99, 114, 2)
    label = read_case_label(cases[0], image, 2, {0: 0, 10: 0, 150: 1, 250: 1})
    assert set(np.unique(label.array)) == {0, 1}
    assert len(list_cases("decathlon", real("Task04_Hippocampus"))) == 200
    assert len(list_cases("folder", real("shenzhen_lungs").parent / "mindboggle_slices")) == 12


def test_layouts_refuse_what_is_not_theirs(tmp_path):
    for layout in ("decathlon", "folder"):
        with pytest.raises(DataError, match=str(tmp_path)):
            list_cases(layout, tmp_path)
    with pytest.raises(DataError, match="no cases in the iseg2017 layout"):
        list_cases("iseg2017", tmp_path)
    with pytest.raises(DataError, match="no such data folder"):
        list_cases("folder", tmp_path / "absent")
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(DataError, match="not a Decathlon index"):
        list_cases("decathlon", tmp_path)
    (tmp_path / "dataset.json").write_text(
        json.dumps({"training": [{"image": "a.nii", "label": "l"}] * 2})
    )
    with pytest.raises(DataError, match="case id 'a' occurs twice"):
        list_cases("decathlon", tmp_path)


def some_cases(tmp_path, count=10):
    return [Case(f"c{i}", (), tmp_path) for i in range(count)] + [Case("unlabelled", (), None)]


def test_splits_never_share_a_case(tmp_path):
    cases = some_cases(tmp_path)
    parts = split_cases(cases, SplitConfig(seed=3, train=5, validation=2, test=3))
    ids = [case.id for part in parts.values() for case in part]
    assert sorted(ids) == sorted(set(ids)) == [f"c{i}" for i in range(10)]
    assert split_cases(cases, SplitConfig(seed=3, train=5, validation=2, test=3)) == parts
    assert split_cases(cases, SplitConfig(seed=4, train=5, validation=2, test=3)) != parts


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ({"train": 9, "validation": 1, "test": 1}, "more cases than the 10 with a reference"),
        (
            {"train": ["c1"], "validation": ["c1"], "test": []},
            "'c1' is in both train and validation",
        ),
        ({"train": ["c1", "c1"], "validation": [], "test": []}, "'c1' is in both train and train"),
        (
            {"train": ["c111"], "validation": [], "test": []},
            "no labelled case 'c111'; did you mean",
        ),
        ({"train": ["unlabelled"], "validation": [], "test": []}, "no labelled case"),
        ({"train": [], "validation": [], "test": ["c1"]}, "train is empty"),
    ],
)
def test_bad_splits(tmp_path, split, words):
    with pytest.raises(DataError, match=words):
        split_cases(some_cases(tmp_path), SplitConfig(**split))


def test_crop_and_pad_come_back_exactly():
    volume = smooth_volume()
    box = take(volume, np.array([3, -2, 4]), (10, 25, 6), fill=-1)
    back = onto_grid(box, volume, fill=-7)
    inside = np.zeros(volume.shape, bool)
    inside[3:13, :, 4:10] = True
    np.testing.assert_array_equal(back.array[inside], volume.array[inside])
    assert (back.array[~inside] == -7).all()
    padded = pad_to(volume, (24, 18, 13))
    assert padded.shape == (24, 18, 13)
    np.testing.assert_array_equal(onto_grid(padded, volume).array, volume.array)


def test_resampling_there_and_back_stays_in_place():
    volume = smooth_volume()
    fine = resample(volume, (40, 36, 24))
    np.testing.assert_allclose(fine.spacing, volume.spacing / 2)
    back = onto_grid(fine, volume)
    core = (slice(2, -2),) * 3
    assert np.abs(back.array[core] - volume.array[core]).max() < 0.02
    # A shift by one voxel would show: the same comparison one voxel off is far worse.
    assert np.abs(back.array[core] - volume.array[3:-1, 2:-2, 2:-2]).max() > 0.1
    # The corner of the field of view stays where it was.
    corner = np.array([-0.5, -0.5, -0.5, 1])
    np.testing.assert_allclose(fine.affine @ corner, volume.affine @ corner, atol=1e-9)


def test_label_resampling_makes_no_new_values_and_spacing_is_met():
    label = Volume(
        (np.indices((20, 20, 20)).sum(0) > 30).astype(np.uint8) * 3, np.diag([1, 1, 2, 1.0])
    )
    coarse = to_spacing(label, [2.0, 2.0, 2.0], nearest=True)
    assert coarse.shape == (10, 10, 20)
    assert set(np.unique(coarse.array)) == {0, 3}
    np.testing.assert_allclose(coarse.spacing, [2, 2, 2])


def test_outside_of_the_network_grid_is_fill():
    volume = smooth_volume(channels=3)
    half = resample(take(volume, np.array([0, 0, 0]), (10, 18, 12)), (5, 9, 6))
    back = onto_grid(half, volume, fill=(9, 8, 7))
    assert (back.array[11:] == [9, 8, 7]).all()
    assert (np.abs(back.array[:10]) <= 1).all()


def test_intensity_steps():
    volume = smooth_volume()
    assert window(volume, -0.5, 0.25).array.min() == -0.5
    normalized = zscore(volume).array
    np.testing.assert_allclose(normalized.reshape(-1, 2).mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(normalized.reshape(-1, 2).std(0), 1, atol=1e-5)
    both = [volume, volume.with_array(volume.array * 3 + 1)]
    statistics = channel_statistics(iter(both))
    stacked = np.concatenate([v.array.reshape(-1, 2) for v in both]).astype(float)
    np.testing.assert_allclose(statistics.mean, stacked.mean(0), atol=1e-6)
    np.testing.assert_allclose(statistics.std, stacked.std(0), atol=1e-6)
    np.testing.assert_allclose(
        zscore(volume, statistics).array,
        (volume.array - statistics.mean) / statistics.std,
        atol=1e-5,
    )
    with pytest.raises(DataError, match="constant after"):
        zscore(window(volume, 5, 6))


def test_crop_to_the_box_of_a_mask():
    mask = np.zeros((20, 18, 12), np.uint8)
    mask[4:9, 3:5, 6] = 1
    volume = smooth_volume()
    cropped = crop_to_mask(volume, volume.with_array(mask), margin=1)
    np.testing.assert_array_equal(cropped.array, volume.array[3:10, 2:6, 5:8])


@pytest.mark.parametrize("axis", [None, 0, 1, 2])
def test_examples_and_back(axis):
    array = np.random.default_rng(0).normal(size=(3, 4, 5, 2))
    examples = to_examples(array, axis)
    assert len(examples) == (1 if axis is None else array.shape[axis])
    np.testing.assert_array_equal(from_examples(examples, axis), array)


def test_preprocessor_pads_slices_in_their_plane_only():
    volume = smooth_volume()
    prepare = Preprocessor(PreprocessingConfig(slice_axis=1), (32, 16))
    assert prepare.image(volume).shape == (32, 18, 16)


def test_small_slices_are_left_out(balls):
    config = settings(balls, rank=2, preprocessing={"min_slice_area": 20})
    everything = SegmentationSet(settings(balls, rank=2), list_cases("decathlon", balls), None)
    kept = SegmentationSet(config, list_cases("decathlon", balls), None)
    assert 0 < len(kept.index) < len(everything.index)
    with pytest.raises(DataError, match="min_slice_area"):
        SegmentationSet(
            settings(balls, rank=2, preprocessing={"min_slice_area": 10_000}),
            list_cases("decathlon", balls),
            None,
        )


def test_patches_are_balanced_towards_foreground(tmp_path):
    root = write_decathlon(tmp_path, cases=1, shape=(40, 40, 40))
    share = {}
    for wanted in (0.0, 1.0):
        config = settings(root, training={"foreground_share": wanted})
        training = SegmentationSet(config, list_cases("decathlon", root), None)
        labels = [training.example(0, np.random.default_rng(i))[1] for i in range(60)]
        assert labels[0].shape == (16, 16, 16)
        share[wanted] = np.mean([label.any() for label in labels])
    assert share[1.0] == 1.0
    assert share[0.0] < 0.95


def test_bootstrap_and_share_choose_whole_cases(balls):
    cases = list_cases("decathlon", balls)
    for subset, count in (("bootstrap", 6), (0.5, 3)):
        config = settings(balls, ensemble={"subset": subset})
        rows = SegmentationSet(config, cases, None).member_rows(np.random.default_rng(1))
        assert len(rows) == count
    assert len(set(rows)) == 3


def test_epoch_order_sees_everything_before_anything_twice():
    order = epoch_order(list(range(5)), 12, np.random.default_rng(0))
    assert len(order) == 12
    assert sorted(order[:5]) == sorted(order[5:10]) == list(range(5))


def test_augmentation_is_a_function_of_its_generator_and_moves_label_with_image():
    image = np.random.default_rng(0).normal(size=(12, 12, 12, 1)).astype(np.float32)
    label = (image[..., 0] > 0.5).astype(np.uint8)
    config = AugmentationConfig(
        flip_axes=[0, 1], rotation_degrees=20.0, scale=0.1, intensity=0.2, noise=0.1
    )
    one, two, other = (
        augment(image, label, config, np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one[0], two[0])
    assert not np.array_equal(one[0], other[0])
    quarter = rotation(np.deg2rad([90.0]))
    square = np.random.default_rng(1).normal(size=(7, 7))
    np.testing.assert_allclose(affine(square, quarter), np.rot90(square, -1), atol=1e-9)
    np.testing.assert_array_equal(flip(square, [1]), square[:, ::-1])
    moved = affine(label.astype(float), rotation(np.deg2rad([0.0, 0.0, 90.0])), nearest=True)
    np.testing.assert_array_equal(
        moved,
        affine(label.astype(float), np.rint(rotation(np.deg2rad([0, 0, 90.0]))), nearest=True),
    )
    none = AugmentationConfig()
    np.testing.assert_array_equal(augment(image, label, none, np.random.default_rng(0))[0], image)


def test_files_appear_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    write_csv(path, [{"a": 1, "b": 'x,"y"'}, {"a": float("nan"), "c": 0.1234567891}])
    assert path.read_text() == 'a,b,c\n1,"x,""y""",\n,,0.123457\n'

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(TfuqError, match="No space left on device"):
        write_csv(path, [{"a": 2}])
    assert path.read_text().startswith("a,b,c")
    assert {found.name for found in tmp_path.iterdir()} == {path.name, ".tfuq"}
