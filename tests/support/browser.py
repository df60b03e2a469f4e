"""A headless Chromium, driven over a pair of pipes by its own protocol: what a person would see, press and be told."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
_HIGH, _PATIENCE = 20, 60  # a file descriptor, seconds
# A software renderer draws WebGL where there is no graphics processor.
_WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
_NO_WEBGL = ("--disable-gpu",)
_KEYS = {
    "ArrowRight": 39,
    "ArrowLeft": 37,
    "ArrowDown": 40,
    "ArrowUp": 38,
    "Enter": 13,
    "Tab": 9,
    " ": 32,
}


def installed_browser() -> str | None:
    """The browser's path; None where none is installed."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def find_browser() -> str:
    """The browser's path; the test skips where there is none."""
    found = installed_browser()
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    return found


class Page:
    """One page of one browser, with everything that it said to its console."""

    def __init__(self, profile: Path, width: int = 1280, height: int = 900, webgl: bool = False):
        self._replies, self._events, self._count = [], [], 0
        self._own = ("file:", "data:", "about:")
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        own = [
            fcntl.fcntl(descriptor, fcntl.F_DUPFD, _HIGH) for descriptor in (to_read, to_write)
        ]  # clear of 3 and 4
        drawing = _WEBGL if webgl else _NO_WEBGL
        command = [find_browser(), "--headless=new", "--no-sandbox", *drawing, "--disable-dev-shm-usage", "--no-first-run",
                   f"--user-data-dir={profile}", f"--window-size={width},{height}", "--remote-debugging-pipe"]  # fmt: skip
        redirected = f'exec "$@" 3<&{own[0]} 4>&{own[1]}'
        self._process = subprocess.Popen(
            ["bash", "-c", redirected, "bash", *command], pass_fds=own, stderr=subprocess.DEVNULL
        )
        for descriptor in (to_read, to_write, *own):
            os.close(descriptor)
        self._rest, self._session = b"", None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    @property
    def process_id(self) -> int:
        """Of the browser, whose other processes are its children."""
        return self._process.pid

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(20)
        os.close(self._read)
        os.close(self._write)

    def call(self, method: str, **parameters) -> dict:
        """One command of the protocol, and its result."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._next()
            if reply.get("id") == self._count:
                assert "error" not in reply, reply
                return reply["result"]

    def _next(self) -> dict:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], _PATIENCE)
            part = os.read(self._read, 1 << 20) if ready else b""
            assert part, "the browser ended, or says nothing"
            self._rest += part
        message, self._rest = self._rest.split(b"\0", 1)
        found = json.loads(message)
        if "method" in found:
            self._events.append(found)
        return found

    def open(self, path: Path) -> float:
        """Open a file; seconds until all of it is loaded and its script has run."""
        return self.open_address(path.resolve().as_uri())

    def open_address(self, address: str) -> float:
        """As `open`, of an address, whose server the page may ask for more."""
        if address.startswith("http:"):
            self._own = (*self._own, "/".join(address.split("/")[:3]) + "/")
        started, self._events = time.perf_counter(), []
        self.call("Page.navigate", url=address)
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._next()
        return time.perf_counter() - started

    def run(self, expression: str):
        """The value of a JavaScript expression, awaited."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 10) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + seconds
        while not self.run(expression):
            assert time.monotonic() < deadline, f"never came true: {expression}"
            time.sleep(0.05)

    def press(self, key: str) -> None:
        """A key as a person presses it."""
        text = {"text": "\r"} if key == "Enter" else {}
        if len(key) == 1 and key != " ":
            text = {"text": key}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=_KEYS.get(key) or ord(key.upper()),
                **text,
            )

    def resize(self, width: int, height: int) -> None:
        """Make the window show a page of exactly so many pixels, whatever a browser adds to it."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def picture(self, path: Path) -> None:
        """Save what is in the window as a PNG."""
        path.write_bytes(
            base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        )

    @property
    def complaints(self) -> list[str]:
        """Errors and warnings in the console, exceptions, and whatever was asked of a network."""
        found = []
        for event in self._events:
            kind, said = event["method"], event["params"]
            if kind == "Runtime.exceptionThrown":
                found.append(
                    said["exceptionDetails"].get("exception", {}).get("description") or str(said)
                )
            elif kind == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
                found.append(said["entry"]["text"])
            elif kind == "Runtime.consoleAPICalled" and said["type"] in (
                "error",
                "warning",
                "assert",
            ):
                found.append(str(said["args"]))
            elif kind == "Network.requestWillBeSent" and not said["request"]["url"].startswith(
                self._own
            ):
                found.append(f"asked a network for {said['request']['url']}")
        return found
