"""Servers of an export, whose answers are compared with those of the export itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.events import ExportChecked, Observer
from tfuq.errors import RunError
from tfuq.serving.client import Endpoint
from tfuq.serving.description import Export, version_number
from tfuq.serving.expected import Expected
from tfuq.serving.transport import Arrays, GrpcServer, RestServer

_DECIMALS = 1e-5  # of numbers between 0 and 1 that came as JSON


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A request and what the loaded export answers."""

    inputs: Arrays
    outputs: Arrays


@dataclass(frozen=True, kw_only=True)
class ServedEndpoint:
    """A running server, and how far its numbers may differ."""

    endpoint: Endpoint
    tolerance: float


def endpoints_of(
    export: Export,
    version: Path,
    server: str,
    rest: str | None,
) -> dict[str, ServedEndpoint]:
    """The servers by name.

    Args:
        export: The description of the export.
        version: The version's folder.
        server: HOST:PORT of the server's gRPC.
        rest: HOST:PORT of its REST; None for the port after that of gRPC.

    Raises:
        RunError: ``server`` is no HOST:PORT.
    """
    number = version_number(version)
    rest = rest or _next_port(server)
    grpc_server = GrpcServer(server, export.name, number)
    rest_server = RestServer(rest, export.name, number)
    return {
        f"gRPC {server}": ServedEndpoint(endpoint=grpc_server, tolerance=0.0),
        f"REST {rest}": ServedEndpoint(endpoint=rest_server, tolerance=_DECIMALS),
    }


def _next_port(server: str) -> str:
    """TensorFlow Serving's REST port is by custom the one after its gRPC's: 8500, 8501."""
    host, _, port = server.rpartition(":")
    if not host or not port.isdecimal():
        raise RunError(f"--server {server}: is no HOST:PORT, such as localhost:8500")
    return f"{host}:{int(port) + 1}"


def check_endpoints(
    endpoints: Mapping[str, ServedEndpoint],
    answer: Answer,
    expected: Expected,
    observer: Observer,
) -> None:
    """Compare the answers of servers with that of the export.

    Args:
        endpoints: The servers by name.
        answer: A request to ``serving_default``, and the answer of the export.
        expected: What each output must be.
        observer: Is notified of each comparison.

    Raises:
        RunError: An answer differs, or there is none.
    """
    for name, served in endpoints.items():
        outputs = served.endpoint.call("serving_default", answer.inputs, expected)
        for output, values in answer.outputs.items():
            if not _close(outputs[output], values, served.tolerance):
                raise RunError(
                    f"{name}: {output} is not what the export answers; "
                    "serve this version of it, on a CPU as this one"
                )
        exactness = ", bit for bit"
        if served.tolerance:
            exactness = f" (to {served.tolerance:g})"
        count = len(answer.outputs)
        result = f"{name}: {count} outputs of serving_default as expected{exactness}"
        observer.notify(ExportChecked(result=result))
    if not endpoints:
        observer.notify(ExportChecked(result="server: skipped, no --server HOST:PORT"))


def _close(served: np.ndarray, expected: np.ndarray, tolerance: float) -> bool:
    if not tolerance:
        return is_same(served, expected)
    if expected.dtype == object:
        return bool(served.tolist() == [text.decode() for text in expected.tolist()])
    if served.shape != expected.shape:
        return False
    return bool(np.allclose(served, expected, rtol=tolerance, atol=tolerance))


def is_same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether both are equal to the bit; texts, which are objects, by their letters."""
    if one.dtype == object:
        return bool(one.tolist() == other.tolist())
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    return one.tobytes() == other.tobytes()
