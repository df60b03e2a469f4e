"""Tasks whose predictions are rows of tables.

Each process lists the rows of the cases that it has finished. The tables are written anew, whole,
when the last process ends.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from tfuq.config import MEAN
from tfuq.data.cases import Case, read_case_image
from tfuq.data.events import CasePredicted, Observer
from tfuq.data.json_csv import read_table
from tfuq.data.ownership import digest_of, require_replaceable
from tfuq.data.volume import Volume
from tfuq.data.writers import rows_as_text, whole_set, write_csv
from tfuq.errors import DataError, RunError
from tfuq.prediction.predictor import Predictor
from tfuq.prediction.shared import Piece, SharedFolder
from tfuq.prediction.statistics import Row
from tfuq.runs.finished import Finished, Rows
from tfuq.runs.results import MANIFEST, Manifest, require_one_set
from tfuq.tasks import task_of
from tfuq.tasks.records import S
from tfuq.tasks.tables import Sampled, Tables, TaskTables


class TablePredictor(Predictor[S]):
    """Predicts images in batches; each of its tables has a column ``case``."""

    @property
    def record(self) -> type[S]:
        """What is known of the samples."""
        return self._tables.record

    @property
    def statistics_of_maps(self) -> tuple[str, ...]:
        """See `Predictor.statistics_of_maps`."""
        if self.request.combine == MEAN or "mean" not in self.record.on_demand:
            return ()
        return ("mean",)

    @property
    def _tables(self) -> TaskTables[S]:
        return cast(TaskTables[S], task_of(self.config).tables)

    @property
    def _sampled(self) -> Sampled:
        return Sampled(
            config=self.config,
            samples=self.samples,
            members=self.members,
            maps=self.maps,
            calibration=self.calibration,
        )

    def rows(self, case: Case, image: Volume, statistics: S) -> Tables:
        """A case's rows, see `tfuq.tasks.tables.TaskTables.rows`."""
        return self._tables.rows(self._sampled, case, image, statistics)

    @property
    def rows_per_case(self) -> dict[str, int]:
        """The number of a case's rows by table."""
        return self._tables.rows_per_case(self._sampled)

    @property
    def files(self) -> str:
        """What is written, for people."""
        return ", ".join(self.rows_per_case)

    def write_cases(
        self, pieces: Iterator[Piece], shared: SharedFolder, observer: Observer
    ) -> None:
        """See `Predictor.write_cases`."""
        for piece in pieces:
            self._write_piece(piece.cases, shared, observer)

    def holds(self, case: Case, folder: Path, manifest: Manifest) -> bool:
        """See `Predictor.holds`."""
        return manifest.holds(case)

    def gather(self, folder: Path, manifest: Manifest, finished: Finished) -> None:
        """See `Predictor.gather`. A table is written anew, whole."""
        if _is_one_set(folder, manifest) and not finished.cases:
            if finished.failed:
                manifest.take_in(finished)
                manifest.write(folder)
            return
        tables = self._complete_rows(folder, manifest)
        for name in tables:
            require_replaceable(folder / name)  # it may have been changed by hand
        for case_id, rows_of_case in finished.rows.items():
            if case_id not in manifest.cases:
                for name, rows in tables.items():
                    rows += rows_of_case.get(name, [])
        manifest.take_in(finished)
        self._write(folder, tables, manifest)

    def forget_incomplete(self, folder: Path, manifest: Manifest) -> None:
        """See `Predictor.forget_incomplete`."""
        self._complete_rows(folder, manifest)

    def manifest(self) -> Manifest:
        """A manifest without cases and tables yet."""
        manifest = super().manifest()
        manifest.files = {}
        return manifest

    def known_files(self, folder: Path, manifest: Manifest) -> list[str]:
        """See `Predictor.known_files`; of tables, those that hold rows of finished cases alone."""
        names = super().known_files(folder, manifest)
        tables = self._readable(folder)
        copied = replace(manifest, cases=dict(manifest.cases))
        complete = self._complete_rows(folder, copied)
        for name, rows in tables.items():
            if rows and rows == complete[name]:
                names.append(name)
        return names

    def require_room(self, cases: list[Case], folder: Path, manifest: Manifest) -> None:
        """See `Predictor.require_room`."""
        if all(map(manifest.holds, cases)) and _is_one_set(folder, manifest):
            return
        for name in self.rows_per_case:
            require_replaceable(folder / name)

    def _write_piece(self, cases: list[Case], shared: SharedFolder, observer: Observer) -> None:
        """Predict cases together; where that fails, each alone, to find those that cannot be."""
        started = time.perf_counter()
        try:
            rows = self._rows_of_cases(cases, shared.folder)
        except DataError as error:
            if len(cases) == 1:
                shared.fail(cases[0], error)
                return
            for case in cases:
                self._write_piece([case], shared, observer)
            return
        share = (time.perf_counter() - started) / len(cases)
        seconds = {"share of batch": round(share, 6)}
        for case in cases:
            shared.finish(case, seconds, rows[case.id])
        for case in cases:
            observer.notify(CasePredicted(case=case.id, seconds=dict(seconds)))

    def _rows_of_cases(self, cases: list[Case], folder: Path) -> dict[str, Rows]:
        """The rows of each case by table, as they are read from the tables."""
        images = [read_case_image(case) for case in cases]
        rows: dict[str, Rows] = {}
        for case in cases:
            rows[case.id] = {name: [] for name in self.rows_per_case}
        for name, rows_of_all in self.predict_images(cases, images).items():
            for row in rows_as_text(folder / name, rows_of_all):
                rows[row["case"]][name].append(row)
        return rows

    def predict_images(self, cases: list[Case], images: list[Volume]) -> Tables:
        """Predict images that are in memory.

        Args:
            cases: The n cases.
            images: Their images as given.

        Returns:
            The rows of all cases by table.
        """
        statistics = self.draw(self.stack(cases, images))
        return self.tables(cases, images, statistics)

    def tables(self, cases: list[Case], images: list[Volume], statistics: S) -> Tables:
        """Make the rows of images that were sampled.

        Args:
            cases: The n cases.
            images: Their images as given; only the size matters.
            statistics: Those of the samples of all n.
        """
        tables = self._empty_tables()
        for index, (case, image) in enumerate(zip(cases, images, strict=True)):
            for name, rows in self.rows(case, image, statistics.example(index)).items():
                tables[name] += rows
        return tables

    @property
    def cases_at_once(self) -> int:
        """How many cases go through the network together."""
        return self.batch

    def rehearse(self, cases: list[Case], samples: int) -> float:
        """See `Predictor.rehearse`."""
        started = time.perf_counter()
        images = [read_case_image(case) for case in cases]
        examples = self.stack(cases, images)
        network_started = time.perf_counter()
        statistics = self.draw(examples, samples)
        network = time.perf_counter() - network_started
        self.tables(cases, images, statistics)
        return time.perf_counter() - started - network

    def stack(self, cases: list[Case], images: list[Volume]) -> np.ndarray:
        """The images as the network takes them, ``[n, *S, C]``."""
        examples = []
        for case, image in zip(cases, images, strict=True):
            grid = self.network_grid(case, image)
            examples.append(grid.array[:, :, 0])
        return np.stack(examples)

    def _empty_tables(self) -> Tables:
        return {name: [] for name in self.rows_per_case}

    def _complete_rows(self, folder: Path, manifest: Manifest) -> Tables:
        """The rows of the cases whose rows are all there; the manifest forgets the other cases."""
        tables = self._empty_tables()
        if manifest.cases:
            tables = self._readable(folder)
        complete = set(manifest.cases)
        for name, rows_per_case in self.rows_per_case.items():
            complete &= _cases_with(rows_per_case, tables[name])
        for case_id in list(manifest.cases):
            if case_id not in complete:
                del manifest.cases[case_id]
        return {name: _rows_of(complete, rows) for name, rows in tables.items()}

    def _readable(self, folder: Path) -> Tables:
        """The tables as they are in the folder; empty ones where one of them cannot be read."""
        tables = {}
        try:
            for name in self.rows_per_case:
                tables[name] = read_table(folder / name, ("case",), "predict again")
        except RunError:
            return self._empty_tables()
        return tables

    def _write(self, folder: Path, tables: Tables, manifest: Manifest) -> None:
        # The manifest is last, so that it names no case whose rows are not there.
        with whole_set(folder, last=MANIFEST) as unfinished:
            for name, rows in tables.items():
                ordered = sorted(rows, key=lambda row: row["case"])
                write_csv(unfinished / name, ordered)
            manifest.files = {name: digest_of(unfinished / name) for name in tables}
            manifest.write(unfinished)


def _cases_with(count: int, rows: list[Row]) -> set[str]:
    """Ids of the cases that have so many rows."""
    counts = Counter(row["case"] for row in rows)
    cases = set()
    for case_id, rows_of_case in counts.items():
        if rows_of_case == count:
            cases.add(case_id)
    return cases


def _rows_of(cases: set[str], rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["case"] in cases]


def _is_one_set(folder: Path, manifest: Manifest) -> bool:
    try:
        require_one_set(folder, manifest)
    except RunError:
        return False
    return True
