"""One door to the network.

Every request of this folder leaves through an `HttpDoor`. It keeps one pool of connections, ends a call when its
time is over (from the first byte out to the last byte in), cuts answers that are too large, follows no redirect,
and lets nobody talk the server into calling addresses it must not call:

* only http and https; no user name or password inside the address;
* plain http only to this machine or to a host, address or network that the operator lists (`allowed_hosts`);
* never link-local, cloud metadata, multicast or unspecified addresses, listed or not;
* the name is resolved here, every address is checked, and the connection goes to the checked address, so that a
  name which changes its mind between check and connect gains nothing;
* certificates are always checked; a company's own authority is given as `ca_file`. Proxy variables of the
  environment are not read: behind a proxy no address could be checked.

What the door knows exactly is whether a byte of the request went out. Before that, every failure is a
`TransientError`; after it, a write ends as `UnknownOutcome` and a read as `TransientError`.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import httpx2

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
from integrations.network.addresses import AddressGuard, Resolver, resolve

DEFAULT_MAX_BYTES = 64 * 1024 * 1024
DEFAULT_CONNECT_TIMEOUT = 5.0
DEFAULT_READ_TIMEOUT = 60.0
DEFAULT_WRITE_TIMEOUT = 90.0


@dataclass(frozen=True, slots=True)
class HttpReply:
    """One answer. `headers` have lower-case names; `body` is decoded (gzip undone); `duration_s` in seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    duration_s: float
    bytes_out: int

    @property
    def content_type(self) -> str:
        """The media type alone, lower case: "application/json"."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_html(self) -> bool:
        """Whether a page came where data was asked for."""
        start = self.body[:200].lstrip().lower()
        return self.content_type == "text/html" or start.startswith((b"<!doctype html", b"<html"))

    @property
    def date(self) -> datetime | None:
        """The server's clock in UTC (whole seconds) from its Date header, None without one."""
        return _http_date(self.headers.get("date", ""))

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, from Retry-After given as seconds or as a date; None when absent or unreadable."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(text)
        when = _http_date(text)
        if when is None:
            return None
        return max(0.0, (when - (self.date or datetime.now(UTC))).total_seconds())


def _http_date(text: str) -> datetime | None:
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        when = parsedate_to_datetime(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return None


@dataclass(slots=True)
class _Exchange:
    """What is known about the request that this thread has under way."""

    secure: bool
    host: str
    deadline: float
    sent: bool = False

    def remaining(self, limit: float | None) -> float:
        left = self.deadline - time.monotonic()
        return left if limit is None else min(left, limit)


_under_way = threading.local()


def _exchange() -> _Exchange | None:
    return getattr(_under_way, "exchange", None)


class _Stream(httpcore2.NetworkStream):
    """A connection that notes when bytes leave and never outlasts the deadline of the request it serves."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._limit(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        limit = self._limit(timeout, httpcore2.WriteTimeout)
        exchange = _exchange()
        if exchange is not None and buffer:
            exchange.sent = True
        self._inner.write(buffer, limit)

    def _limit(self, timeout: float | None, expired: type[Exception]) -> float | None:
        exchange = _exchange()
        if exchange is None:
            return timeout
        left = exchange.remaining(timeout)
        if left <= 0:
            raise expired("time is over")
        return left

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _GuardedBackend(httpcore2.NetworkBackend):
    """Resolves, checks every address, and connects to a checked one."""

    def __init__(self, guard: AddressGuard, resolver: Resolver) -> None:
        self._guard = guard
        self._resolver = resolver
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        exchange = _exchange()
        secure = exchange is not None and exchange.secure
        try:
            addresses = list(self._resolver(host, port))
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} cannot be resolved: {error}") from None
        for address in addresses:
            self._guard.check_address(host, address, secure=secure)
        failure: Exception = httpcore2.ConnectError(f"the name {host} has no address")
        addresses = addresses[:4]
        share = None if timeout is None else timeout / max(1, len(addresses))
        for address in addresses:
            try:
                stream = self._inner.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream)
        raise failure

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore2.NetworkStream:
        raise ConfigError("Unix sockets are not called.")


class HttpDoor:
    """A pool of connections to other systems with the rules above. Safe to share between threads.

    `allowed_hosts`: names, addresses or networks that may be called by plain http; `connect_timeout` and
    `read_timeout` in seconds; `max_bytes`: largest answer after decompression; `ca_file`: a PEM file of additional
    authorities; `strict`: call public or listed addresses only; `resolver`: name and port to addresses, for tests. The
    pool is built at the first request and again in a forked child.
    """

    def __init__(
        self,
        *,
        allowed_hosts: Iterable[str] = (),
        max_bytes: int = DEFAULT_MAX_BYTES,
        connect_timeout: float = DEFAULT_CONNECT_TIMEOUT,
        read_timeout: float = DEFAULT_READ_TIMEOUT,
        write_timeout: float = DEFAULT_WRITE_TIMEOUT,
        max_connections: int = 10,
        user_agent: str = "Tandem CRM",
        ca_file: str | None = None,
        strict: bool = False,
        resolver: Resolver = resolve,
    ) -> None:
        self.guard = AddressGuard(allowed_hosts, strict=strict)
        self.max_bytes = max_bytes
        self.connect_timeout = connect_timeout
        self.read_timeout = read_timeout
        self.write_timeout = write_timeout
        self._max_connections = max_connections
        self._user_agent = user_agent
        self._ca_file = ca_file
        self._resolver = resolver
        self._client: httpx2.Client | None = None
        self._pid = 0
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout: float | None = None,
        write: bool = False,
        max_bytes: int | None = None,
    ) -> HttpReply:
        """Send one request and return the answer, whatever its status: redirects are returned, not followed.

        `timeout`: seconds for the whole exchange, connecting included (default 60 for reads, 90 for writes; only the
        system's own name look-up has no limit of ours); `write`: whether the request may change something over there.

        Raises ConfigError (address or certificate refused), TransientError (nothing sent, or a read without answer),
        UnknownOutcome (a write without a whole answer), TooLarge (a read's answer beyond `max_bytes`).
        """
        self.guard.check_url(url)
        parts = urlsplit(url)
        host = parts.hostname or ""
        limit = timeout if timeout is not None else (self.write_timeout if write else self.read_timeout)
        started = time.monotonic()
        exchange = _Exchange(parts.scheme == "https", host, started + limit)
        cap = max_bytes or self.max_bytes
        _under_way.exchange = exchange
        try:
            short = min(self.connect_timeout, limit)
            timeouts = httpx2.Timeout(limit, connect=short, pool=short)
            client = self._ready_client()
            with client.stream(method, url, headers=headers, content=content, timeout=timeouts) as response:
                body = _read_capped(response, cap)
                if body is None:
                    raise _too_large(host, cap, write=write)
                return HttpReply(
                    status=response.status_code,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=body,
                    duration_s=time.monotonic() - started,
                    bytes_out=len(content or b""),
                )
        except IntegrationError:
            raise
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
            # "from None": the library's exception holds the request, and that holds the secret.
            raise _transport_error(error, host, sent=exchange.sent, write=write) from None
        finally:
            _under_way.exchange = None

    def _ready_client(self) -> httpx2.Client:
        with self._lock:
            if self._client is None or self._pid != os.getpid():
                self._client = self._build_client()
                self._pid = os.getpid()
            return self._client

    def _build_client(self) -> httpx2.Client:
        verify: ssl.SSLContext | bool = True
        if self._ca_file:
            verify = ssl.create_default_context()
            verify.load_verify_locations(cafile=self._ca_file)
        context = httpx2.create_ssl_context(verify=verify, trust_env=False)
        transport = httpx2.HTTPTransport(verify=context, trust_env=False)
        # httpx2 passes no network backend through, its pool takes one; the tests fail if this line loses its effect.
        transport._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=self._max_connections,
            max_keepalive_connections=self._max_connections,
            keepalive_expiry=15.0,
            network_backend=_GuardedBackend(self.guard, self._resolver),
        )
        return httpx2.Client(
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "gzip"},
        )

    def close(self) -> None:
        """Close all connections; the next request opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None and self._pid == os.getpid():
            client.close()


def _read_capped(response: httpx2.Response, cap: int) -> bytes | None:
    """The body, or None as soon as it is larger than `cap` bytes."""
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > cap:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(host: str, cap: int, *, write: bool) -> IntegrationError:
    sentence = f"The answer of {host} was cut: it is larger than {cap:,} bytes."
    return UnknownOutcome(sentence) if write else TooLarge(sentence)


def _transport_error(error: Exception, host: str, *, sent: bool, write: bool) -> IntegrationError:
    """Turn a failure of the line into one of our errors. `sent`: whether a byte of the request went out."""
    detail = f"{type(error).__name__}: {error}"
    reason = _tls_reason(error)
    if not sent:
        if reason:
            return ConfigError(f"The secure connection to {host} was refused: {reason}", detail=detail)
        if isinstance(error, (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)):
            return ConfigError(f"The request to {host} cannot be written down as HTTP.", detail=detail)
        return TransientError(f"{host} could not be reached.", detail=detail)
    if write:
        return UnknownOutcome(f"{host} was sent a change and gave no whole answer.", detail=detail)
    return TransientError(f"{host} gave no whole answer.", detail=detail)


def _tls_reason(error: BaseException) -> str:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"its certificate is not valid ({seen.verify_message or seen})."
        if isinstance(seen, ssl.SSLError) and "WRONG_VERSION_NUMBER" in str(seen).upper().replace(" ", "_"):
            return "the server answers this port without encryption."
        seen = seen.__cause__ or seen.__context__
    return ""


def status_error(reply: HttpReply, *, system: str, write: bool, detail: str = "") -> IntegrationError | None:
    """What an HTTP status means when nothing better is known; None for 2xx.

    `system`: the name people know ("Odoo"). For a write, 500, 502, 504 and unknown 5xx are `UnknownOutcome`: the work
    may be done; 503 means that nobody took it.
    """
    status = reply.status
    if 200 <= status < 300:
        return None
    words = detail or f"HTTP {status}"
    if 300 <= status < 400:
        target = urlsplit(reply.headers.get("location", ""))
        where = f"{target.netloc}{target.path}" or "another address"
        return ConfigError(f"{system} sent us on to {where} instead of answering: check the address.", detail=words)
    if status == 401:
        return AuthRejected(f"{system} refused the user or the key.", detail=words)
    if status == 402:
        return PlanRefused(f"The plan of {system} does not include this.", detail=words)
    if status == 403:
        return RightMissing(f"{system} does not allow this request.", detail=words)
    if status == 404:
        return PermanentError(f"{system} does not know this address.", detail=words)
    if status == 413:
        return TooLarge(f"The request is larger than {system} accepts.", detail=words)
    if status == 429 or (status == 503 and reply.retry_after is not None):
        return RateLimited(f"{system} asks us to slow down.", retry_after=reply.retry_after, detail=words)
    if status in (408, 425, 503):
        return TransientError(f"{system} is not available at the moment.", detail=words)
    if status >= 500 or status < 200:
        if write:
            return UnknownOutcome(f"{system} failed while handling a change.", detail=words)
        return TransientError(f"{system} failed while answering.", detail=words)
    return PermanentError(f"{system} refused the request.", detail=words)
