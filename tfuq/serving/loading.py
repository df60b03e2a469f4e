"""An export loaded as TensorFlow Serving loads it.

It is loaded by the tag ``serve``, into a session of a graph of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from tfuq.errors import RunError
from tfuq.serving.inspection import PREDICT_METHOD, refuse_effects

_MOST_MESSAGE = 160  # characters


class LoadedExport:
    """The signatures of a SavedModel: ``call(name, inputs) → outputs``. It is closed as a file."""

    def __init__(self, version: Path) -> None:
        """Load a version; the graph is inspected before any of it runs.

        Args:
            version: The folder of the version.

        Raises:
            RunError: There is no SavedModel that loads, or one that does more than compute.
        """
        refuse_effects(version)
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph)
        try:
            with graph.as_default():
                loaded = tf.compat.v1.saved_model.load(self._session, ["serve"], str(version))
        except Exception as error:  # whatever TensorFlow meets in damaged files
            self._session.close()
            message = " ".join(str(error).split())
            raise RunError(
                f"{version}: does not load as a SavedModel ({message[:_MOST_MESSAGE]}); "
                "export again"
            ) from error
        self.signatures: dict[str, meta_graph_pb2.SignatureDef] = {}
        for name, signature in loaded.signature_def.items():
            if signature.method_name == PREDICT_METHOD:
                self.signatures[name] = signature

    def __enter__(self) -> LoadedExport:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def call(self, name: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run a signature.

        Args:
            name: Its name.
            inputs: Arrays by the names of inputs; the graph checks their shapes, as in the server.

        Returns:
            Arrays by the names of outputs.

        Raises:
            tf.errors.InvalidArgumentError: The graph refuses the inputs.
        """
        signature = self.signatures[name]
        fetches = {output: info.name for output, info in signature.outputs.items()}
        feeds = []
        values = []
        for input_name, value in inputs.items():
            info = signature.inputs[input_name]
            feeds.append(info.name)
            values.append(np.asarray(value, tf.as_dtype(info.dtype).as_numpy_dtype))
        run = self._session.make_callable(list(fetches.values()), feeds)
        return dict(zip(fetches, run(*values), strict=True))
