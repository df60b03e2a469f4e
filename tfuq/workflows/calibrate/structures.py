"""What a calibration gathers of a structure: its errors at each threshold, and its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tfuq.calibration import conformal, risk_control
from tfuq.scoring.sizes import Size, interval_size, lower_size, upper_size
from tfuq.workflows.calibrate.fit import Arrays

STORED = ("missed", "excess", "reached", "numbers")  # arrays of a structure in a file
_NUMBERS = ("reference", "image", "voxel_volume", "low", "high", "sampled_voxel", "is_whole")


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How large a structure is in a calibration case.

    Attributes:
        reached: voxels that reach each threshold, ``[thresholds]``.
        reference: voxels of the reference.
        image: voxels of the image.
        voxel_volume: of a voxel, in mm³.
        low: lower end of the interval over samples, in mm³.
        high: upper end of the interval over samples, in mm³.
        sampled_voxel: volume of a voxel of the samples' grid, in mm³.
        is_whole: whether the reference is known everywhere, and with it the true volume.
    """

    reached: np.ndarray
    reference: int
    image: int
    voxel_volume: float
    low: float
    high: float
    sampled_voxel: float
    is_whole: bool

    def numbers(self) -> list[float]:
        """All fields but the first, in the order of `_NUMBERS`."""
        return [float(getattr(self, name)) for name in _NUMBERS]

    @classmethod
    def restored(cls, reached: np.ndarray, numbers: Sequence[float]) -> Extent:
        """Make it of what `numbers` has given."""
        by_name = dict(zip(_NUMBERS, numbers, strict=True))
        return cls(
            reached=reached,
            reference=int(by_name["reference"]),
            image=int(by_name["image"]),
            voxel_volume=by_name["voxel_volume"],
            low=by_name["low"],
            high=by_name["high"],
            sampled_voxel=by_name["sampled_voxel"],
            is_whole=bool(by_name["is_whole"]),
        )

    def volume_score(self) -> float:
        """How far the true volume lies outside the interval over samples."""
        volume = self.reference * self.voxel_volume
        score = conformal.volume_scores(volume, self.low, self.high, self.sampled_voxel)
        return float(score)

    def interval(self, quantile: float) -> tuple[float, float]:
        """The conformal volume interval in mm³."""
        return conformal.volume_interval(self.low, self.high, self.sampled_voxel, quantile)


@dataclass(kw_only=True)
class StructureCases:
    """What is gathered of a structure, of each case.

    Attributes:
        missed: `risk_control.missed_shares`.
        excess: `risk_control.excess_shares`.
        extents: how large it is.
    """

    missed: list[np.ndarray] = field(default_factory=list)
    excess: list[np.ndarray] = field(default_factory=list)
    extents: list[Extent] = field(default_factory=list)

    def stored(self) -> Arrays:
        """The lists as arrays, by the names of `STORED`."""
        return {
            "missed": np.array(self.missed),
            "excess": np.array(self.excess),
            "reached": np.array([extent.reached for extent in self.extents]),
            "numbers": np.array([extent.numbers() for extent in self.extents]),
        }

    def add_stored(self, arrays: Arrays) -> None:
        """Add the cases that the `stored` of another has given."""
        self.missed.extend(arrays["missed"])
        self.excess.extend(arrays["excess"])
        for reached, numbers in zip(arrays["reached"], arrays["numbers"].tolist(), strict=True):
            self.extents.append(Extent.restored(reached, numbers))

    def bounds(self, alpha: float) -> dict[risk_control.Side, float]:
        """The thresholds of both bounds."""
        missed = np.array(self.missed)
        excess = np.array(self.excess)
        return risk_control.bounding_thresholds(missed, excess, alpha)

    def has_volumes(self, alpha: float) -> bool:
        """Whether the true volumes of enough cases are known to promise intervals of them."""
        return len(self._whole()) >= conformal.least_cases(alpha)

    def volume_quantile(self, alpha: float) -> float:
        """The quantile that makes volume intervals."""
        scores = [extent.volume_score() for extent in self._whole()]
        return conformal.conformal_quantile(np.array(scores), alpha)

    def sizes(
        self,
        bounds: dict[risk_control.Side, float],
        quantile: float | None,
    ) -> dict[str, Size]:
        """The sizes of bounds and volume intervals in the calibration cases.

        Args:
            bounds: the thresholds of both bounds.
            quantile: the quantile that makes volume intervals; None without intervals.
        """
        reference = np.array([extent.reference for extent in self.extents])
        image = np.array([extent.image for extent in self.extents])
        upper_voxels = self._reaching(bounds["upper"])
        lower_voxels = self._reaching(bounds["lower"])
        sizes = {
            "upper": upper_size(upper_voxels, reference, image),
            "lower": lower_size(lower_voxels, reference),
        }
        if quantile is not None:
            sizes["volume"] = self._interval_size(quantile)
        return sizes

    def _interval_size(self, quantile: float) -> Size:
        whole = self._whole()
        intervals = [extent.interval(quantile) for extent in whole]
        low, high = np.array(intervals).T
        reference = np.array([extent.reference * extent.voxel_volume for extent in whole])
        image = np.array([extent.image * extent.voxel_volume for extent in whole])
        return interval_size(low, high, reference, image)

    def _whole(self) -> list[Extent]:
        """The cases whose true volume is known."""
        return [extent for extent in self.extents if extent.is_whole]

    def _reaching(self, threshold: float) -> np.ndarray:
        """Voxels that reach a threshold, of each case."""
        index = np.searchsorted(risk_control.THRESHOLDS, np.float32(threshold))
        voxels = [extent.reached[index] for extent in self.extents]
        return np.array(voxels)
