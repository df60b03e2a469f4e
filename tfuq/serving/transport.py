"""A running TensorFlow Serving, asked by gRPC or by REST."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf.message import Message

from tfuq.data.budget import require_memory
from tfuq.errors import RunError
from tfuq.serving.expected import Expected
from tfuq.serving.messages import PREDICT, PredictRequest, predict_request
from tfuq.serving.replies import (
    Decoded,
    ReplyError,
    from_json,
    from_tensors,
    most_bytes,
    most_json_bytes,
)
from tfuq.serving.wire import parsed

Arrays = Mapping[str, np.ndarray]
_SECONDS = 600.0  # from the request to the end of the reply
_MOST_BYTES = 2**31 - 2**16  # of a message
_MOST_ERROR_BYTES = 2**14
_MOST_REASON = 300  # characters of a message
_REMEDY = "serve the version that was exported, or export again"
_NO_PATH = frozenset(" \t\r\n/?#@\\")


class GrpcServer:
    """``call(signature, inputs, expected) → outputs`` of a model on ``HOST:PORT``."""

    def __init__(self, address: str, model: str, version: int | None = None) -> None:
        """Name what is asked; nothing is sent yet.

        Args:
            address: HOST:PORT.
            model: The name of the model.
            version: Its version; None for the newest.
        """
        self._address = address
        self._model = model
        self._version = version

    def call(self, signature: str, inputs: Arrays, expected: Expected) -> Decoded:
        """Run a signature.

        Args:
            signature: Its name.
            inputs: What is sent, by name.
            expected: What each output must be (see `tfuq.serving.expected`).

        Returns:
            The outputs by name, as expected.

        Raises:
            RunError: The server is not there, does not have the model, refuses the inputs, or
                replies otherwise than expected; or the inputs are too large for a message.
            MemoryShortageError: The outputs would not fit into memory.
        """
        largest = max((np.asarray(value).nbytes for value in inputs.values()), default=0)
        if largest >= _MOST_BYTES:
            raise RunError(
                f"{self._address}: a request of {largest / 2**30:.1f} GB, and a message holds 2; "
                "crop the scan or send less at once"
            )
        tensors = {name: tf.make_tensor_proto(value) for name, value in inputs.items()}
        request = predict_request(self._model, signature, tensors, self._version)
        content = self._response(request, expected)
        return _believed(self._address, signature, lambda: self._outputs(content, expected))

    def _response(self, request: Message, expected: Expected) -> bytes:
        most = min(most_bytes(expected), _MOST_BYTES)
        require_memory([most], 1, "bytes of a reply")
        options = [
            ("grpc.max_receive_message_length", most),
            ("grpc.max_send_message_length", -1),
        ]
        try:
            with grpc.insecure_channel(self._address, options) as channel:
                serializer = PredictRequest.SerializeToString
                predict = channel.unary_unary(PREDICT, request_serializer=serializer)
                reply: bytes = predict(request, timeout=_SECONDS)
                return reply
        except grpc.RpcError as error:
            reason = f"{error.code().name}: {error.details()}"
            raise _refused(self._address, reason) from error

    def _outputs(self, content: bytes, expected: Expected) -> Decoded:
        """The outputs, of the model and the version that were asked for.

        A reply need not name these.
        """
        response = parsed(content, expected)
        spec = response.model_spec
        if spec.name not in ("", self._model):
            raise ReplyError(f"is of model '{spec.name:.40}'")
        names_version = self._version is not None and spec.HasField("version")
        if names_version and spec.version.value != self._version:
            raise ReplyError(f"is of version {spec.version.value}, not {self._version}")
        return from_tensors(response.outputs, expected)


class RestServer:
    """As `GrpcServer`, by JSON: numbers come back in decimal. No redirect is followed."""

    def __init__(self, address: str, model: str, version: int | None = None) -> None:
        """Name what is asked; nothing is sent yet.

        Args:
            address: HOST:PORT.
            model: The name of the model.
            version: Its version; None for the newest.
        """
        self._address = address
        path = f"/v1/models/{model}"
        if version is not None:
            path += f"/versions/{version}"
        self._path = f"{path}:predict"

    def call(self, signature: str, inputs: Arrays, expected: Expected) -> Decoded:
        """Run a signature of several outputs.

        Args:
            signature: Its name.
            inputs: What is sent, by name.
            expected: What each output must be.

        Raises:
            RunError: As `GrpcServer.call`.
            MemoryShortageError: As `GrpcServer.call`.
        """
        lists = {name: np.asarray(value).tolist() for name, value in inputs.items()}
        request = json.dumps({"signature_name": signature, "inputs": lists})
        most = most_json_bytes(expected)
        require_memory([most], 1, "bytes of a reply")
        body = self._body(request.encode(), most)
        return _believed(self._address, signature, lambda: from_json(body, expected))

    def _body(self, request: bytes, most: int) -> bytes:
        """The body of the response, which has no more than ``most`` bytes."""
        if not _NO_PATH.isdisjoint(self._address):
            raise _refused(self._address, "is no HOST:PORT")
        try:
            status, body = self._reply(request, most)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise _refused(self._address, f"{type(error).__name__}: {error}") from error
        if status != http.client.OK:
            reason = body.decode(errors="replace")
            raise _refused(self._address, f"{status}: {reason}")
        if len(body) > most:
            raise RunError(
                f"{self._address}: the reply is longer than the {most} bytes that it may have; "
                f"{_REMEDY}"
            )
        return body

    def _reply(self, request: bytes, most: int) -> tuple[int, bytes]:
        """The status, and a byte more of the body than it may have at the most."""
        headers = {"Content-Type": "application/json"}
        with _connected(self._address) as connection:
            connection.request("POST", self._path, request, headers)
            response = connection.getresponse()
            if response.status == http.client.OK:
                return response.status, response.read(most + 1)
            return response.status, response.read(_MOST_ERROR_BYTES)


@contextmanager
def _connected(address: str) -> Iterator[http.client.HTTPConnection]:
    """A connection that is cut after `_SECONDS`, however slowly the server sends."""
    connection = http.client.HTTPConnection(address, timeout=_SECONDS)
    connection.connect()
    timer = threading.Timer(_SECONDS, _cut, [connection.sock])
    timer.daemon = True
    timer.start()
    try:
        yield connection
    finally:
        timer.cancel()
        connection.close()


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _believed(address: str, signature: str, decode: Callable[[], Decoded]) -> Decoded:
    try:
        return decode()
    except ReplyError as error:
        raise RunError(
            f"{address}: the reply to {signature} is not believed, it {error}; {_REMEDY}"
        ) from error


def _refused(address: str, reason: str) -> RunError:
    line = " ".join(reason.split())
    return RunError(
        f"{address}: the server does not answer ({line[:_MOST_REASON]}); start it as the README "
        "beside models.config says, and give its HOST:PORT"
    )
