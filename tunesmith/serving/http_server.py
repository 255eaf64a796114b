"""An application -> a server on a socket, which waits for no slow client and drains at SIGTERM."""

import asyncio
import logging
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Any, Protocol

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from tunesmith.errors import RecipeError
from tunesmith.serving.serving_limits import ServingLimits

_LOG = logging.getLogger(__name__)
_KEEP_ALIVE_SECONDS = 15
_POLL_SECONDS = 0.05
_HEADER_BYTES = 64 * 1024
_BACKLOG = 512
_SWITCH_SECONDS = 0.0003  # by default 5 ms, which a request would wait at each turn of the engine


def open_socket(host: str, port: int) -> socket.socket:
    """Take an address.

    Args:
        host: A name or an address of this machine.
        port: 0 is any that is free.

    Raises:
        RecipeError: It is taken already, or none of this machine's.
    """
    where = f"--host {host} --port {port}"
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return _listening(socket.socket(family, kind, number), address)
    except (OSError, OverflowError) as error:
        problem = f"the address cannot be used ({error})"
        cure = "Name another --port; 0 takes one that is free."
        raise RecipeError(problem, where=where, cure=cure) from None


def _listening(opened: socket.socket, address: Any) -> socket.socket:
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(_BACKLOG)
    except BaseException:
        opened.close()
        raise
    return opened


class Drained(Protocol):
    """What stands behind an application: asked to stop, it takes nothing new and ends the rest."""

    is_draining: bool

    @property
    def num_open(self) -> int:
        """Requests that are not answered yet."""
        ...


class HttpServer:
    """uvicorn around an application with `state.service`, on a socket that is open already."""

    def __init__(self, app: FastAPI, opened: socket.socket, limits: ServingLimits) -> None:
        settings = uvicorn.Config(
            app,
            http=_patient(limits.header_seconds),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=max(1, round(limits.drain_seconds)),
            h11_max_incomplete_event_size=_HEADER_BYTES,
        )
        self._socket = opened
        self._server = _DrainingServer(settings, app.state.service, limits)

    def run(self) -> int:
        """Serve until asked to stop.

        Returns:
            0, or 130 where Ctrl-C was pressed twice.
        """
        before = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_SECONDS)
        try:
            self._server.run(sockets=[self._socket])
        finally:
            sys.setswitchinterval(before)
        return 130 if self._server.force_exit else 0

    def stop(self) -> None:
        """Ask it to drain and end; from any thread."""
        self._server.drain()


class _DrainingServer(uvicorn.Server):
    """Asked to stop, it finishes what is running, refuses what is new, and ends."""

    def __init__(self, settings: uvicorn.Config, service: Drained, limits: ServingLimits) -> None:
        super().__init__(settings)
        self._service = service
        self._seconds = limits.drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains; a second Ctrl-C ends at once."""
        del frame
        if self._service.is_draining and sig == signal.SIGINT:
            self.force_exit = self.should_exit = True
        self.drain()

    def drain(self) -> None:
        """Wait, in a thread of its own, until nothing is open or the time is over."""
        if not self._service.is_draining:
            self._service.is_draining = True
            threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        pause = threading.Event()
        rounds = int(self._seconds / _POLL_SECONDS)
        for _ in range(rounds):
            if not self._service.num_open or self.should_exit:
                break
            pause.wait(_POLL_SECONDS)
        self.should_exit = True


class PatientProtocol(H11Protocol):
    """HTTP/1.1 whose clients have some seconds to send a request's headers (slowloris)."""

    header_seconds: float
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client has come."""
        super().connection_made(transport)
        self._await_headers()

    def data_received(self, data: bytes) -> None:
        """It sends."""
        super().data_received(data)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has left."""
        self._forget()
        super().connection_lost(exc)

    def _await_headers(self) -> None:
        """One timer from a request's first byte to the end of its headers."""
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.header_seconds, self._close)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self) -> None:
        _LOG.info("a client did not send its headers in time")
        if not self.transport.is_closing():
            self.transport.close()


def _patient(seconds: float) -> type[asyncio.Protocol]:
    return type("Patient", (PatientProtocol,), {"header_seconds": seconds})
