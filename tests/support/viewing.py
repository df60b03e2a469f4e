"""Targets for ``tfuq view``, and its server, asked as a browser and as a stranger would."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlencode, urlsplit

from tests.support.made import make_predictions, make_run
from tfuq.workflows.view.server import PageServer
from tfuq.workflows.view.session import Session
from tfuq.workflows.view.targets import Target, find_target


def make_target(folder: Path, task: str, root: Path, most: int = 3, **changes) -> Target:
    """Predictions of a few cases, made without a network."""
    run = make_run(folder / "run", task, root, **changes)
    return find_target(make_predictions(run, "hybrid", most=most))


def started(target: Target, *more: str) -> tuple[subprocess.Popen, SplitResult]:
    """A process that serves, and its address."""
    command = [sys.executable, "-m", "tfuq_cli", "view", str(target.predictions), "--no-browser"]
    process = subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, urlsplit(process.stdout.readline().split()[0])


@contextmanager
def served(session: Session) -> Iterator[PageServer]:
    """A server that answers in a thread."""
    with PageServer(session) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(
    server: PageServer,
    place: str,
    query: Mapping[str, object] | None = None,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    path: str | None = None,
) -> tuple[int, bytes, Mapping[str, str]]:
    """Status, body and headers of an answer; ``path`` in place of that of the page's address."""
    address = path
    if address is None:
        address = f"/{server.guard.token}/{place}"
        if query:
            address += f"?{urlencode(query)}"
    connection = http.client.HTTPConnection("127.0.0.1", server.guard.port, timeout=30)
    connection.putrequest(method, address, skip_host=True)
    sent = {"Host": f"127.0.0.1:{server.guard.port}", **(headers or {})}
    if body is not None:
        sent = {"Content-Length": str(len(body)), **sent}
    for name, value in sent.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    reply = connection.getresponse()
    answer = reply.status, reply.read(), dict(reply.headers)
    connection.close()
    return answer


def post(server: PageServer, decision: object, **headers: str) -> tuple[int, dict]:
    """Post a decision as the page does."""
    usual = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{server.guard.port}"}
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(decision).encode()
    status, content, _ = ask(
        server, "api/decision", method="POST", body=body, headers={**usual, **changed}
    )
    return status, json.loads(content)
