"""A running TensorFlow Serving, asked by gRPC or by REST."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping

import grpc
import numpy as np
import tensorflow as tf

from tfuq.errors import RunError
from tfuq.serving.messages import PREDICT, PredictRequest, PredictResponse, outputs_of, predict_request

Arrays = Mapping[str, np.ndarray]
_SECONDS = 600.0
_MOST_BYTES = 2**31 - 2**16  # of a message
_ANY_SIZE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class GrpcServer:
    """``call(signature, inputs) → outputs`` of a model on ``HOST:PORT``."""

    def __init__(self, address: str, model: str, version: int | None = None):
        """``version``: None for the newest."""
        self._address, self._model, self._version = address, model, version

    def call(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Run a signature.

        Raises:
            RunError: the server is not there, does not have the model, or refuses the inputs; they are too large for a message.
        """
        largest = max((np.asarray(value).nbytes for value in inputs.values()), default=0)
        if largest >= _MOST_BYTES:
            raise RunError(
                f"{self._address}: a request of {largest / 2**30:.1f} GB, and a message holds 2; crop the scan or send less at once"
            )
        tensors = {name: tf.make_tensor_proto(value) for name, value in inputs.items()}
        request = predict_request(self._model, signature, tensors, self._version)
        try:
            with grpc.insecure_channel(self._address, _ANY_SIZE) as channel:
                predict = channel.unary_unary(
                    PREDICT,
                    request_serializer=PredictRequest.SerializeToString,
                    response_deserializer=PredictResponse.FromString,
                )
                return outputs_of(predict(request, timeout=_SECONDS))
        except grpc.RpcError as error:
            raise _refused(self._address, f"{error.code().name}: {error.details()}") from error


class RestServer:
    """As `GrpcServer`, by JSON: numbers come back in decimal, and none of a type that JSON lacks."""

    def __init__(self, address: str, model: str, version: int | None = None):
        self._address = address
        self._url = f"http://{address}/v1/models/{model}{'' if version is None else f'/versions/{version}'}:predict"

    def call(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Run a signature of several outputs; errors as `GrpcServer.call` has them."""
        body = {"signature_name": signature, "inputs": {name: np.asarray(value).tolist() for name, value in inputs.items()}}
        request = urllib.request.Request(self._url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:
                outputs = json.loads(response.read())["outputs"]
        except urllib.error.HTTPError as error:
            raise _refused(self._address, error.read().decode(errors="replace")) from error
        except (OSError, ValueError, KeyError) as error:
            raise _refused(self._address, str(error)) from error
        return {name: np.array(value) for name, value in outputs.items()}


def _refused(address: str, what: str) -> RunError:
    return RunError(
        f"{address}: the server does not answer ({' '.join(what.split())[:300]}); start it as the README beside models.config says, and give "
        "its HOST:PORT"
    )
