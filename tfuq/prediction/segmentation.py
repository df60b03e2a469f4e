"""Segmentation: label, probabilities and maps in each scan's own geometry, and its structures."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.cases import Case, read_case_image
from tfuq.data.preprocessing import from_examples, to_examples
from tfuq.data.volume import Volume, onto_grid
from tfuq.data.writers import whole_folder, write_csv, write_nifti
from tfuq.masks import STORED, StoredSamples
from tfuq.measures.structure import ClassMaps, structure_rows
from tfuq.prediction.predictor import Drawn, OnCase, Predictor, timed
from tfuq.results import MEMBER_VARIANCES, Manifest, member_map
from tfuq.scoring.conformal import predicted_interval, volume_interval

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
            if manifest.holds(case) and self._is_complete(folder / case.id):
                on_case(case, None)
                continue
            prediction = predict_case(self, case)
            with timed(prediction.seconds, "write"):
                prediction.write(folder / case.id)
            seconds = {stage: round(value, 4) for stage, value in prediction.seconds.items()}
            manifest.add(case, seconds)
            manifest.write(folder)
            on_case(case, seconds)

    def _is_complete(self, folder: Path) -> bool:
        names = [f"{name}.nii.gz" for name in self.written]
        kept = [STORED] if self.request.keep_samples else []
        return all((folder / name).is_file() for name in [*names, "structures.csv", *kept])

    @property
    def cases_at_once(self) -> int:
        return 1

    def rehearse(self, cases: list[Case], samples: int) -> float:
        started = time.perf_counter()
        (case,) = cases
        image = read_case_image(case)
        prepared = self.network_grid(case, image)
        middle = time.perf_counter()
        drawn = self.sample(prepared, samples)
        network = time.perf_counter() - middle
        self.structures(prepared, drawn)
        self.maps_on_input(image, prepared, drawn)
        return time.perf_counter() - started - network

    def sample(self, prepared: Volume, samples: int | None = None) -> Drawn:
        """Everything drawn for a case (T times, or ``samples``), as batches of examples."""
        return self.draw(np.ascontiguousarray(to_examples(prepared.array, self.config.preprocessing.slice_axis)), samples)

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

    def maps_on_input(self, image: Volume, prepared: Volume, drawn: Drawn) -> dict[str, Volume]:
        """``label``, ``probability`` and the maps on the input's own grid; outside what the network saw is background."""
        axis = self.config.preprocessing.slice_axis
        background = np.eye(len(self.config.data.classes), dtype=np.float32)[0]
        by_member = {member_map(member): member for member in range(self.members)}

        def back(name, fill):
            array = drawn["members"][:, by_member[name]] if name in by_member else drawn[name]
            return onto_grid(prepared.with_array(from_examples(array, axis)), image, fill=fill)

        probability = back("probability", background)
        label = probability.with_array(probability.array.argmax(-1).astype(np.uint8))
        volumes = {"label": label, "probability": probability} | {name: back(name, 0) for name in self.maps}
        if self.members:
            volumes |= {name: back(name, background) for name in by_member} | {name: back(name, 0) for name in MEMBER_VARIANCES}
        if self.calibration is None:
            return volumes
        before = back("uncalibrated", background)
        return volumes | {"uncalibrated": before} | self._bounds(before)

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
        with whole_folder(folder) as part:
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
        prepared = predictor.network_grid(case, image)
    with timed(seconds, "network"):
        drawn = predictor.sample(prepared)
    with timed(seconds, "measures"):
        rows = [case.unit.named(row) for row in predictor.structures(prepared, drawn)]
        volumes = predictor.maps_on_input(image, prepared, drawn)
    return Prediction(case.id, volumes, rows, seconds, predictor.kept_samples(prepared, drawn))
