"""Servers that are asked by gRPC or by REST: what they send is bounded in length and in time."""

import time

import numpy as np
import pytest

from tests.support.replies import socket_server
from tfuq.errors import RunError
from tfuq.serving import transport
from tfuq.serving.expectation import Output
from tfuq.serving.transport import GrpcServer, RestServer

NUMBERS = {"p": Output(np.float32, (2, 2), (0.0, 1.0), adds_to_one=True)}
SOUND = b'{"outputs": {"p": [[0.5, 0.5], [1, 0]]}}'


def answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(headers or [f"Content-Length: {len(body)}"]), "", ""]
    return "\r\n".join(lines).encode() + body


def test_rest_is_believed_as_far_as_it_is_true():
    with socket_server(lambda c: c.sendall(answer("200 OK", SOUND))) as address:
        found = RestServer(address, "model").call("prepared", {}, NUMBERS)
    assert found["p"].tolist() == [[0.5, 0.5], [1, 0]]
    assert found["p"].dtype == np.float32


RESPONSES = [
    (
        answer("302 Found", b"", "Location: http://localhost:1/", "Content-Length: 0"),
        "does not answer .302",
    ),
    (
        answer("307 Temporary Redirect", b"", "Location: file:///etc/passwd", "Content-Length: 0"),
        "does not answer .307",
    ),
    (answer("404 Not Found", b"no\x1b[2J\r\nsuch" * 10**5), "does not answer .404: no"),
    (answer("200 OK", b" " * 10**6 + SOUND), "longer than the 65696 bytes"),
    (answer("200 OK", SOUND, "Transfer-Encoding: chunked"), "does not answer"),
    (answer("200 OK", SOUND[:-2], f"Content-Length: {2**70}"), "not believed, it is no JSON"),
    (answer("200 OK", SOUND[:-2], "Content-Length: -9"), "not believed, it is no JSON"),
    (answer("200 OK", SOUND[:9]), "not believed, it is no JSON"),
    (b"\0" * 99, "does not answer"),
    (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500, "does not answer"),
    (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10**5, "does not answer"),
    (b"", "does not answer"),
]


@pytest.mark.parametrize(("response", "words"), RESPONSES)
def test_false_http_is_refused(response, words):
    # A server that has closed before all was read may also be met as one that does not answer.
    told = pytest.raises(RunError, match=f"{words}|does not answer")
    with socket_server(lambda c: c.sendall(response)) as address, told as refused:
        RestServer(address, "model").call("prepared", {}, NUMBERS)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600


def test_servers_that_take_for_ever_are_left(monkeypatch):
    monkeypatch.setattr(transport, "_SECONDS", 0.5)

    def drip(connection) -> None:
        for byte in answer("200 OK", SOUND):
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    for talk in (drip, lambda c: time.sleep(5)):
        with socket_server(talk) as address:
            for server in (RestServer, GrpcServer):
                started = time.monotonic()
                with pytest.raises(RunError, match="does not answer"):
                    server(address, "model").call("prepared", {}, NUMBERS)
                assert time.monotonic() - started < 3


def test_addresses_that_are_none_are_refused():
    for address in ("localhost:x", "localhost:1/path", "a b:1", "user@localhost:1", ""):
        with pytest.raises(RunError, match="does not answer"):
            RestServer(address, "model").call("prepared", {}, NUMBERS)


def test_requests_that_no_message_holds_are_refused_before_they_are_sent(monkeypatch):
    monkeypatch.setattr(transport, "_MOST_BYTES", 100)
    with pytest.raises(RunError, match=r"localhost:1: a request of .* GB, and a message holds 2"):
        transport.GrpcServer("localhost:1", "model").call(
            "prepared", {"image": np.zeros(50, np.float32)}, {}
        )
