"""Segmentation: label, probabilities and maps in each scan's own geometry, and its structures."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfuq.data.cases import Case, naming, read_case_image
from tfuq.data.preprocessing import Box, box_in_padding, from_examples, to_examples
from tfuq.data.volume import Volume, differ_by_whole_voxels, onto_grid
from tfuq.data.writers import plan_replacement, whole_folder, write_csv, write_nifti
from tfuq.masks import STORED, StoredSamples, crop_packed
from tfuq.measures.resampled import between_members, resampled_maps
from tfuq.measures.structure import ClassMaps, structure_rows
from tfuq.prediction.predictor import Drawn, OnCase, Predictor, timed
from tfuq.results import MEMBER_VARIANCES, Manifest, member_map
from tfuq.scoring.conformal import predicted_interval, volume_interval

CASE = "case of predictions"
# The maps on the network's grid that structures are measured on; the last is there where the configuration has regions.
_FOR_STRUCTURES = (
    "probability",
    "predictive_entropy",
    "mutual_information",
    "entropy_terms",
    "region_entropy_terms",
)


class VolumePredictor(Predictor):
    """Predicts volumes one by one, a folder each."""

    @property
    def files(self) -> str:
        kept = f", {STORED}" if self.request.keep_samples else ""
        return ", ".join(self.written) + f" (.nii.gz), structures.csv{kept}"

    def write_cases(self, cases: list[Case], folder: Path, manifest: Manifest, on_case: OnCase) -> None:
        for case in cases:
            if self._holds(manifest, folder, case):
                on_case(case, None)
                continue
            prediction = predict_case(self, case)
            with timed(prediction.seconds, "write"):
                prediction.write(folder / case.id)
            seconds = {stage: round(value, 4) for stage, value in prediction.seconds.items()}
            manifest.add(case, seconds)
            manifest.write(folder)
            on_case(case, seconds)

    def require_room(self, cases: list[Case], folder: Path, manifest: Manifest) -> None:
        for case in cases:
            if not self._holds(manifest, folder, case):
                plan_replacement(folder / case.id, CASE)

    def _holds(self, manifest: Manifest, folder: Path, case: Case) -> bool:
        return manifest.holds(case) and self._is_complete(folder / case.id)

    def _is_complete(self, folder: Path) -> bool:
        names = [f"{name}.nii.gz" for name in self.written]
        kept = [STORED] if self.request.keep_samples else []
        return all((folder / name).is_file() for name in [*names, "structures.csv", *kept])

    @property
    def statistics_of_maps(self) -> tuple[str, ...]:
        steps = self.config.preprocessing
        is_resampled = bool(steps.spacing or steps.size)
        # Of every class: on the input's grid a voxel's label may be another than on the network's.
        return ("variance",) if is_resampled and self.samples > 1 else ()

    @property
    def cases_at_once(self) -> int:
        return 1

    def rehearse(self, cases: list[Case], samples: int) -> float:
        started = time.perf_counter()
        (case,) = cases
        image = read_case_image(case)
        prepared = self.preprocessed(case, image)
        middle = time.perf_counter()
        drawn = self.sample(prepared, samples)
        network = time.perf_counter() - middle
        self.structures(prepared, drawn)
        self.maps_on_input(image, prepared, drawn)
        return time.perf_counter() - started - network

    def sample(self, prepared: Volume, samples: int | None = None) -> Drawn:
        """Draw ``samples`` samples, or the predictor's T, of a case as `preprocessed` gives it.

        The network sees the case padded. What it says of the padding is cut off here, once, so that
        all that is measured, fitted or written is of the scan's own voxels.

        Returns:
            Arrays by name, as batches of examples without padding.
        """
        axis = self.config.preprocessing.slice_axis
        padded = self.preprocess.padded(prepared)
        drawn = self.draw(np.ascontiguousarray(to_examples(padded.array, axis)), samples)
        if padded.shape == prepared.shape:
            return drawn
        shape, box = self._padding(prepared)
        return {name: _of_scan(name, array, shape, box) for name, array in drawn.items()}

    def places_in_padding(self, prepared: Volume, places: np.ndarray) -> np.ndarray:
        """Numbers of voxels in an example as the network sees it, of their numbers in the example."""
        shape, box = self._padding(prepared)
        own = tuple(side.stop - side.start for side in box)
        indices = np.unravel_index(places, own)
        moved = [index + side.start for index, side in zip(indices, box, strict=True)]
        return np.ravel_multi_index(moved, shape)

    def _padding(self, prepared: Volume) -> tuple[tuple[int, ...], Box]:
        """Shape of a case's padded examples, and the box in it that an example without padding fills."""
        shapes = [prepared.shape, self.preprocess.padded_shape(prepared)]
        axis = self.config.preprocessing.slice_axis
        own, padded = (tuple(n for a, n in enumerate(shape) if a != axis) for shape in shapes)
        return padded, box_in_padding(own, padded)

    def structures(self, prepared: Volume, drawn: Drawn) -> list[dict]:
        """Rows of ``structures.csv`` (see `tfuq.measures.structure`)."""
        axis = self.config.preprocessing.slice_axis
        on_grid = {name: from_examples(drawn[name], axis) for name in _FOR_STRUCTURES if name in drawn}
        label, rows = on_grid["probability"].argmax(-1), []
        samples = StoredSamples(drawn["masks"], axis, prepared)
        terms = [*np.moveaxis(on_grid["entropy_terms"], -1, 0)[1:]]
        terms += [*np.moveaxis(on_grid["region_entropy_terms"], -1, 0)] if self.config.data.regions else []
        for place, (name, classes) in enumerate(self.config.data.structures.items()):
            maps = ClassMaps(
                label=np.isin(label, classes),
                masks=samples.of_classes(classes),
                entropy_term=terms[place],
                predictive_entropy=on_grid["predictive_entropy"],
                mutual_information=on_grid["mutual_information"],
                voxel_volume=prepared.voxel_volume,
            )
            rows += [
                {"class": name, **row}
                for row in structure_rows(maps, min_component_voxels=self.config.prediction.min_component_voxels)
            ]
        return [self._with_interval(row, prepared.voxel_volume) for row in rows]

    def _with_interval(self, row: dict, voxel_volume: float) -> dict:
        """A class's row with its conformal volume interval, which is of the class as a whole, before the spread of the samples;
        regions have none."""
        quantile = self.calibration and self.calibration.conformal.volumes.get(row["class"])
        if quantile is None or row["component"] != "all":
            return row
        low, high = volume_interval(*predicted_interval(row), voxel_volume, quantile)
        head = {name: row[name] for name in ("class", "component", "volume_mm3")}
        return head | {"volume_conformal_lower_mm3": low, "volume_conformal_upper_mm3": high} | row

    def kept_samples(self, prepared: Volume, drawn: Drawn) -> StoredSamples | None:
        """The samples to write beside the maps, where they are asked for."""
        axis = self.config.preprocessing.slice_axis
        return StoredSamples(drawn["masks"], axis, prepared) if self.request.keep_samples else None

    def probability_on_input(self, image: Volume, prepared: Volume, drawn: Drawn) -> Volume:
        """The mean of the samples on the input's grid; what the network did not see is background."""
        return self._onto(image, prepared, drawn["probability"], fill=self._background)

    def maps_on_input(self, image: Volume, prepared: Volume, drawn: Drawn) -> dict[str, Volume]:
        """``label``, ``probability`` and the maps on the input's own grid; outside what the network saw is background."""
        probability = self.probability_on_input(image, prepared, drawn)
        label = probability.with_array(probability.array.argmax(-1).astype(np.uint8))
        volumes = {"label": label, "probability": probability}
        volumes |= self._measured(image, prepared, drawn, probability)
        if self.members:
            volumes |= self._by_member(image, prepared, drawn)
        if self.calibration is None:
            return volumes
        before = self._onto(image, prepared, drawn["uncalibrated"], fill=self._background)
        return volumes | {"uncalibrated": before} | self._bounds(before)

    def _measured(
        self,
        image: Volume,
        prepared: Volume,
        drawn: Drawn,
        probability: Volume,
    ) -> dict[str, Volume]:
        """The uncertainty maps.

        Where voxels are copied they are those of the graph; elsewhere they are made after interpolation.
        """
        if differ_by_whole_voxels(prepared, image):
            return {name: self._onto(image, prepared, drawn[name]) for name in self.maps}

        def onto(array: np.ndarray, *, nearest: bool = False) -> np.ndarray:
            return self._onto(image, prepared, array, nearest=nearest).array

        found = resampled_maps(drawn, probability.array, onto, several=self.samples > 1)
        return {name: probability.with_array(found[name]) for name in self.maps}

    def _by_member(self, image: Volume, prepared: Volume, drawn: Drawn) -> dict[str, Volume]:
        """Each member's probabilities, and the parts of the variance."""
        by_member, background = np.moveaxis(drawn["members"], 1, 0), self._background
        members = [self._onto(image, prepared, p, fill=background) for p in by_member]
        between, within = (self._onto(image, prepared, drawn[name]) for name in MEMBER_VARIANCES)
        if not differ_by_whole_voxels(prepared, image):
            found = between_members([member.array for member in members], self._member_weights())
            between = between.with_array(found)
        volumes = {member_map(number): member for number, member in enumerate(members)}
        return volumes | dict(zip(MEMBER_VARIANCES, (between, within), strict=True))

    def _member_weights(self) -> np.ndarray:
        """Each member's share of the samples."""
        posterior, samples = self.sampler.posterior, tf.constant(self.samples)
        counts = [int(posterior.draws(member, samples)) for member in range(self.members)]
        return np.array(counts, np.float32) / self.samples

    def _onto(
        self,
        image: Volume,
        prepared: Volume,
        examples: np.ndarray,
        *,
        fill: float | np.ndarray = 0,
        nearest: bool = False,
    ) -> Volume:
        """A map of examples, on the grid of the image; ``fill`` outside of what the network saw."""
        array = from_examples(examples, self.config.preprocessing.slice_axis)
        return onto_grid(prepared.with_array(array), image, fill=fill, nearest=nearest)

    @property
    def _background(self) -> np.ndarray:
        return np.eye(len(self.config.data.classes), dtype=np.float32)[0]

    def _bounds(self, before: Volume) -> dict[str, Volume]:
        """``label_lower`` and ``label_upper`` (0 or 1; a channel for each of several foreground classes), of the probabilities before
        scaling: it may be fitted on the cases that their thresholds are, which a promise must not depend on."""
        bounds, found = self.calibration.conformal.bounds, {}
        for side in ("lower", "upper"):
            masks = [before.array[..., k] >= bounds[name][side] for k, name in enumerate(self.config.data.classes[1:], start=1)]
            stacked = np.stack(masks, -1).astype(np.uint8)
            found[f"label_{side}"] = before.with_array(stacked[..., 0] if len(masks) == 1 else stacked)
        return found

    @property
    def written(self) -> list[str]:
        """The names of a case's NIfTI files."""
        further = ["uncalibrated", "label_lower", "label_upper"] if self.calibration else []
        members = [*map(member_map, range(self.members)), *MEMBER_VARIANCES] if self.members else []
        return ["label", "probability", *self.maps, *members, *further]


def _of_scan(name: str, array: np.ndarray, shape: tuple[int, ...], box: Box) -> np.ndarray:
    """What was drawn, in a box of each example, which is of ``shape``."""
    if name == "masks":
        return crop_packed(array, shape, box)
    if name == "picked":  # of chosen voxels, not of all
        return array
    leading = 2 if name == "members" else 1
    return array[(slice(None),) * leading + box]


@dataclass(frozen=True)
class Prediction:
    """One case as predicted: ``volumes`` by name on the input's own grid, the rows of its structures, seconds per stage, and the
    samples where they are kept."""

    case: str
    volumes: dict[str, Volume]
    structures: list[dict]
    seconds: dict[str, float]
    samples: StoredSamples | None = None

    def write(self, folder: Path) -> None:
        """Write the case's folder, whole or not at all."""
        with whole_folder(folder, CASE) as part:
            for name, volume in self.volumes.items():
                write_nifti(part / f"{name}.nii.gz", volume)
            write_csv(part / "structures.csv", [{"case": self.case, **row} for row in self.structures])
            if self.samples:
                self.samples.write(part)


def predict_case(predictor: VolumePredictor, case: Case) -> Prediction:
    """Read and predict one case."""
    started = time.perf_counter()
    image = read_case_image(case)
    prediction = predict_image(predictor, image, case)
    prediction.seconds["read"] += time.perf_counter() - started - sum(prediction.seconds.values())
    return prediction


def predict_image(predictor: VolumePredictor, image: Volume, case: Case) -> Prediction:
    """Predict an image that is in memory; ``case`` names it in errors and holds the mask or label where preprocessing needs one."""
    seconds: dict[str, float] = {}
    with timed(seconds, "read"):
        prepared = predictor.preprocessed(case, image)
    with timed(seconds, "network"), naming(case):
        drawn = predictor.sample(prepared)
    with timed(seconds, "measures"):
        rows = [case.unit.named(row) for row in predictor.structures(prepared, drawn)]
        volumes = predictor.maps_on_input(image, prepared, drawn)
    return Prediction(case.id, volumes, rows, seconds, predictor.kept_samples(prepared, drawn))
