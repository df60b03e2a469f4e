"""A small lateral head "X-ray" with 19 landmarks, in the layout of the ISBI 2015 challenge.

A template of positions varies from head to head; bones, teeth, orbit and profile are drawn through them, so that each landmark is
a corner, a tip, the lowest point or the centre of something visible. Two doctors mark them with a known error.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from tfuq.data.readers.landmarks import ISBI_2015_LANDMARKS
from tfuq.data.writers import write_bytes, write_json, write_text

WIDTH, HEIGHT = 96, 120
REFERENCE_SCALE = 3  # annotations are written for an image this many times as large, as those of the challenge are
SPACING_MM = 0.67  # of a pixel of that larger image
DOCTORS = {"400_senior": 1.0, "400_junior": 2.0}  # standard deviation of each coordinate, in its pixels
_TEMPLATE = {  # x and y in pixels of the small image, of a head that looks to the right
    "sella": (42, 50), "nasion": (73, 48), "orbitale": (63, 63), "porion": (26, 60), "subspinale": (68, 80),
    "supramentale": (67, 99), "pogonion": (69, 106), "menton": (58, 112), "gnathion": (65, 111), "gonion": (34, 95),
    "lower incisor tip": (73, 91), "upper incisor tip": (75, 87), "upper lip": (83, 84), "lower lip": (82, 95),
    "subnasale": (78, 77), "soft tissue pogonion": (79, 107), "posterior nasal spine": (48, 75),
    "anterior nasal spine": (73, 74), "articulare": (33, 70),
    "vault": (42, 39), "nose": (88, 71), "mouth": (78, 89), "nasal bone": (79, 60), "brow": (79, 44), "chin dip": (74, 101),
    "chin": (70, 115), "throat": (50, 117), "neck": (22, 117), "nape": (15, 70), "upper root": (69, 76), "lower root": (66, 103),
}  # fmt: skip
_BONES = [
    ("brow", "nasion", "nasal bone"),
    ("posterior nasal spine", "anterior nasal spine", "subspinale", "upper root"),
    ("articulare", "gonion", "menton", "gnathion", "pogonion", "supramentale"),
]
_TEETH = [("upper root", "upper incisor tip"), ("lower root", "lower incisor tip")]
_PROFILE = ("brow", "nasion", "nose", "subnasale", "upper lip", "mouth", "lower lip", "chin dip", "soft tissue pogonion", "chin",
            "throat", "neck", "nape")  # fmt: skip
_FLESH, _BONE, _TOOTH, _HOLE = 90, 170, 230, 60
_FINE = 6  # times as fine a grid to draw on
_TURN = np.linspace(0, 2 * np.pi, 60)


@dataclass(frozen=True)
class Cephalogram:
    """``image [120, 96]`` of bytes and ``points [19, 2]``, the true positions (x, y) in its pixels."""

    image: np.ndarray
    points: np.ndarray


def cephalogram(rng: np.random.Generator) -> Cephalogram:
    """Draw a head: proportions, each point's own variation, a pose, exposure, blur and noise."""
    middle = np.array([WIDTH - 1, HEIGHT - 1]) / 2
    template = np.array(list(_TEMPLATE.values()), float) - middle
    shape = template * rng.uniform(0.95, 1.05, 2) + rng.normal(0, 0.6, template.shape)
    turn, size, shift = np.deg2rad(rng.uniform(-8, 8)), rng.uniform(0.88, 1.0), rng.uniform((-3, -6), (3, 0))
    matrix = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    places = dict(zip(_TEMPLATE, shape @ matrix.T + middle + shift, strict=True))
    clean = _drawing(places, matrix)
    noisy = ndimage.gaussian_filter(clean, 0.5) * rng.uniform(0.8, 1.1) + rng.uniform(0, 15) + rng.normal(0, 6, clean.shape)
    points = np.array([places[name] for name in ISBI_2015_LANDMARKS])
    return Cephalogram(np.clip(np.rint(noisy), 0, 255).astype(np.uint8), points)


def _drawing(places: dict[str, np.ndarray], matrix: np.ndarray) -> np.ndarray:
    """The structures through their points; round ones are turned and scaled by the pose's ``matrix``."""
    canvas = Image.new("L", (WIDTH * _FINE, HEIGHT * _FINE))
    draw = ImageDraw.Draw(canvas)

    def line(points, value, width=1.6):
        draw.line(_fine(points), value, round(width * _FINE), joint="curve")

    def ring(centre, radii):
        arc = np.stack([radii[0] * np.cos(_TURN), radii[1] * np.sin(_TURN)], -1)
        return centre + arc @ matrix.T

    head = ring(places["vault"], (36, 29))
    draw.polygon(_fine(head), _FLESH)
    draw.polygon(_fine([places[name] for name in _PROFILE]), _FLESH)
    line(head, _BONE, 2.5)
    for bone in _BONES:
        line([places[name] for name in bone], _BONE)
    for tooth in _TEETH:
        line([places[name] for name in tooth], _TOOTH, 2.0)
    orbit = places["orbitale"] - matrix @ [0, 6]
    line(ring(orbit, (7, 6)), _BONE, 1.2)
    line(ring(places["sella"], (3, 2.5)), _TOOTH, 1.2)
    draw.polygon(_fine(ring(places["porion"], (2.5, 2.5))), _HOLE, outline=_TOOTH, width=_FINE)
    return np.asarray(canvas.resize((WIDTH, HEIGHT), Image.Resampling.BOX), float)


def _fine(points) -> list[tuple[float, float]]:
    """Positions on the fine grid; pixel centres are whole numbers on both."""
    return [tuple((np.asarray(point) + 0.5) * _FINE - 0.5) for point in points]


def write_cephalogram(folder: Path, cases: int, seed: int) -> None:
    """The challenge's layout, with each doctor's marks as whole pixels of the larger image; ``truth.json`` tells the rest."""
    truth = {}
    for number in range(1, cases + 1):
        rng, name = np.random.default_rng([seed, number]), f"{number:03d}"
        phantom = cephalogram(rng)
        picture = io.BytesIO()
        Image.fromarray(phantom.image).save(picture, format="bmp")
        write_bytes(folder / "RawImage" / "TrainingData" / f"{name}.bmp", picture.getvalue())
        points = (phantom.points + 0.5) * REFERENCE_SCALE - 0.5
        truth[name] = points.round(3).tolist()
        for doctor, noise in DOCTORS.items():
            marks = np.rint(points + rng.normal(0, noise, points.shape)).astype(int)
            write_text(folder / "AnnotationsByMD" / doctor / f"{name}.txt", "".join(f"{x},{y}\n" for x, y in marks))
    about = {"reference_size": [WIDTH * REFERENCE_SCALE, HEIGHT * REFERENCE_SCALE], "spacing_mm": SPACING_MM}
    write_json(folder / "truth.json", about | {"noise_pixels": DOCTORS, "landmarks": ISBI_2015_LANDMARKS, "positions": truth})
