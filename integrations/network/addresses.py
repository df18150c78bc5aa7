"""Which addresses may be called: the rules of the door (`http.py`), apart from the network itself."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from integrations.errors import ConfigError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Iterable[str]]

# Not link-local, but answered by cloud providers' metadata services all the same.
METADATA_ADDRESSES = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254")
)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressGuard:
    """Decides which addresses may be called. `allowed_hosts`: names, addresses or networks ("10.0.0.0/8").

    `strict`, for addresses that any user may type: what is not public must be listed, by https too, and this machine
    is no exception.
    """

    def __init__(self, allowed_hosts: Iterable[str] = (), *, strict: bool = False) -> None:
        self._strict = strict
        self._names: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for entry in allowed_hosts:
            text = entry.strip().strip("[]").rstrip(".").lower()
            try:
                self._networks.append(ipaddress.ip_network(text, strict=False))
            except ValueError:
                self._names.add(text)

    def check_url(self, url: str) -> None:
        """Refuse by the look of the address alone. Raises ConfigError."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ConfigError(f"“{url}” is not a web address.") from None
        if parts.scheme not in ("http", "https"):
            raise ConfigError("The address must begin with https:// (or http:// for a server of your own).")
        if parts.username is not None or parts.password is not None:
            raise ConfigError("The address must not contain a user name or password; they have their own fields.")
        if not host or port == 0:
            raise ConfigError("The address names no server.")

    def check_address(self, host: str, text: str, *, secure: bool) -> None:
        """Refuse one resolved address (`text`) of `host`. Raises ConfigError with the reason in words."""
        address = _plain(ipaddress.ip_address(text.partition("%")[0]))
        if address.is_link_local or address in METADATA_ADDRESSES:
            raise ConfigError(
                f"{host} points to {address}, a link-local or cloud metadata address. Such addresses are never called."
            )
        if address.is_unspecified or address.is_multicast or (address.version == 4 and address.is_reserved):
            raise ConfigError(f"{host} points to {address}, which is not the address of a server.")
        if self._lists(host, address):
            return
        if self._strict and not address.is_global:
            raise ConfigError(
                f"{host} points to {address}, which is not public. The operator must list it before it is called."
            )
        if secure or (address.is_loopback and not self._strict):
            return
        raise ConfigError(
            f"The address of {host} begins with http://, so passwords would travel unprotected. Use https://, or let "
            f"the operator list {host} as an allowed host if it stands in your own network."
        )

    def check_typed(self, url: str) -> None:
        """Refuse an address that a person types, as far as that shows before its name is looked up. No network.

        Plain http needs a listed name, or an address that `check_address` lets through. Raises ConfigError.
        """
        self.check_url(url)
        parts = urlsplit(url)
        host = parts.hostname or ""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            if parts.scheme == "http" and host.rstrip(".").lower() not in self._names:
                raise ConfigError("The address must begin with https://.") from None
        else:
            self.check_address(host, host, secure=parts.scheme == "https")

    def _lists(self, host: str, address: Address) -> bool:
        return host.rstrip(".").lower() in self._names or any(address in network for network in self._networks)


def _plain(address: Address) -> Address:
    """The IPv4 address hidden in an IPv6 one (mapped, NAT64, 6to4), else the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, in the system's order of preference. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
