"""Tasks whose predictions are rows: tables that are written anew, whole, as cases are added."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from tfuq.data.cases import Case, read_case_image
from tfuq.data.ownership import digest_of, require_replaceable
from tfuq.data.stored import read_table
from tfuq.data.volume import Volume
from tfuq.data.writers import whole_set, write_csv
from tfuq.errors import RunError
from tfuq.prediction.predictor import Drawn, OnCase, Predictor
from tfuq.results import MANIFEST, Manifest, require_one_set

Tables = dict[str, list[dict]]  # rows by file name
_BETWEEN_WRITES = 10.0  # seconds


class TablePredictor(Predictor):
    """Predicts images in batches; each of its tables has a column ``case``."""

    @abstractmethod
    def rows(self, case: Case, image: Volume, drawn: Drawn) -> Tables:
        """A case's rows; ``drawn`` has its example alone, without the axis of the batch."""

    @property
    @abstractmethod
    def rows_per_case(self) -> dict[str, int]:
        """By table."""

    @property
    def files(self) -> str:
        return ", ".join(self.rows_per_case)

    def write_cases(self, cases: list[Case], folder: Path, manifest: Manifest, on_case: OnCase) -> None:
        tables = self._written(folder, manifest)
        left = []
        for case in cases:
            if manifest.holds(case):
                on_case(case, None)
            else:
                left.append(case)
        written = time.monotonic()
        for start in range(0, len(left), self.batch):
            self._add(left[start : start + self.batch], tables, manifest, on_case)
            if time.monotonic() - written > _BETWEEN_WRITES:
                self._write(folder, tables, manifest)
                written = time.monotonic()
        if left or not _is_one_set(folder, manifest):
            self._write(folder, tables, manifest)

    def manifest(self) -> Manifest:
        manifest = super().manifest()
        manifest.files = {}
        return manifest

    def known_files(self, folder: Path, manifest: Manifest) -> list[str]:
        tables = self._readable(folder)
        kept = self._written(folder, replace(manifest, cases=dict(manifest.cases)))
        return [
            *super().known_files(folder, manifest),
            *(name for name in tables if tables[name] and tables[name] == kept[name]),
        ]

    def require_room(self, cases: list[Case], folder: Path, manifest: Manifest) -> None:
        if all(map(manifest.holds, cases)) and _is_one_set(folder, manifest):
            return
        for name in self.rows_per_case:
            require_replaceable(folder / name)

    def _add(self, cases: list[Case], tables: Tables, manifest: Manifest, on_case: OnCase) -> None:
        started = time.perf_counter()
        for name, rows in self.predict_images(cases, [read_case_image(case) for case in cases]).items():
            tables[name] += rows
        seconds = {"share of batch": round((time.perf_counter() - started) / len(cases), 6)}
        for case in cases:
            manifest.add(case, seconds)
            on_case(case, seconds)

    def predict_images(self, cases: list[Case], images: list[Volume]) -> Tables:
        """The rows of images that are in memory."""
        return self.tables(cases, images, self.draw(self.stack(cases, images)))

    def tables(self, cases: list[Case], images: list[Volume], drawn: Drawn) -> Tables:
        """The rows of images of which this was drawn; of an image its size alone matters."""
        tables: Tables = {name: [] for name in self.rows_per_case}
        for number, (case, image) in enumerate(zip(cases, images, strict=True)):
            for name, rows in self.rows(case, image, {key: values[number] for key, values in drawn.items()}).items():
                tables[name] += rows
        return tables

    @property
    def cases_at_once(self) -> int:
        return self.batch

    def rehearse(self, cases: list[Case], samples: int) -> float:
        started = time.perf_counter()
        images = [read_case_image(case) for case in cases]
        examples = self.stack(cases, images)
        middle = time.perf_counter()
        drawn = self.draw(examples, samples)
        network = time.perf_counter() - middle
        self.tables(cases, images, drawn)
        return time.perf_counter() - started - network

    def stack(self, cases: list[Case], images: list[Volume]) -> np.ndarray:
        """The images as the network takes them."""
        return np.stack([self.network_grid(c, i).array[:, :, 0] for c, i in zip(cases, images, strict=True)])

    def _written(self, folder: Path, manifest: Manifest) -> Tables:
        """The rows of the cases that lie there whole; the manifest forgets the others."""
        tables = self._readable(folder) if manifest.cases else {name: [] for name in self.rows_per_case}
        whole = set(manifest.cases)
        for name, expected in self.rows_per_case.items():
            counts = Counter(row["case"] for row in tables[name])
            whole &= {case_id for case_id, count in counts.items() if count == expected}
        manifest.cases = {case_id: entry for case_id, entry in manifest.cases.items() if case_id in whole}
        return {name: [row for row in rows if row["case"] in whole] for name, rows in tables.items()}

    def _readable(self, folder: Path) -> Tables:
        try:
            return {name: read_table(folder / name, ("case",), "predict again") for name in self.rows_per_case}
        except RunError:
            return {name: [] for name in self.rows_per_case}

    def _write(self, folder: Path, tables: Tables, manifest: Manifest) -> None:
        with whole_set(folder, last=MANIFEST) as part:  # which names no case whose rows are not there
            for name, rows in tables.items():
                write_csv(part / name, sorted(rows, key=lambda row: row["case"]))
            manifest.files = {name: digest_of(part / name) for name in tables}
            manifest.write(part)


def _is_one_set(folder: Path, manifest: Manifest) -> bool:
    try:
        require_one_set(folder, manifest)
    except RunError:
        return False
    return True
