"""The server of the page: on the loopback address, for the browser that has its token."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tfuq.errors import TfuqError
from tfuq.workflows.view.guard import ADDRESS, HEADERS, Guard, RefusedError
from tfuq.workflows.view.session import Session
from tfuq.workflows.view.tasks import Content

_LOG = logging.getLogger(__name__)
_STATIC = {
    "": ("page.html", "text/html; charset=utf-8"),
    "page.css": ("page.css", "text/css; charset=utf-8"),
    "niivue.js": ("niivue.js", "text/javascript; charset=utf-8"),
}
_SCRIPTS = ("cases", "deciding", "dom", "layers", "main", "panel", "picture", "server", "volume")
_STATIC |= {f"{name}.js": (f"{name}.js", "text/javascript; charset=utf-8") for name in _SCRIPTS}
_MOST_BYTES = 65_536  # of a decision
_TEXTS = ("case", "structure", "decision", "note")
_PAUSE = 0.5  # seconds, between two looks at how long nothing was asked
_PATIENCE = 60  # seconds, of a connection on which nothing comes


class PageServer(ThreadingHTTPServer):
    """Serves a session until it is shut down."""

    daemon_threads = True

    def __init__(self, session: Session, port: int = 0) -> None:
        """Listen.

        Args:
            session: what is served.
            port: 0 for a free one.

        Raises:
            TfuqError: the port is taken, or not allowed.
        """
        try:
            super().__init__((ADDRESS, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise TfuqError(
                f"--port {port}: cannot be listened on ({reason}); give another one, or none"
            ) from error
        self.session = session
        self.guard = Guard(port=self.server_address[1])
        self.timeout = _PAUSE
        self._last_request = time.monotonic()

    def serve(self, most_idle: float = math.inf) -> None:
        """Answer requests.

        Args:
            most_idle: seconds without a request after which it ends.
        """
        while time.monotonic() - self._last_request < most_idle:
            self.handle_request()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection in a thread of its own."""
        self.note_request()
        super().process_request(request, client_address)

    def note_request(self) -> None:
        """Note that the page is still there."""
        self._last_request = time.monotonic()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what goes wrong with a connection, such as a browser that leaves."""
        _LOG.debug("a connection ended", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE

    def version_string(self) -> str:
        return "tfuq"

    def log_message(self, format: str, *args: Any) -> None:
        """Log no address, as that has the token in it."""

    def do_GET(self) -> None:
        self._answer(self._get, changes=False)

    def do_POST(self) -> None:
        self._answer(self._post, changes=True)

    def _answer(self, make: Callable[[str, dict[str, str]], Content], *, changes: bool) -> None:
        self.server.note_request()
        status = 200
        try:
            address = urlsplit(self.path)
            place = self.server.guard.admit(address.path, self.headers, changes=changes)
            content = make(place, dict(parse_qsl(address.query, max_num_fields=8)))
        except RefusedError as refused:
            status = refused.status
            content = _json({"error": str(refused)})
        except (TfuqError, OSError, ValueError) as error:
            status = 400
            content = _json({"error": str(error)})
        except Exception:
            _LOG.exception("a request of the page failed")
            status = 500
            content = _json({"error": "unexpected error, which is tfuq's fault; see the terminal"})
        self._send(status, content)

    def _send(self, status: int, content: Content) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", content.type)
        self.send_header("Content-Length", str(len(content.body)))
        self.send_header("X-Step", str(content.step))
        if status >= 400:  # a body that was not read would be taken for the next request
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content.body)

    def _get(self, place: str, query: dict[str, str]) -> Content:
        session = self.server.session
        if place in _STATIC:
            return _static(*_STATIC[place])
        if place == "api/cases":
            return _json(session.cases())
        case = query.get("case", "")
        if place == "api/case":
            return _json(session.detail(case))
        if place == "api/places":  # the last thing that a case is opened with
            places = session.places(case)
            session.prepare(case)
            return _json(places)
        if place == "api/content":
            return session.content(case, query)
        raise RefusedError(404, "no such page")

    def _post(self, place: str, query: dict[str, str]) -> Content:
        if place != "api/decision":
            raise RefusedError(404, "no such page")
        sent = json.loads(self._body())
        if not isinstance(sent, dict) or set(sent) != set(_TEXTS):
            raise RefusedError(400, f"a decision has {', '.join(_TEXTS)}")
        texts = [sent[name] for name in _TEXTS]
        if not all(isinstance(text, str) for text in texts):
            raise RefusedError(400, "a decision has texts alone")
        return _json(self.server.session.decide(*texts))

    def _body(self) -> bytes:
        if self.headers.get("Content-Type") != "application/json":
            raise RefusedError(415, "not JSON")
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            raise RefusedError(413, "too long")
        return self.rfile.read(int(length))


def _json(value: Any) -> Content:
    body = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return Content(body=body, type="application/json; charset=utf-8")


def _static(name: str, media_type: str) -> Content:
    folder = resources.files("tfuq.workflows.view") / "static"
    return Content(body=(folder / name).read_bytes(), type=media_type)
