"""A client that does what ``tfuq predict`` does, the network being elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf

from tfuq import prediction
from tfuq.config import Config
from tfuq.errors import RunError
from tfuq.results import Manifest
from tfuq.serving.description import Export, open_export, version_folder
from tfuq.serving.expected import Expected, expected_outputs
from tfuq.serving.transport import Arrays, GrpcServer


class Endpoint(Protocol):
    """Whatever runs signatures, and replies as expected or fails."""

    def call(self, signature: str, inputs: Arrays, expected: Expected) -> Arrays: ...


class ServedSampler:
    """Draws by requests; it stands where `tfuq.sampling.Sampler` does."""

    def __init__(self, endpoint: Endpoint, export: Export, config: Config):
        self._endpoint, self._export, self._config = endpoint, export, config

    def sample(self, images: np.ndarray, seed: tf.Tensor, samples: tf.Tensor) -> Arrays:
        """What ``samples`` samples of ``images [N, *S, C]`` amount to."""
        inputs = {
            "image": np.asarray(images, np.float32),
            "seed": np.asarray(seed, np.int32),
            "num_samples": np.asarray(samples, np.int32),
        }
        expected = expected_outputs(self._export, self._config, "prepared", inputs)
        return self._endpoint.call("prepared", inputs, expected)


class Client:
    """Predicts scans by a server's network, with the files, the checks and the cutting of ``tfuq predict``.

    2D networks are sent a volume's slices, a few in a request; 3D ones the whole volume, which the graph cuts into windows: it blends
    them within each sample. All requests of a scan carry one seed, so all see one function.
    """

    def __init__(self, export: str | Path, server: str):
        """``export``: a folder that ``tfuq export`` wrote, whose newest version is used, or a version's (a copy without its weights
        will do); ``server``: HOST:PORT of TensorFlow Serving's gRPC.

        Raises:
            RunError: no export, or one whose description is not that of its run.
        """
        self._folder = version_folder(Path(export))
        self.export, self.run = open_export(self._folder)
        version = int(self._folder.name) if self._folder.name.isdecimal() else None
        self._server = GrpcServer(server, self.export.name, version)

    def predict(self, inputs: Iterable[str | Path], out: str | Path, *, samples: int | None = None, seed: int | None = None,
                masks: str | Path | None = None, overwrite: bool = False) -> Manifest:  # fmt: skip
        """Predict files and folders of scans into ``out``; ``samples`` and ``seed`` as exported where they are None, ``masks`` as of
        ``tfuq predict --mask``.

        Raises:
            TfuqError: what ``tfuq predict`` would refuse, more samples than the export draws, a server that does not answer, or
                one whose reply is not what the export says. Nothing of such a reply is written.
        """
        predictor = self.predictor(samples, seed)
        cases = prediction.input_cases(self.run.config, self.export.channels, tuple(map(Path, inputs)))
        cases = prediction.with_masks(self.run.config, cases, Path(masks)) if masks else cases
        return prediction.predict(predictor, cases, Path(out), on_case=lambda case, seconds: None, overwrite=overwrite)

    def predictor(self, samples: int | None = None, seed: int | None = None) -> prediction.Predictor:
        """A predictor that draws by requests.

        Raises:
            RunError: more samples than the export draws.
        """
        asked = self.export.samples if samples is None else samples
        chosen = self.export.seed if seed is None else seed
        # An export draws from the members that it has, which are noted as missing where the run has more.
        request = prediction.request_of(self.run.config, self.export.method, asked, chosen, allow_missing=True)
        sampler = ServedSampler(self._server, self.export, self.run.config)
        predictor = prediction.make_predictor(self.run, request, sampler=sampler)
        if predictor.samples > self.export.max_samples:
            raise RunError(
                f"samples {asked}: {self._folder} draws {self.export.max_samples} at most; ask for fewer, or export again with "
                f"--max-samples {asked}"
            )
        missing = [name for name in predictor.statistics_of_maps if name not in self.export.signatures.get("prepared", [])]
        if missing:
            raise RunError(
                f"{self._folder}: answers without {missing[0]}, of which maps after resampling are made; "
                "export again with this version of tfuq"
            )
        return predictor
