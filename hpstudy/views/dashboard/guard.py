"""A WSGI middleware that keeps other sites' pages away from a server on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """Tells whether only this machine reaches an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class OwnHostsOnly:
    """Answers only requests that were meant for this server, by a page of its own or none.

    A server without a login on the loopback address can be reached by any page that is open in
    a browser here. The browser says whose page it is (`Origin`) and by which name it found the
    server (`Host`), and pages can't forge either. A foreign Origin is a page of another site; a
    foreign Host a name that was made to point here (DNS rebinding). Both get 403.

    Args:
        app: The application.
        host: The address that the server listens on; loopback and "localhost" go as well.
    """

    def __init__(self, app: WSGIApplication, host: str) -> None:
        self._app = app
        names = {host.lower(), *_LOOPBACK}
        self._names = {f"[{name}]" if ":" in name else name for name in names}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Passes a request on, or refuses it."""
        port = environ["SERVER_PORT"]
        hosts = {f"{name}:{port}" for name in self._names}
        if port == "80":  # browsers leave it out
            hosts |= self._names
        origins = {f"http://{host}" for host in hosts}
        origin = environ.get("HTTP_ORIGIN")
        if environ.get("HTTP_HOST", "").lower() in hosts and (
            origin is None or origin.lower() in origins
        ):
            return self._app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"Refused: the Host or Origin header is not this server's own.\n"]
