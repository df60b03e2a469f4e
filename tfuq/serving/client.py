"""A client that does what ``tfuq predict`` does, while the network is elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf

from tfuq import prediction
from tfuq.config import MEAN, Config, base_method, tta_of
from tfuq.data.events import SILENT, Observer
from tfuq.errors import RunError
from tfuq.runs.results import Manifest
from tfuq.serving.description import Export, open_export, version_folder, version_number
from tfuq.serving.expected import Expected, expected_outputs
from tfuq.serving.transport import Arrays, GrpcServer


class Endpoint(Protocol):
    """Whatever runs signatures, and replies as expected or fails."""

    def call(self, signature: str, inputs: Arrays, expected: Expected) -> Arrays:
        """Run a signature.

        Args:
            signature: Its name.
            inputs: What is sent, by name.
            expected: What each output must be.
        """


class ServedSampler:
    """Samples by requests, in the place of `tfuq.sampling.sampler.Sampler`."""

    def __init__(self, endpoint: Endpoint, export: Export, config: Config) -> None:
        """Take what requests need.

        Args:
            endpoint: Runs the signatures.
            export: The description of what is served.
            config: The configuration of the run that was exported.
        """
        self._endpoint = endpoint
        self._export = export
        self._config = config

    def sample(self, images: np.ndarray, seed: tf.Tensor, samples: tf.Tensor) -> Arrays:
        """Take samples.

        Args:
            images: Examples ``[n, *S, C]``.
            seed: int32 ``[2]``.
            samples: T, int32 scalar.

        Returns:
            Statistics of the samples by name.
        """
        inputs = {
            "image": np.asarray(images, np.float32),
            "seed": np.asarray(seed, np.int32),
            "num_samples": np.asarray(samples, np.int32),
        }
        expected = expected_outputs(self._export, self._config, "prepared", inputs)
        return self._endpoint.call("prepared", inputs, expected)


class Client:
    """Predicts scans by a server's network, with the files and the checks of ``tfuq predict``.

    2D networks are sent the slices of a volume, a few in a request. 3D networks are sent the whole
    volume: the graph cuts it into windows, as it blends them within each sample. All requests of a
    scan have one seed, so all are answered by one function.
    """

    def __init__(self, export: str | Path, server: str) -> None:
        """Read the description of an export.

        Args:
            export: A folder that ``tfuq export`` wrote, whose newest version is used, or the folder
                of a version. A copy without its weights will do.
            server: HOST:PORT of TensorFlow Serving's gRPC.

        Raises:
            RunError: There is no export, or one whose description is not that of its run.
        """
        self._folder = version_folder(Path(export))
        self.export, self.run = open_export(self._folder)
        self._server = GrpcServer(server, self.export.name, version_number(self._folder))

    def predict(
        self,
        inputs: Iterable[str | Path],
        out: str | Path,
        *,
        samples: int | None = None,
        seed: int | None = None,
        masks: str | Path | None = None,
        observer: Observer = SILENT,
        overwrite: bool = False,
    ) -> Manifest:
        """Predict files and folders of scans.

        Args:
            inputs: Files and folders.
            out: The predictions folder.
            samples: The number of samples; as exported if None.
            seed: The seed of the samples; as exported if None.
            masks: As of ``tfuq predict --mask``.
            observer: Is notified of each `CasePredicted`.
            overwrite: Whether other predictions in the folder are replaced.

        Raises:
            TfuqError: What ``tfuq predict`` would refuse, more samples than the export allows, a
                server that does not answer, or one whose reply is not what the export says. Nothing
                of such a reply is written.
        """
        predictor = self.predictor(samples, seed)
        config = self.run.config
        paths = tuple(map(Path, inputs))
        names = self.run.channel_names
        cases = prediction.input_cases(config, self.export.channels, paths, names)
        if masks:
            cases = prediction.with_masks(config, cases, Path(masks))
        return prediction.predict(
            predictor,
            cases,
            Path(out),
            observer=observer,
            overwrite=overwrite,
        )

    def predictor(
        self,
        samples: int | None = None,
        seed: int | None = None,
    ) -> prediction.AnyPredictor:
        """Make a predictor that samples by requests.

        Args:
            samples: The number of samples; as exported if None.
            seed: The seed of the samples; as exported if None.

        Raises:
            RunError: The export allows fewer samples.
        """
        if samples is None:
            samples = self.export.samples
        if seed is None:
            seed = self.export.seed
        request = prediction.request_of(
            self.run.config,
            base_method(self.export.method),
            samples,
            seed,
            # An export samples the members that it has. They are noted as missing where the run
            # has more.
            allow_missing=True,
            precision=self.export.precision,
            skip_empty=self.export.skip_empty,
            tta=tta_of(self.export.method),
            combine=MEAN,
        )
        sampler = ServedSampler(self._server, self.export, self.run.config)
        predictor = prediction.make_predictor(self.run, request, sampler=sampler)
        if predictor.samples > self.export.max_samples:
            raise RunError(
                f"samples {samples}: {self._folder} draws {self.export.max_samples} at most; "
                f"ask for fewer, or export again with --max-samples {samples}"
            )
        self._require_statistics(predictor)
        return predictor

    def _require_statistics(self, predictor: prediction.AnyPredictor) -> None:
        outputs = self.export.signatures.get("prepared", [])
        for name in predictor.statistics_of_maps:
            if name not in outputs:
                raise RunError(
                    f"{self._folder}: answers without {name}, of which maps after resampling are "
                    "made; export again with this version of tfuq"
                )
