"""What can be asked of the dose of a structure, as a clinic writes it.

``D95`` is the dose that at least 95 % of a structure's volume receives, ``D0.03cc`` the one that
its hottest 0.03 cm³ receive, both in Gy; ``V20`` is how much of it receives 20 Gy or more, in % and
in cm³; ``Dmean``, ``Dmax`` and ``Dmin`` are those of its voxels.

References:
    Mayo et al. 2018, Int. J. Radiation Oncology Biol. Phys. 100 (AAPM TG-263).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tfuq.errors import DataError

REQUESTS = "D95, D2, D0.03cc, Dmean, Dmax, Dmin or V20 (of 20 Gy)"
NUMBER = r"\d{1,6}(?:\.\d{1,6})?"
_OF_SHARE = re.compile(rf"D({NUMBER})%?", re.IGNORECASE)
_OF_VOLUME = re.compile(rf"D({NUMBER})cc", re.IGNORECASE)
_OF_DOSE = re.compile(rf"V({NUMBER})(?:Gy)?", re.IGNORECASE)
_OF_ALL = re.compile(r"D(mean|max|min)", re.IGNORECASE)
_ROUNDING = 1e-9


_Function = Callable[[np.ndarray, float], float]


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number that the dose of a structure has.

    Attributes:
        symbol: As it is asked for.
        name: Of its column.
        unit: ``Gy``, ``%`` or ``cc``.
        of: Its value, from the doses of a structure's voxels ``[n]`` and the volume of a voxel in
            cm³; NaN where the structure is smaller than the volume that is asked about.
    """

    symbol: str
    name: str
    unit: str
    of: _Function


def dose_at_volume(doses: np.ndarray, share: float) -> float:
    """D_x: the largest dose that at least a share of a structure's voxels receive.

    Args:
        doses: of the structure's voxels, ``[n]``.
        share: above 0, to 1.
    """
    hottest = int(np.ceil(share * len(doses) - _ROUNDING))  # so many voxels
    return _coldest_of(doses, hottest)


def dose_at_cc(doses: np.ndarray, volume: float, voxel_cc: float) -> float:
    """The largest dose that at least a volume of a structure receives.

    Args:
        doses: of the structure's voxels, ``[n]``.
        volume: in cm³, above 0.
        voxel_cc: the volume of a voxel in cm³.

    Returns:
        NaN where the structure is smaller.
    """
    hottest = int(np.ceil(volume / voxel_cc - _ROUNDING))
    if hottest > len(doses):
        return float("nan")
    return _coldest_of(doses, hottest)


def _coldest_of(doses: np.ndarray, hottest: int) -> float:
    rank = len(doses) - hottest
    return float(np.partition(doses, rank)[rank])


def volume_at_dose(doses: np.ndarray, dose: float) -> float:
    """V_d: the percentage of a structure's voxels that receive ``dose`` or more.

    Args:
        doses: of the structure's voxels, ``[n]``.
        dose: in Gy.
    """
    reaching = np.count_nonzero(doses >= dose)
    return float(100 * reaching / len(doses))


def _cc_at_dose(doses: np.ndarray, voxel_cc: float, dose: float) -> float:
    return float(np.count_nonzero(doses >= dose) * voxel_cc)


def _without_volume(
    function: Callable[[np.ndarray], float],
) -> Callable[[np.ndarray, float], float]:
    return lambda doses, voxel_cc: float(function(doses))


def parse_request(text: str) -> list[Quantity]:
    """Parse what is asked for, such as ``D95``.

    Returns:
        The quantity; of a V, it in % and in cm³.

    Raises:
        DataError: It is nothing that can be asked for.
    """
    stripped = text.strip()
    for pattern, make in _MAKERS:
        match = pattern.fullmatch(stripped)
        if match:
            return make(text, match[1])
    raise DataError(f"'{text}': is no dose or volume that can be asked for; write {REQUESTS}")


def _of_share(text: str, number: str) -> list[Quantity]:
    percent = float(number)
    if not 0 < percent <= 100:
        raise DataError(f"'{text}': {number} % of a volume must be above 0, to 100")
    function = _without_volume(partial(dose_at_volume, share=percent / 100))
    told = _written(percent)
    return [Quantity(symbol=f"D{told}", name=f"d{told}_gy", unit="Gy", of=function)]


def _of_volume(text: str, number: str) -> list[Quantity]:
    volume = float(number)
    if not volume > 0:
        raise DataError(f"'{text}': a volume of {number} cc must be above 0")
    told = _written(volume)
    name = f"d{told}cc_gy"

    def function(doses: np.ndarray, voxel_cc: float) -> float:
        return dose_at_cc(doses, volume, voxel_cc)

    return [Quantity(symbol=f"D{told}cc", name=name, unit="Gy", of=function)]


def _of_dose(text: str, number: str) -> list[Quantity]:
    dose = float(number)
    share = _without_volume(partial(volume_at_dose, dose=dose))
    volume = partial(_cc_at_dose, dose=dose)
    told = _written(dose)
    symbol = f"V{told}"
    return [
        Quantity(symbol=symbol, name=f"v{told}_percent", unit="%", of=share),
        Quantity(symbol=symbol, name=f"v{told}_cc", unit="cc", of=volume),
    ]


def _written(number: float) -> str:
    """A number that `NUMBER` takes, with all of its digits: names tell quantities apart."""
    return f"{number:.12g}"


def _of_all(text: str, number: str) -> list[Quantity]:
    kind = number.lower()
    functions: dict[str, Callable[[np.ndarray], float]] = {
        "mean": np.mean,
        "max": np.max,
        "min": np.min,
    }
    function = _without_volume(functions[kind])
    return [Quantity(symbol=f"D{kind}", name=f"{kind}_gy", unit="Gy", of=function)]


_MAKERS: tuple[tuple[re.Pattern[str], Callable[[str, str], list[Quantity]]], ...] = (
    (_OF_ALL, _of_all),
    (_OF_VOLUME, _of_volume),
    (_OF_SHARE, _of_share),
    (_OF_DOSE, _of_dose),
)
USUAL = (
    *parse_request("D95"),
    *parse_request("D50"),
    parse_request("V20")[0],
    *parse_request("Dmean"),
)


def parse_requests(texts: Iterable[str]) -> tuple[Quantity, ...]:
    """Parse several requests; each quantity is there once, and `USUAL` without any request."""
    by_name = {}
    for text in texts:
        for quantity in parse_request(text):
            by_name[quantity.name] = quantity
    return tuple(by_name.values()) or USUAL
