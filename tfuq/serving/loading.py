"""An export loaded as TensorFlow Serving loads it: the ``serve`` tag, into a session of a graph of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfuq.errors import RunError
from tfuq.serving.inspection import PREDICT_METHOD, refuse_effects


class LoadedExport:
    """The signatures of a SavedModel: ``call(name, inputs) → outputs``. It is closed as a file is."""

    def __init__(self, version: Path):
        """``version``: its folder. The graph is looked at before any of it runs.

        Raises:
            RunError: no SavedModel that loads, or one that does more than compute.
        """
        refuse_effects(version)
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph)
        try:
            with graph.as_default():
                loaded = tf.compat.v1.saved_model.load(self._session, ["serve"], str(version))
        except Exception as error:  # whatever TensorFlow meets in damaged files
            self._session.close()
            first = " ".join(str(error).split())[:160]
            raise RunError(f"{version}: does not load as a SavedModel ({first}); export again") from error
        self.signatures = {name: s for name, s in loaded.signature_def.items() if s.method_name == PREDICT_METHOD}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._session.close()

    def call(self, name: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run a signature; shapes of inputs are the graph's to check, as in the server.

        Raises:
            tf.errors.InvalidArgumentError: the graph refuses the inputs.
        """
        signature = self.signatures[name]
        fetches = {output: info.name for output, info in signature.outputs.items()}
        feeds = [signature.inputs[given].name for given in inputs]
        run = self._session.make_callable(list(fetches.values()), feeds)
        values = run(
            *(np.asarray(value, tf.as_dtype(signature.inputs[given].dtype).as_numpy_dtype) for given, value in inputs.items())
        )
        return dict(zip(fetches, values, strict=True))
