"""A stand-in for TensorFlow Serving: its gRPC service and its REST path, answered by running the loaded SavedModel.

It doubles the transport alone: batching, warm-up, model polling and the server's own error texts are not in it.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from tfuq.serving.description import read_export
from tfuq.serving.loading import LoadedExport

MOST, SAMPLES = (
    7,
    5,
)  # of the exports of the tests; division by a power of two would hide a reciprocal


def served_request(version: Path, samples=4, seed=(0, 0), **changes) -> dict[str, np.ndarray]:
    """A request for two images of noise to a version of an export."""
    export = read_export(version)
    shape = [2, *export.patch_size, export.channels]
    image = np.random.default_rng(0).integers(0, 99, shape).astype(np.float32)
    return {
        "image": image,
        "seed": np.array(seed, np.int32),
        "num_samples": np.array(samples, np.int32),
    } | changes


class _Service(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, name: str, loaded: LoadedExport):
        self.name, self.loaded, self.requests = name, loaded, []

    def Predict(self, request, context):  # noqa: N802
        self.requests.append(request)
        if request.model_spec.name != self.name:
            context.abort(
                grpc.StatusCode.NOT_FOUND,
                f"Servable not found for request: Latest({request.model_spec.name})",
            )
        inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
        try:
            outputs = self.loaded.call(request.model_spec.signature_name, inputs)
        except tf.errors.InvalidArgumentError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)
        response = predict_pb2.PredictResponse()
        for name, values in outputs.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(values))
        return response


class _Rest(BaseHTTPRequestHandler):
    service: _Service

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = f"/v1/models/{self.service.name}"
        if not (self.path.startswith(known) and self.path.endswith(":predict")):
            return self._answer(404, {"error": "Malformed request"})
        inputs = {name: np.array(value) for name, value in body["inputs"].items()}
        outputs = self.service.loaded.call(body["signature_name"], inputs)
        return self._answer(
            200, {"outputs": {name: _plain(values) for name, values in outputs.items()}}
        )

    def _answer(self, code, content):
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_):
        """Nothing."""


def _plain(values: np.ndarray) -> list:
    return [text.decode() for text in values] if values.dtype == object else values.tolist()


@contextmanager
def served(version: Path, name: str):
    """The double of a server of this version: yields its gRPC address, its REST address and the gRPC requests that it got."""
    with LoadedExport(version) as loaded:
        service = _Service(name, loaded)
        server = grpc.server(
            ThreadPoolExecutor(2), options=[("grpc.max_receive_message_length", -1)]
        )
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, server)
        port = server.add_insecure_port("localhost:0")
        server.start()
        http = ThreadingHTTPServer(
            ("localhost", 0), type("Handler", (_Rest,), {"service": service})
        )
        threading.Thread(target=http.serve_forever, daemon=True).start()
        try:
            yield f"localhost:{port}", f"localhost:{http.server_port}", service.requests
        finally:
            http.shutdown()
            http.server_close()
            server.stop(None).wait()
