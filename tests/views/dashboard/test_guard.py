from __future__ import annotations

import pytest

from hpstudy.views.dashboard.guard import OwnHostsOnly, is_loopback


def answer(
    host: str | None, origin: str | None = None, *, port: str = "8080", listens_on="127.0.0.1"
) -> str:
    """The status that a request gets."""
    statuses = []

    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"all data"]

    environ = {"SERVER_PORT": port}
    environ |= {"HTTP_HOST": host} if host is not None else {}
    environ |= {"HTTP_ORIGIN": origin} if origin is not None else {}
    body = OwnHostsOnly(app, listens_on)(environ, lambda status, headers: statuses.append(status))
    assert (b"".join(body) == b"all data") == (statuses == ["200 OK"])
    return statuses[0]


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8080", None),
        ("localhost:8080", None),
        ("LocalHost:8080", "http://LOCALHOST:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("localhost:8080", "http://127.0.0.1:8080"),
    ],
)
def test_its_own_pages_are_answered(host, origin):
    assert answer(host, origin) == "200 OK"


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (None, None),
        ("", None),
        ("evil.example:8080", None),
        ("localhost", None),
        ("localhost:80", None),
        ("localhost:8080.evil.example", None),
        ("evil.example:8080", "http://evil.example:8080"),
        ("localhost:8080", "http://evil.example"),
        ("localhost:8080", "http://localhost:9999"),
        ("localhost:8080", "https://localhost:8080"),
        ("localhost:8080", "http://localhost:8080.evil.example"),
        ("localhost:8080", "null"),
        ("localhost:8080", ""),
    ],
)
def test_other_sites_pages_are_refused(host, origin):
    assert answer(host, origin) == "403 Forbidden"


def test_the_address_it_listens_on_is_its_own():
    assert answer("192.168.1.5:8080", listens_on="192.168.1.5") == "200 OK"
    assert answer("192.168.1.5:8080") == "403 Forbidden"


def test_browsers_leave_port_80_out():
    assert answer("localhost", "http://localhost", port="80") == "200 OK"


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("LocalHost", True),
        ("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("example.org", False),
        ("localhost.example.org", False), ("", False),
    ],
)  # fmt: skip
def test_which_addresses_this_machine_alone_reaches(host: str, alone: bool):
    assert is_loopback(host) == alone
