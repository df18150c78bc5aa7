"""The door to the network, tried with real sockets."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from integrations.errors import (
    AuthRejected,
    ConfigError,
    IntegrationError,
    PermanentError,
    PlanRefused,
    RateLimited,
    RightMissing,
    TooLarge,
    TransientError,
    UnknownOutcome,
)
from integrations.network.addresses import AddressGuard
from integrations.network.http import HttpDoor, HttpReply, status_error

SECRET = "key-that-must-not-leak"


@pytest.fixture
def door() -> Iterator[HttpDoor]:
    door = HttpDoor(connect_timeout=1, read_timeout=2, write_timeout=2)
    yield door
    door.close()


@pytest.fixture
def web() -> Iterator[HTTPServer]:
    with HTTPServer(threaded=True) as server:
        yield server


class Wire:
    """A server below HTTP: each connection is handed to a script, so that it can break off where it likes."""

    def __init__(self, script: Callable[[socket.socket], None]) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self.connections = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()
        except OSError:
            return

    def _one(self, connection: socket.socket) -> None:
        with closing(connection):
            connection.recv(65536)
            try:
                self._script(connection)
            except OSError:
                return

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def wire() -> Iterator[Callable[[Callable[[socket.socket], None]], Wire]]:
    wires: list[Wire] = []

    def start(script: Callable[[socket.socket], None]) -> Wire:
        wires.append(Wire(script))
        return wires[-1]

    yield start
    for each in wires:
        each.close()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def truncate(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf an ans")


def say_nothing(connection: socket.socket) -> None:
    time.sleep(4)


def trickle(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(40):
        connection.sendall(b".")
        time.sleep(0.1)


def speak_no_http(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example.com ESMTP\r\n")


def closed_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


class TestAnswers:
    def test_an_answer_comes_back_whole(self, door: HttpDoor, web: HTTPServer) -> None:
        web.expect_request("/x", method="POST", data=b"in").respond_with_data(
            "out", status=201, content_type="text/xml"
        )
        reply = door.send("POST", web.url_for("/x"), content=b"in")
        assert (reply.status, reply.body, reply.content_type, reply.bytes_out) == (201, b"out", "text/xml", 2)
        assert reply.duration_s > 0

    def test_one_connection_serves_many_requests(self, door: HttpDoor) -> None:
        ports: set[int] = set()

        class KeepAlive:
            def __init__(self) -> None:
                self.listener = socket.create_server(("127.0.0.1", 0))

            def serve(self) -> None:
                connection, peer = self.listener.accept()
                ports.add(peer[1])
                with closing(connection):
                    while connection.recv(65536):
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        server = KeepAlive()
        threading.Thread(target=server.serve, daemon=True).start()
        url = f"http://127.0.0.1:{server.listener.getsockname()[1]}/"
        with closing(server.listener):
            assert [door.send("GET", url).body for _ in range(5)] == [b"ok"] * 5
        assert len(ports) == 1

    def test_a_redirect_is_not_followed(self, door: HttpDoor, web: HTTPServer) -> None:
        web.expect_request("/from").respond_with_data("", status=303, headers={"Location": web.url_for("/to")})
        web.expect_request("/to").respond_with_data("secret place")
        reply = door.send("POST", web.url_for("/from"), content=b"x")
        assert reply.status == 303
        assert len(web.log) == 1

    def test_a_closed_door_opens_again(self, door: HttpDoor, web: HTTPServer) -> None:
        web.expect_request("/x").respond_with_data("out")
        door.send("GET", web.url_for("/x"))
        door.close()
        assert door.send("GET", web.url_for("/x")).body == b"out"

    def test_a_forked_child_builds_its_own_pool(
        self, door: HttpDoor, web: HTTPServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        web.expect_request("/x").respond_with_data("out")
        door.send("GET", web.url_for("/x"))
        parents = door._client
        monkeypatch.setattr(os, "getpid", lambda: -1)
        door.send("GET", web.url_for("/x"))
        assert door._client is not parents

    def test_proxies_of_the_environment_are_not_used(
        self, web: HTTPServer, monkeypatch: pytest.MonkeyPatch, door: HttpDoor
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port()}")
        web.expect_request("/x").respond_with_data("straight")
        assert door.send("GET", web.url_for("/x")).body == b"straight"


class TestSizes:
    def test_a_large_answer_is_cut_while_it_streams(self, door: HttpDoor, web: HTTPServer) -> None:
        chunks = []

        def stream(_: Request) -> Response:
            def body() -> Iterator[bytes]:
                for _ in range(400):
                    chunks.append(1)
                    yield b"x" * 65536

            return Response(body())

        web.expect_request("/big").respond_with_handler(stream)
        with pytest.raises(TooLarge):
            door.send("GET", web.url_for("/big"), max_bytes=200_000)
        assert len(chunks) < 400

    def test_an_answer_that_unpacks_too_large_is_cut(self, door: HttpDoor, web: HTTPServer) -> None:
        bomb = gzip.compress(b"0" * 3_000_000)
        web.expect_request("/bomb").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
        with pytest.raises(TooLarge):
            door.send("GET", web.url_for("/bomb"), max_bytes=1_000_000)

    def test_gzip_is_undone(self, door: HttpDoor, web: HTTPServer) -> None:
        web.expect_request("/z").respond_with_data(gzip.compress(b"text"), headers={"Content-Encoding": "gzip"})
        assert door.send("GET", web.url_for("/z")).body == b"text"

    def test_the_cut_answer_of_a_write_leaves_its_outcome_unknown(self, door: HttpDoor, web: HTTPServer) -> None:
        web.expect_request("/big").respond_with_data("x" * 5000)
        with pytest.raises(UnknownOutcome):
            door.send("POST", web.url_for("/big"), write=True, max_bytes=1000)


class TestBrokenLines:
    @pytest.mark.parametrize("script", [reset, hang_up, truncate, speak_no_http, say_nothing])
    def test_a_write_without_a_whole_answer_is_unknown(
        self, script: Callable[[socket.socket], None], wire: Callable[..., Wire], door: HttpDoor
    ) -> None:
        with pytest.raises(UnknownOutcome):
            door.send("POST", wire(script).url, content=b"x", write=True, timeout=2)

    @pytest.mark.parametrize("script", [reset, hang_up, truncate, speak_no_http, say_nothing])
    def test_a_read_without_a_whole_answer_is_transient(
        self, script: Callable[[socket.socket], None], wire: Callable[..., Wire], door: HttpDoor
    ) -> None:
        with pytest.raises(TransientError):
            door.send("POST", wire(script).url, content=b"x", timeout=2)

    def test_a_write_is_sent_once(self, wire: Callable[..., Wire], door: HttpDoor) -> None:
        server = wire(hang_up)
        with pytest.raises(UnknownOutcome):
            door.send("POST", server.url, content=b"x", write=True)
        assert server.connections == 1

    @pytest.mark.parametrize("write", [True, False])
    def test_a_refused_connection_is_transient(self, write: bool, door: HttpDoor) -> None:
        with pytest.raises(TransientError):
            door.send("POST", f"http://127.0.0.1:{closed_port()}/", content=b"x", write=write)

    @pytest.mark.parametrize("write", [True, False])
    def test_a_name_without_address_is_transient(self, write: bool) -> None:
        def unknown(host: str, port: int) -> list[str]:
            raise socket.gaierror("Name or service not known")

        with closing(HttpDoor(resolver=unknown)) as door, pytest.raises(TransientError):
            door.send("POST", "https://odoo.invalid/", content=b"x", write=write)

    def test_a_trickling_answer_ends_with_the_time_of_the_whole_call(
        self, wire: Callable[..., Wire], door: HttpDoor
    ) -> None:
        started = time.monotonic()
        with pytest.raises(UnknownOutcome):
            door.send("POST", wire(trickle).url, content=b"x", write=True, timeout=0.7)
        assert time.monotonic() - started < 2

    def test_the_second_address_is_tried(self, web: HTTPServer) -> None:
        web.expect_request("/x").respond_with_data("ok")
        with closing(HttpDoor(resolver=lambda host, port: ["127.0.0.2", "127.0.0.1"])) as door:
            assert door.send("GET", f"http://localhost:{web.port}/x").body == b"ok"

    def test_errors_hold_no_secret(self, wire: Callable[..., Wire], door: HttpDoor) -> None:
        with pytest.raises(UnknownOutcome) as caught:
            door.send(
                "POST",
                wire(hang_up).url,
                headers={"Authorization": f"bearer {SECRET}"},
                content=SECRET.encode(),
                write=True,
            )
        error = caught.value
        assert SECRET not in f"{error!r} {error} {error.detail}"
        # What a report would print: the library's exception holds the request, so it is not chained.
        assert error.__cause__ is None
        assert error.__suppress_context__


class TestAddresses:
    @pytest.mark.parametrize(
        "url",
        [
            "ftp://odoo.example.com/",
            "file:///etc/passwd",
            "gopher://odoo.example.com/",
            "https://user:password@odoo.example.com/",
            "https://user@odoo.example.com/",
            "https:///path",
            "https://[::1/",
            "https://odoo.example.com:99999/",
            "//odoo.example.com/",
        ],
    )
    def test_such_an_address_is_refused_before_any_look_up(self, url: str) -> None:
        asked: list[str] = []

        def resolver(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"]

        with closing(HttpDoor(resolver=resolver)) as door, pytest.raises(ConfigError):
            door.send("GET", url)
        assert asked == []

    @pytest.mark.parametrize(
        "address",
        [
            "169.254.169.254",
            "169.254.0.1",
            "fe80::1",
            "fe80::1%eth0",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
        ],
    )
    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_such_a_server_is_never_called(self, address: str, scheme: str) -> None:
        allowed = ("odoo.example.com", "0.0.0.0/0", "::/0")
        with (
            closing(HttpDoor(resolver=lambda host, port: [address], allowed_hosts=allowed)) as door,
            pytest.raises(ConfigError),
        ):
            door.send("POST", f"{scheme}://odoo.example.com/", content=b"x", write=True)

    def test_one_bad_address_among_good_ones_refuses_the_name(self, web: HTTPServer) -> None:
        with (
            closing(HttpDoor(resolver=lambda host, port: ["127.0.0.1", "169.254.169.254"])) as door,
            pytest.raises(ConfigError),
        ):
            door.send("GET", f"http://odoo.example.com:{web.port}/")
        assert len(web.log) == 0

    def test_a_name_that_changes_its_mind_gains_nothing(self, web: HTTPServer) -> None:
        """The connection goes to the address that was checked: the name is resolved once a connection."""
        web.expect_request("/x").respond_with_data("ok")
        answers = iter([["127.0.0.1"], ["169.254.169.254"]])
        with closing(HttpDoor(resolver=lambda host, port: next(answers))) as door:
            assert door.send("GET", f"http://odoo.example.com:{web.port}/x").body == b"ok"
        assert list(answers) == [["169.254.169.254"]]

    @pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.5", "192.168.1.2", "2001:db8::7"])
    def test_plain_http_to_another_machine_is_refused(self, address: str) -> None:
        with (
            closing(HttpDoor(resolver=lambda host, port: [address])) as door,
            pytest.raises(ConfigError, match="https"),
        ):
            door.send("GET", "http://odoo.example.com/")

    @pytest.mark.parametrize("entry", ["odoo.example.com", "ODOO.example.com.", "10.0.0.5", "10.0.0.0/8"])
    def test_the_operator_may_list_a_host_for_plain_http(self, entry: str) -> None:
        AddressGuard([entry]).check_address("odoo.example.com", "10.0.0.5", secure=False)

    def test_a_list_does_not_open_other_hosts(self) -> None:
        guard = AddressGuard(["odoo.example.com", "10.0.0.0/8"])
        with pytest.raises(ConfigError):
            guard.check_address("evil.example.com", "203.0.113.7", secure=False)

    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
    def test_this_machine_may_be_called_by_plain_http(self, address: str) -> None:
        AddressGuard().check_address("localhost", address, secure=False)

    def test_a_refused_address_uses_up_no_connection(self, web: HTTPServer) -> None:
        web.expect_request("/x").respond_with_data("ok")
        good = {"good.example.com": ["127.0.0.1"]}
        resolver = lambda host, port: good.get(host, ["169.254.169.254"])  # noqa: E731
        with closing(HttpDoor(resolver=resolver, max_connections=1, connect_timeout=1)) as door:
            for _ in range(3):
                with pytest.raises(ConfigError):
                    door.send("GET", f"http://bad.example.com:{web.port}/x")
            assert door.send("GET", f"http://good.example.com:{web.port}/x").body == b"ok"


class TestCertificates:
    @pytest.fixture
    def secure(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HTTPServer, str]]:
        certificate, key = self_signed("localhost")
        folder = tmp_path_factory.mktemp("tls")
        (folder / "cert.pem").write_bytes(certificate)
        (folder / "key.pem").write_bytes(key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        with HTTPServer(host="localhost", ssl_context=context) as server:
            server.expect_request("/x").respond_with_data("safe")
            yield server, str(folder / "cert.pem")

    @pytest.mark.parametrize("write", [True, False])
    def test_a_certificate_that_nobody_vouches_for_is_refused(
        self, secure: tuple[HTTPServer, str], write: bool
    ) -> None:
        server, _ = secure
        with (
            closing(HttpDoor(allowed_hosts=["localhost", "127.0.0.1"])) as door,
            pytest.raises(ConfigError, match="certificate"),
        ):
            door.send("POST", server.url_for("/x"), content=b"x", write=write)
        assert len(server.log) == 0

    def test_an_own_authority_is_trusted_when_given(self, secure: tuple[HTTPServer, str]) -> None:
        server, authority = secure
        with closing(HttpDoor(ca_file=authority)) as door:
            assert door.send("GET", server.url_for("/x")).body == b"safe"

    def test_a_certificate_for_another_name_is_refused(self, secure: tuple[HTTPServer, str]) -> None:
        server, authority = secure
        with (
            closing(HttpDoor(ca_file=authority, resolver=lambda host, port: ["127.0.0.1", "::1"])) as door,
            pytest.raises(ConfigError, match="certificate"),
        ):
            door.send("GET", f"https://odoo.example.com:{server.port}/x")

    def test_https_to_a_plain_port_says_so(self, web: HTTPServer, door: HttpDoor) -> None:
        with pytest.raises(ConfigError, match="without encryption"):
            door.send("GET", f"https://127.0.0.1:{web.port}/x")


def self_signed(name: str) -> tuple[bytes, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def reply(status: int, **headers: str) -> HttpReply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpReply(status=status, headers=named, body=b"", duration_s=0.1, bytes_out=0)


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "for_a_read", "for_a_write"),
        [
            (302, ConfigError, ConfigError),
            (400, PermanentError, PermanentError),
            (401, AuthRejected, AuthRejected),
            (402, PlanRefused, PlanRefused),
            (403, RightMissing, RightMissing),
            (404, PermanentError, PermanentError),
            (408, TransientError, TransientError),
            (413, TooLarge, TooLarge),
            (429, RateLimited, RateLimited),
            (500, TransientError, UnknownOutcome),
            (502, TransientError, UnknownOutcome),
            (503, TransientError, TransientError),
            (504, TransientError, UnknownOutcome),
            (520, TransientError, UnknownOutcome),
        ],
    )
    def test_a_status_alone_means(
        self, status: int, for_a_read: type[IntegrationError], for_a_write: type[IntegrationError]
    ) -> None:
        assert type(status_error(reply(status), system="Odoo", write=False)) is for_a_read
        assert type(status_error(reply(status), system="Odoo", write=True)) is for_a_write

    def test_success_is_no_error(self) -> None:
        assert status_error(reply(204), system="Odoo", write=True) is None

    def test_a_busy_server_that_names_a_time_is_a_limit(self) -> None:
        error = status_error(reply(503, retry_after="17"), system="Odoo", write=True)
        assert isinstance(error, RateLimited)
        assert error.retry_after == 17

    def test_the_wait_may_be_a_date_by_the_servers_clock(self) -> None:
        server_now = datetime(2030, 1, 15, 9, 0, tzinfo=UTC)
        until = format_datetime(server_now + timedelta(seconds=90), usegmt=True)
        assert reply(429, retry_after=until, date=format_datetime(server_now, usegmt=True)).retry_after == 90

    @pytest.mark.parametrize("text", ["", "soon", "-3", "1.5", "²", "Mon, 99 Foo"])
    def test_an_unreadable_wait_is_none(self, text: str) -> None:
        assert reply(429, retry_after=text).retry_after is None

    def test_a_wait_that_is_over_is_zero(self) -> None:
        past = format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)
        assert reply(429, retry_after=past).retry_after == 0

    def test_a_redirect_names_the_place_without_its_query(self) -> None:
        error = status_error(reply(303, location="https://x.example.com/web/login?token=t"), system="Odoo", write=False)
        assert error is not None
        assert "x.example.com/web/login" in error.message
        assert "token" not in str(error)


@pytest.mark.parametrize(
    "url", ["https://hooks.internal/", "http://hooks.internal/", "http://10.1.2.3/", "https://8.8.8.8/"]
)
def test_a_strict_guard_lets_typed_addresses_through(url: str) -> None:
    AddressGuard(["hooks.internal", "10.0.0.0/8"], strict=True).check_typed(url)


@pytest.mark.parametrize(
    "url", ["http://other.internal/", "https://192.168.0.1/", "http://8.8.8.8/", "https://127.0.0.1/", "https://[::1]/"]
)
def test_a_strict_guard_refuses_what_is_neither_public_nor_listed(url: str) -> None:
    with pytest.raises(ConfigError):
        AddressGuard(["hooks.internal", "10.0.0.0/8"], strict=True).check_typed(url)
