"""Damaged files, a function of a seed: bytes cut, flipped and moved, and headers that lie about what follows them."""

from __future__ import annotations

import functools
import gzip
import io
import signal
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image
from pydicom.data import get_testdata_file

from tfuq import config as configuration
from tfuq.data.cases import Case, read_case_image
from tfuq.errors import TfuqError

Mutator = Callable[[bytes, np.random.Generator], bytes]
_EXTREME = (0, 1, -1, 2, 7, 127, 255, 256, 32767, -32768, 65535, 2**31 - 1, -(2**31), 10**6)
# Offset and struct code of what a NIfTI-1 or Analyze header says of sizes and places.
_HEADER_FIELDS = (
    [(0, "i"), (70, "h"), (72, "h"), (108, "f"), (112, "f"), (116, "f"), (123, "b"), (252, "h"), (254, "h"), (348, "i"), (352, "i")]
    + [(40 + 2 * axis, "h") for axis in range(8)]
    + [(76 + 4 * axis, "f") for axis in range(8)]
    + [(256 + 4 * place, "f") for place in range(18)]
)  # fmt: skip
_PLAIN_VALUES = ("", "null", "-1", "1e400", "[]", "{}", "[1, [2, [3]]]", "*a", "&a x", "!!python/name:os.system", "'", "\t", "'é\\0'",
                 "9" * 30, "9" * 5000, "2020-13-45", "0x", ".nan", "{? {a: b} : c}", "${NO}", "<<", "true", "|", "- x", "'a\nb'")  # fmt: skip


def truncated(content: bytes, rng: np.random.Generator) -> bytes:
    """The beginning of it."""
    return content[: rng.integers(0, len(content))]


def flipped(content: bytes, rng: np.random.Generator) -> bytes:
    """A few bits changed, most of them near the beginning."""
    changed = bytearray(content)
    for _ in range(rng.integers(1, 12)):
        place = rng.integers(0, min(len(changed), 400) if rng.random() < 0.7 else len(changed))
        changed[place] ^= 1 << rng.integers(0, 8)
    return bytes(changed)


def moved(content: bytes, rng: np.random.Generator) -> bytes:
    """A piece of it left out, doubled, or replaced by noise."""
    start, end = sorted(rng.integers(0, len(content) + 1, 2))
    piece = (b"", content[start:end] * 2, rng.bytes(end - start))[rng.integers(0, 3)]
    return content[:start] + piece + content[end:]


def wrong_magic(content: bytes, rng: np.random.Generator) -> bytes:
    """Another format's first bytes, or NIfTI's magic spoilt."""
    start = (
        b"\x89PNG\r\n\x1a\n",
        b"II*\0",
        b"BM",
        b"PK\x03\x04",
        b"\x1f\x8b\x08\0",
        b"%PDF",
        b"\x80\x04\x95",
    )[rng.integers(0, 7)]
    return (
        start + content[len(start) :]
        if rng.random() < 0.5
        else content[:344] + rng.bytes(4) + content[348:]
    )


def lying_header(content: bytes, rng: np.random.Generator) -> bytes:
    """A NIfTI or Analyze header with one to three fields of extreme value, as both byte orders have them."""
    changed = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        place, code = _HEADER_FIELDS[rng.integers(0, len(_HEADER_FIELDS))]
        if place + struct.calcsize(code) <= len(changed):
            struct.pack_into(
                ("<", ">")[rng.integers(0, 2)] + code, changed, place, _extreme(code, rng)
            )
    return bytes(changed)


def _extreme(code: str, rng: np.random.Generator) -> float:
    if code == "f":
        return (np.nan, np.inf, 0.0, -1.0, 1e30, -1e30, 1e-30, 352.0, 1e9)[rng.integers(0, 9)]
    bits = 8 * struct.calcsize(code)
    value = int(_EXTREME[rng.integers(0, len(_EXTREME))])
    return (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def compressed(mutate: Mutator) -> Mutator:
    """What is inside of a gzip file mutated, and compressed again so that only the parser can notice."""
    return lambda content, rng: gzip.compress(mutate(gzip.decompress(content), rng), 1)


def gzip_bomb(content: bytes, rng: np.random.Generator) -> bytes:
    """A small file of up to 200 MB of zeros after a header that claims less, as much, or more."""
    header = bytearray(gzip.decompress(content)[:352])
    struct.pack_into("<8h", header, 40, 3, *(int(n) for n in rng.integers(1, 1500, 3)), 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, float(rng.choice([352, 1e7, 2e8, 1e12])))
    if rng.random() < 0.5:
        header[348] = 1  # extensions follow
    pressed = zlib.compressobj(9, wbits=31)
    return (
        pressed.compress(bytes(header))
        + pressed.compress(bytes(int(rng.integers(1, 200)) * 2**20))
        + pressed.flush()
    )


def lying_png(content: bytes, rng: np.random.Generator) -> bytes:
    """A PNG whose size, depth or colour type is another, with the right checksum."""
    header = bytearray(content[12:29])
    if rng.random() < 0.7:
        struct.pack_into(
            ">I",
            header,
            4 + 4 * int(rng.integers(0, 2)),
            int(rng.choice([0, 1, 9000, 2**16, 2**31 - 1, 2**32 - 1])),
        )
    else:
        header[12 + rng.integers(0, 5)] = rng.integers(0, 256)
    return (
        content[:12] + bytes(header) + struct.pack(">I", zlib.crc32(bytes(header))) + content[33:]
    )


def lying_idx(content: bytes, rng: np.random.Generator) -> bytes:
    """An IDX file whose type, number of dimensions or a size is another."""
    changed = bytearray(content)
    what = rng.integers(0, 4)
    if what == 0:
        changed[2] = rng.integers(0, 256)
    elif what == 1:
        changed[3] = rng.integers(0, 6)
    else:
        sizes = [0, 1, 2, 3, 27, 29, 784, 2**16, 2**31 - 1, 2**32 - 1]
        struct.pack_into(">I", changed, 4 + 4 * int(rng.integers(0, 3)), int(rng.choice(sizes)))
    return bytes(changed)


def edited_text(content: bytes, rng: np.random.Generator) -> bytes:
    """YAML or JSON with a line gone, doubled, indented, or given another value."""
    lines = content.decode().split("\n")
    for _ in range(rng.integers(1, 4)):
        place = int(rng.integers(0, len(lines)))
        key = lines[place].split(":")[0]
        value = _PLAIN_VALUES[rng.integers(0, len(_PLAIN_VALUES))]
        choices = [
            [],
            [lines[place]] * 2,
            ["  " + lines[place]],
            [f"{key}: {value}"],
            [f"{key}x: {value}"],
            [lines[place] + value],
        ]
        lines[place : place + 1] = choices[rng.integers(0, len(choices))] or [""]
    return "\n".join(lines).encode()


def edited_header(content: bytes, rng: np.random.Generator) -> bytes:
    """A file whose header in text has some numbers replaced by others, or bytes by others."""
    end = max(content.find(b"\n\n"), content.find(b"LOCAL")) + 2
    header = bytearray(content[:end])
    for _ in range(rng.integers(1, 4)):
        digits = [place for place, byte in enumerate(header) if chr(byte).isdigit()]
        place = digits[rng.integers(0, len(digits))] if digits else 0
        values = (b"-1", b"0", b"1", b"4", b"99999", b"9" * 30, b"nan", b"1e30", b"x", b" ", b"\n")
        header[place : place + 1] = values[rng.integers(0, len(values))]
    return bytes(header) + content[end:]


_BYTES: tuple[Mutator, ...] = (truncated, flipped, moved, wrong_magic)
_NIFTI = (*_BYTES, lying_header, lying_header, lying_header)
MUTATORS: dict[str, tuple[Mutator, ...]] = {
    ".nii": _NIFTI,
    ".nii.gz": (*_BYTES, *(compressed(mutate) for mutate in _NIFTI), gzip_bomb),
    ".hdr": _NIFTI,
    ".img": _BYTES,
    ".mat": _BYTES,
    ".nrrd": (*_BYTES, edited_header, edited_header, edited_header),
    ".mha": (*_BYTES, edited_header, edited_header, edited_header),
    ".mgz": (*_BYTES, *(compressed(mutate) for mutate in _BYTES)),
    ".dcm": (truncated, flipped, moved, flipped, moved),
    ".png": (*_BYTES, lying_png, lying_png),
    ".tif": (*_BYTES, flipped),
    ".bmp": (*_BYTES, flipped),
    ".jpg": _BYTES,
    ".yaml": (truncated, flipped, moved, edited_text, edited_text),
    ".json": (truncated, flipped, moved, edited_text, edited_text),
    ".npz": _BYTES,
    "ubyte": (*_BYTES, lying_idx, lying_idx),
    "ubyte.gz": (
        *_BYTES,
        *(compressed(mutate) for mutate in (truncated, flipped, moved, lying_idx)),
    ),
}


def damaged(suffix: str, content: bytes, count: int, seed: int) -> Iterator[bytes]:
    """``count`` damaged versions of a file of a kind."""
    rng = np.random.default_rng([seed, zlib.crc32(suffix.encode())])
    for number in range(count):
        mutate = MUTATORS[suffix][number % len(MUTATORS[suffix])]
        yield mutate(content, rng)


@functools.cache
def intact_files() -> dict[str, bytes]:
    """A small good file of every image format; the Analyze pair's parts under their own endings."""
    array = np.random.default_rng(0).integers(0, 200, (9, 8, 7)).astype(np.int16)
    affine = np.diag([1.0, 2.0, 3.0, 1.0])
    nifti = nibabel.Nifti1Image(array, affine)
    nifti.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"made by the tests"))
    files = {".nii": nifti.to_bytes(), ".nii.gz": gzip.compress(nifti.to_bytes())}
    pair = nibabel.Spm99AnalyzeImage.make_file_map(
        {part: io.BytesIO() for part in ("image", "header", "mat")}
    )
    nibabel.Spm99AnalyzeImage(array, affine).to_file_map(pair)
    files |= {
        end: pair[part].fileobj.getvalue()
        for end, part in ((".hdr", "header"), (".img", "image"), (".mat", "mat"))
    }
    for end, name, colours in (
        (".png", "PNG", 1),
        (".tif", "TIFF", 3),
        (".bmp", "BMP", 3),
        (".jpg", "JPEG", 1),
    ):
        pixels = np.squeeze(
            np.random.default_rng(1).integers(0, 255, (24, 20, colours), dtype=np.uint8)
        )
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, name)
        files[end] = buffer.getvalue()
    return files | _further_scans(array, affine)


def _further_scans(array: np.ndarray, affine: np.ndarray) -> dict[str, bytes]:
    nrrd = (
        b"NRRD0004\ntype: short\ndimension: 3\nspace: RAS\nsizes: 9 8 7\n"
        b"space directions: (1,0,0) (0,2,0) (0,0,3)\nkinds: domain domain domain\n"
        b"endian: little\nencoding: gzip\nspace origin: (1,2,3)\n\n"
    )
    metaimage = (
        b"ObjectType = Image\nNDims = 3\nCompressedData = True\nTransformMatrix = 1 0 0 0 1 0 0 0 1\n"
        b"Offset = 1 2 3\nElementSpacing = 1 2 3\nDimSize = 9 8 7\nElementType = MET_SHORT\n"
        b"ElementDataFile = LOCAL\n"
    )
    voxels = array.tobytes("F")
    return {
        ".nrrd": nrrd + gzip.compress(voxels, mtime=0),
        ".mha": metaimage + zlib.compress(voxels),
        ".mgz": gzip.compress(nibabel.MGHImage(array, affine).to_bytes(), mtime=0),
        ".dcm": Path(get_testdata_file("MR_small_RLE.dcm", download=False)).read_bytes(),
    }


FORMATS = (
    *(".nii", ".nii.gz", ".hdr", ".img", ".mat", ".nrrd", ".mha", ".mgz", ".dcm"),
    *(".png", ".tif", ".bmp", ".jpg"),
)
SECONDS_PER_FILE = 10


@contextmanager
def time_limit(seconds: int):
    """What takes longer is interrupted by an error that is none of tfuq's."""

    def hang(*_):
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(call: Callable[[], object]) -> str:
    """Whether a call ended well, or was refused in one line; any other end is an error of the test."""
    refusal = None
    with time_limit(SECONDS_PER_FILE):
        try:
            call()
        except TfuqError as error:
            refusal = str(error)
    assert "\n" not in (refusal or "")
    return "refused" if refusal else "read"


def read_damaged(folder: Path, suffix: str, content: bytes) -> None:
    """Read a damaged file as a case's image: what is returned must be finite and have the axes of a volume."""
    for part in (".hdr", ".img", ".mat"):
        (folder / f"case{part}").write_bytes(intact_files()[part])
    (folder / f"case{suffix}").write_bytes(content)
    name = "case.img" if suffix in (".hdr", ".img", ".mat") else f"case{suffix}"
    image = read_case_image(Case("case", (folder / name,)))
    assert image.array.ndim == 4
    assert np.isfinite(image.array).all()
    assert np.isfinite(np.linalg.inv(image.affine)).all()


def fuzz_readers(folder: Path, count: int, seed: int) -> Counter:
    found = Counter()
    for suffix in FORMATS:
        for content in damaged(suffix, intact_files()[suffix], count, seed):
            found[suffix, outcome(lambda s=suffix, c=content: read_damaged(folder, s, c))] += 1
            (folder / f"case{suffix}").unlink()
    return found


def fuzz_configurations(folder: Path, count: int, seed: int) -> Counter:
    found = Counter()
    for name in sorted(configuration.shipped()):
        for content in damaged(".yaml", configuration.shipped()[name].read_bytes(), count, seed):
            (folder / "config.yaml").write_bytes(content)
            found[".yaml", outcome(lambda: configuration.load(str(folder / "config.yaml")))] += 1
    return found
