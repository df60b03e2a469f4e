"""Measures of landmarks. Those with ``_mm`` are in tables where the size of a pixel is known.

References:
    Drevický & Kodym 2020, Evaluating deep learning uncertainty measures in cephalometric landmark
    localization.
    Kendall & Gal 2017, What uncertainties do we need in Bayesian deep learning.
"""

from __future__ import annotations

from dataclasses import replace

from tfuq.measures.measure import Measure

_VARIANCE = Measure(
    name="variance",
    symbol="tr Σ",
    title="variance",
    unit="pixel²",
    levels=("landmark", "image"),
    low=0.0,
    high=None,
    orientation="less certain",
    bias="variance",
    least_samples=2,
    source="Drevický & Kodym 2020",
)
_EPISTEMIC_VARIANCE = replace(
    _VARIANCE,
    name="epistemic_variance",
    title="epistemic variance",
    source="Kendall & Gal 2017",
)
# One sample has no spread, and only a heteroscedastic network predicts a variance. Epistemic
# variance is the variance again, under the name that it has as a summand of the total.
OF_LANDMARKS = (
    _VARIANCE,
    Measure(
        name="mean_radial_spread",
        symbol="E|x − x̄|",
        title="mean radial spread",
        unit="pixel",
        levels=("landmark", "image"),
        low=0.0,
        high=None,
        orientation="less certain",
        bias="root of a variance",
        least_samples=2,
        source="Drevický & Kodym 2020",
    ),
    Measure(
        name="aleatoric_variance",
        symbol="E[σ_x² + σ_y²]",
        title="aleatoric variance",
        unit="pixel²",
        levels=("landmark", "image"),
        low=0.0,
        high=None,
        orientation="less certain",
        source="Kendall & Gal 2017",
    ),
    Measure(
        name="total_variance",
        symbol="E[σ_x² + σ_y²] + tr Σ",
        title="total variance",
        unit="pixel²",
        levels=("landmark", "image"),
        low=0.0,
        high=None,
        orientation="less certain",
        bias="biased summand",
        biased_summand="variance",
        least_samples=2,
        source="Kendall & Gal 2017",
    ),
    Measure(
        name="max_activation",
        symbol="E[max h]",
        title="maximum activation",
        unit="1",
        levels=("landmark", "image"),
        low=None,
        high=None,
        orientation="more certain",
        source="Drevický & Kodym 2020",
    ),
)
_UNITS_IN_MM = {"pixel": "mm", "pixel²": "mm²"}


def _in_mm(measure: Measure) -> Measure:
    summand = measure.biased_summand
    if summand is not None:
        summand = f"{summand}_mm"
    return replace(
        measure,
        name=f"{measure.name}_mm",
        unit=_UNITS_IN_MM[measure.unit],
        biased_summand=summand,
    )


def _others() -> tuple[Measure, ...]:
    """Measures that no score ranks, as others say the same."""
    lengths = [measure for measure in OF_LANDMARKS if measure.unit in _UNITS_IN_MM]
    return (
        _EPISTEMIC_VARIANCE,
        *map(_in_mm, lengths),
        _in_mm(_EPISTEMIC_VARIANCE),
    )


OTHERS_OF_LANDMARKS = _others()
LANDMARKS_IN_MM = tuple(
    measure for measure in OTHERS_OF_LANDMARKS if measure.unit in _UNITS_IN_MM.values()
)
