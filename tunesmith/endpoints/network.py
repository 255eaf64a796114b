"""A host's name -> a connection to an address that may be asked, within the time that is left.

The address is checked after the name is resolved and is then connected to itself, so that a
name which resolves anew cannot lead elsewhere.
"""

import ipaddress
import socket
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore2

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class RefusedAddressError(Exception):
    """A name leads to an address that is not to be asked."""


class Deadline(threading.local):
    """When the request of this thread must have ended, on the monotonic clock."""

    ends = float("inf")

    def start(self, seconds: float) -> None:
        """Give the request that begins now so many seconds."""
        self.ends = time.monotonic() + seconds

    def within(self, timeout: float | None) -> float:
        """A timeout cut to what is left.

        Raises:
            httpcore2.ReadTimeout: Nothing is left.
        """
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("deadline")
        return left if timeout is None else min(timeout, left)


def embedded(address: Ip) -> Ip:
    """The IPv4 address that an IPv6 address stands for, where it stands for one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def refusal(address: Ip, *, is_open_line: bool, allow_private: bool) -> str | None:
    """Why an address is not to be asked; None if it may be.

    Args:
        address: What a name resolved to.
        is_open_line: Whether the line is plain http: never to a public address.
        allow_private: Whether servers of a private network may be asked.
    """
    address = embedded(address)
    if address.is_loopback:
        return None
    if address.is_unspecified or address.is_multicast:
        return "is no address of a server; for this machine write 127.0.0.1"
    if address.is_global:
        return "is public, and http is for this machine or network only" if is_open_line else None
    if not allow_private:
        return "belongs to a private network; allow_private: true permits that"
    return None


class TimedStream(httpcore2.NetworkStream):
    """A connection whose every read and write ends with the request's time."""

    def __init__(self, stream: httpcore2.NetworkStream, clock: Deadline) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what comes next."""
        return self._stream.read(max_bytes, self._clock.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        self._stream.write(buffer, self._clock.within(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Go on encrypted."""
        secured = self._stream.start_tls(ssl_context, server_hostname, self._clock.within(timeout))
        return TimedStream(secured, self._clock)

    def get_extra_info(self, info: str) -> Any:
        """What the connection knows of itself."""
        return self._stream.get_extra_info(info)


class CheckedNetwork(httpcore2.NetworkBackend):
    """Opens connections to addresses that may be asked, and to no others."""

    def __init__(self, clock: Deadline, *, is_open_line: bool, allow_private: bool) -> None:
        self._clock = clock
        self._is_open_line = is_open_line
        self._allow_private = allow_private
        self._network = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Resolve, check and connect; the first address that answers is taken.

        Raises:
            RefusedAddressError: The name leads to an address that may not be asked.
            httpcore2.ConnectError: The name is unknown, or nobody listens.
        """
        error: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for address in self._resolve(host, port):
            try:
                stream = self._network.connect_tcp(
                    str(address), port, self._clock.within(timeout), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failed:
                error = failed
            else:
                return TimedStream(stream, self._clock)
        raise error or httpcore2.ConnectError(f"{host} has no address")

    def _resolve(self, host: str, port: int) -> list[Ip]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"{host} is not known: {error}") from error
        addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        for address in addresses:
            reason = refusal(
                address, is_open_line=self._is_open_line, allow_private=self._allow_private
            )
            if reason:
                raise RefusedAddressError(f"{address} {reason}")
        return list(dict.fromkeys(addresses))
