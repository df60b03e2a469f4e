"""A small lateral head "X-ray" with 19 landmarks, in the layout of the ISBI 2015 challenge.

A template of positions varies from head to head. Bones, teeth, orbit and profile are drawn through
them, so that each landmark is a corner, a tip, the lowest point or the centre of something visible.
Two doctors mark them with a known error.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from tfuq.data.readers.landmarks import ISBI_2015_LANDMARKS
from tfuq.data.writers import write_bytes, write_json, write_text

WIDTH = 96
HEIGHT = 120
REFERENCE_SCALE = 3  # annotations are for an image this many times as large, as the challenge's are
SPACING_MM = 0.67  # of a pixel of that larger image
# The standard deviation of each coordinate, in pixels of the larger image.
DOCTORS = {"400_senior": 1.0, "400_junior": 2.0}
_TEMPLATE = {  # x and y in pixels of the small image, of a head that looks to the right
    "sella": (42, 50),
    "nasion": (73, 48),
    "orbitale": (63, 63),
    "porion": (26, 60),
    "subspinale": (68, 80),
    "supramentale": (67, 99),
    "pogonion": (69, 106),
    "menton": (58, 112),
    "gnathion": (65, 111),
    "gonion": (34, 95),
    "lower incisor tip": (73, 91),
    "upper incisor tip": (75, 87),
    "upper lip": (83, 84),
    "lower lip": (82, 95),
    "subnasale": (78, 77),
    "soft tissue pogonion": (79, 107),
    "posterior nasal spine": (48, 75),
    "anterior nasal spine": (73, 74),
    "articulare": (33, 70),
    "vault": (42, 39),
    "nose": (88, 71),
    "mouth": (78, 89),
    "nasal bone": (79, 60),
    "brow": (79, 44),
    "chin dip": (74, 101),
    "chin": (70, 115),
    "throat": (50, 117),
    "neck": (22, 117),
    "nape": (15, 70),
    "upper root": (69, 76),
    "lower root": (66, 103),
}
_BONES = [
    ("brow", "nasion", "nasal bone"),
    ("posterior nasal spine", "anterior nasal spine", "subspinale", "upper root"),
    ("articulare", "gonion", "menton", "gnathion", "pogonion", "supramentale"),
]
_TEETH = [("upper root", "upper incisor tip"), ("lower root", "lower incisor tip")]
_PROFILE = (
    "brow",
    "nasion",
    "nose",
    "subnasale",
    "upper lip",
    "mouth",
    "lower lip",
    "chin dip",
    "soft tissue pogonion",
    "chin",
    "throat",
    "neck",
    "nape",
)
# Grey values.
_FLESH = 90
_BONE = 170
_TOOTH = 230
_HOLE = 60
_FINE = 6  # times as fine a grid to draw on
_CIRCLE = np.linspace(0, 2 * np.pi, 60)  # angles of the points of a ring
_Positions = dict[str, np.ndarray]  # (x, y) by the name of the point
_Points = Iterable[np.ndarray]  # (x, y) of each point


@dataclass(frozen=True, kw_only=True)
class Cephalogram:
    """A phantom of a head's X-ray.

    Attributes:
        image: ``[120, 96]`` of bytes.
        points: ``[19, 2]``, the true positions (x, y) in the image's pixels.
    """

    image: np.ndarray
    points: np.ndarray


def cephalogram(rng: np.random.Generator) -> Cephalogram:
    """Draw a head: proportions, each point's own variation, a pose, exposure, blur and noise."""
    middle = np.array([WIDTH - 1, HEIGHT - 1]) / 2
    template = np.array(list(_TEMPLATE.values()), float) - middle
    proportions = rng.uniform(0.95, 1.05, 2)
    variation = rng.normal(0, 0.6, template.shape)
    head = template * proportions + variation
    pose = _random_pose(rng)
    shift = rng.uniform((-3, -6), (3, 0))
    posed = head @ pose.T + middle + shift
    positions = dict(zip(_TEMPLATE, posed, strict=True))
    image = _exposed(rng, _drawing(positions, pose))
    landmarks = _points_of(ISBI_2015_LANDMARKS, positions)
    return Cephalogram(image=image, points=np.array(landmarks))


def _random_pose(rng: np.random.Generator) -> np.ndarray:
    """A matrix that turns and scales."""
    angle = np.deg2rad(rng.uniform(-8, 8))
    size = rng.uniform(0.88, 1.0)
    cosine = np.cos(angle)
    sine = np.sin(angle)
    pose: np.ndarray = size * np.array([[cosine, -sine], [sine, cosine]])
    return pose


def _exposed(rng: np.random.Generator, clean: np.ndarray) -> np.ndarray:
    blurred = ndimage.gaussian_filter(clean, 0.5)
    exposed = blurred * rng.uniform(0.8, 1.1) + rng.uniform(0, 15)
    noisy = exposed + rng.normal(0, 6, clean.shape)
    rounded: np.ndarray = np.clip(np.rint(noisy), 0, 255)
    return rounded.astype(np.uint8)


class _Canvas:
    """A grid to draw on that is finer than the image."""

    def __init__(self) -> None:
        self._image = Image.new("L", (WIDTH * _FINE, HEIGHT * _FINE))
        self._draw = ImageDraw.Draw(self._image)

    def line(self, points: _Points, value: int, width: float = 1.6) -> None:
        """Draw a line; its width is in pixels of the image."""
        self._draw.line(_fine(points), value, round(width * _FINE), joint="curve")

    def polygon(self, points: _Points, value: int) -> None:
        """Fill a polygon."""
        self._draw.polygon(_fine(points), value)

    def outlined_polygon(self, points: _Points, value: int, outline: int) -> None:
        """Fill a polygon whose border is a pixel of the image wide."""
        self._draw.polygon(_fine(points), value, outline=outline, width=_FINE)

    def array(self) -> np.ndarray:
        """The image ``[120, 96]``."""
        resized = self._image.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
        return np.asarray(resized, float)


def _fine(points: _Points) -> list[tuple[float, float]]:
    """Positions on the fine grid; pixel centres are whole numbers on both."""
    return [tuple((point + 0.5) * _FINE - 0.5) for point in points]


def _drawing(positions: _Positions, pose: np.ndarray) -> np.ndarray:
    """The structures through their points; round ones are turned and scaled by the pose."""
    canvas = _Canvas()
    head = _ring(positions["vault"], (36, 29), pose)
    canvas.polygon(head, _FLESH)
    canvas.polygon(_points_of(_PROFILE, positions), _FLESH)
    canvas.line(head, _BONE, 2.5)
    for bone in _BONES:
        canvas.line(_points_of(bone, positions), _BONE)
    for tooth in _TEETH:
        canvas.line(_points_of(tooth, positions), _TOOTH, 2.0)
    orbit = positions["orbitale"] - pose @ [0, 6]
    canvas.line(_ring(orbit, (7, 6), pose), _BONE, 1.2)
    canvas.line(_ring(positions["sella"], (3, 2.5), pose), _TOOTH, 1.2)
    canvas.outlined_polygon(_ring(positions["porion"], (2.5, 2.5), pose), _HOLE, _TOOTH)
    return canvas.array()


def _points_of(names: Sequence[str], positions: _Positions) -> list[np.ndarray]:
    return [positions[name] for name in names]


def _ring(centre: np.ndarray, radii: tuple[float, float], pose: np.ndarray) -> np.ndarray:
    """Points ``[60, 2]`` of an ellipse."""
    x = radii[0] * np.cos(_CIRCLE)
    y = radii[1] * np.sin(_CIRCLE)
    ring: np.ndarray = centre + np.stack([x, y], -1) @ pose.T
    return ring


def write_cephalogram(folder: Path, cases: int, seed: int) -> None:
    """Write the challenge's layout, with each doctor's marks as whole pixels of the larger image.

    ``truth.json`` tells the true positions and the doctors' errors.

    Args:
        folder: The folder of the data set.
        cases: How many cases to write.
        seed: The same seed writes the same bytes.
    """
    positions = {}
    for number in range(1, cases + 1):
        name = f"{number:03d}"
        rng = np.random.default_rng([seed, number])
        phantom = cephalogram(rng)
        _write_image(folder, name, phantom)
        points = (phantom.points + 0.5) * REFERENCE_SCALE - 0.5
        positions[name] = points.round(3).tolist()
        _write_marks(folder, name, points, rng)
    truth = {
        "reference_size": [WIDTH * REFERENCE_SCALE, HEIGHT * REFERENCE_SCALE],
        "spacing_mm": SPACING_MM,
        "noise_pixels": DOCTORS,
        "landmarks": ISBI_2015_LANDMARKS,
        "positions": positions,
    }
    write_json(folder / "truth.json", truth)


def _write_image(folder: Path, name: str, phantom: Cephalogram) -> None:
    picture = io.BytesIO()
    Image.fromarray(phantom.image).save(picture, format="bmp")
    path = folder / "RawImage" / "TrainingData" / f"{name}.bmp"
    write_bytes(path, picture.getvalue())


def _write_marks(folder: Path, name: str, points: np.ndarray, rng: np.random.Generator) -> None:
    for doctor, noise in DOCTORS.items():
        errors = rng.normal(0, noise, points.shape)
        marks = np.rint(points + errors).astype(int)
        lines = [f"{x},{y}\n" for x, y in marks]
        path = folder / "AnnotationsByMD" / doctor / f"{name}.txt"
        write_text(path, "".join(lines))
