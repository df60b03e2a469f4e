"""Who may ask the page's server for anything: the browser that was given the address, alone.

The server listens on the loopback address. What protects it there from other users of the machine
is a random token in the path of every address. What protects it from pages of the web, which the
same browser has open, is that token, the ``Host`` header (a name that a hostile server lets point
to 127.0.0.1 is refused) and the ``Origin`` header (a form or a script of another page is refused).
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from email.message import Message

ADDRESS = "127.0.0.1"
_NAMES = (ADDRESS, "localhost")
_SAME_SITE = (None, "same-origin", "none")
# NiiVue makes pictures of its fonts from data: and needs no eval, no worker and no blob.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class RefusedError(Exception):
    """A request that gets no answer but this.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, status: int, reason: str) -> None:
        """Say why, in a few words that quote nothing of the request."""
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Checks requests.

    Attributes:
        port: of the server.
        token: the first part of every path.
    """

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{ADDRESS}:{self.port}/{self.token}/"

    def admit(self, path: str, headers: Message, *, changes: bool) -> str:
        """Check a request.

        Args:
            path: as asked for, without a query.
            headers: of the request.
            changes: whether it may change something, and so must tell its origin.

        Returns:
            The path after the token, without a slash before it.

        Raises:
            RefusedError: the request is not of this page.
        """
        hosts = [f"{name}:{self.port}" for name in _NAMES]
        if headers.get_all("Host") not in [[host] for host in hosts]:
            raise RefusedError(403, "another host")
        origin = headers.get("Origin")
        is_own = origin in [f"http://{host}" for host in hosts]
        if not is_own and (changes or origin is not None):
            raise RefusedError(403, "another origin")
        if headers.get("Sec-Fetch-Site") not in _SAME_SITE:
            raise RefusedError(403, "another site")
        before, token, rest = [*path.split("/", 2), "", ""][:3]
        if before or not hmac.compare_digest(token.encode(), self.token.encode()):
            raise RefusedError(403, "no token")
        return rest
