"""A request -> the whole answer, from the configured server alone, with limits on time and size.

This stands below the openai client, so that no setting, environment variable or redirect leads a
prompt or a key elsewhere. It reads the answer itself: the client would read an error's body
without limit, and would unpack what was sent packed before it could be counted.
"""

import ssl
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import httpcore2
import httpx2

from tunesmith.endpoints.network import CheckedNetwork, Deadline, RefusedAddressError
from tunesmith.recipe.redaction import hidden, redacted

BODY_BYTES = 4_000_000
_CONNECT_SECONDS = 5.0
_LIST_SECONDS = 15.0  # for the list of models
# Beside these nothing is sent: the client would add what OPENAI_ORG_ID, OPENAI_PROJECT_ID and
# OPENAI_CUSTOM_HEADERS name, to any server.
_HEADERS = ("host", "content-type", "content-length", "accept")
_EVENTS = "text/event-stream"
_PACKED = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class TransportError(httpx2.TransportError):
    """No usable answer came.

    Attributes:
        reason: What such failures are counted by.
        is_passing: Whether another attempt may help.
        is_outage: Whether the service failed, rather than this question.
        was_sent: Whether the server may have worked for it.
    """

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        is_passing: bool = True,
        is_outage: bool = True,
        was_sent: bool = True,
    ) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.is_passing = is_passing
        self.is_outage = is_outage
        self.was_sent = was_sent


class GuardedTransport(httpx2.BaseTransport):
    """Sends to one place only, and reads at most `BODY_BYTES`, unpacked."""

    def __init__(
        self,
        place: httpx2.URL,
        *,
        key: str,
        allow_private: bool,
        timeout_seconds: float,
        deadline_seconds: float,
    ) -> None:
        self._origin = (place.scheme, place.host, place.port)
        self._key = key
        self._timeout = timeout_seconds
        self._deadline = deadline_seconds
        self._clock = Deadline()
        is_open_line = place.scheme == "http"
        self._pool = httpcore2.ConnectionPool(
            ssl_context=None if is_open_line else httpx2.create_ssl_context(trust_env=False),
            network_backend=CheckedNetwork(
                self._clock, is_open_line=is_open_line, allow_private=allow_private
            ),
            max_connections=None,
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and read its answer; one of events (SSE) is read as it comes.

        Raises:
            TransportError: No usable answer came.
        """
        if (request.url.scheme, request.url.host, request.url.port) != self._origin:
            raise TransportError("another host", request.url.host, is_passing=False, was_sent=False)
        is_question = request.method == "POST"
        self._clock.start(self._deadline if is_question else min(self._deadline, _LIST_SECONDS))
        with _named_failures():
            return self._answer(request)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        with ExitStack() as stack:
            response = stack.enter_context(self._sent(request))
            headers = httpx2.Headers(response.headers)
            if 300 <= response.status < 400:
                target = redacted(headers.get("location", "nowhere"), (self._key,))
                raise TransportError(
                    "redirect",
                    f"status {response.status} to {target}; redirects are not followed",
                    is_passing=False,
                )
            kept = {
                name: headers[name] for name in ("content-type", "retry-after") if name in headers
            }
            if response.status == 200 and _EVENTS in headers.get("content-type", ""):
                lines = _lines(response.iter_stream(), self._key)
                events = _Events(lines, close=stack.pop_all().close)
                return httpx2.Response(200, headers=kept, stream=events)
            body = _read(response.iter_stream(), headers.get("content-encoding", ""))
            return httpx2.Response(
                response.status, headers=kept, content=self._without_key(body, response.status)
            )

    def _sent(self, request: httpx2.Request) -> AbstractContextManager[httpcore2.Response]:
        return self._pool.stream(
            request.method,
            httpcore2.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=self._headers(request),
            content=request.read(),
            extensions={
                "timeout": {
                    "connect": _CONNECT_SECONDS,
                    "read": self._timeout,
                    "write": self._timeout,
                }
            },
        )

    def _without_key(self, body: bytes, status: int) -> bytes:
        """The body before anyone can log, raise or keep it; answers keep all but our own key."""
        if status < 400:
            return body.replace(self._key.encode(), hidden(self._key).encode())
        return redacted(body.decode("utf-8", "replace"), (self._key,)).encode()

    def _headers(self, request: httpx2.Request) -> list[tuple[str, str]]:
        kept = [(name, request.headers[name]) for name in _HEADERS if name in request.headers]
        return [
            *kept,
            ("authorization", f"Bearer {self._key}"),
            ("accept-encoding", "identity"),
            ("user-agent", "tunesmith"),
        ]

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class _Events(httpx2.SyncByteStream):
    """A body of events that is read as it comes, within the limits of any other."""

    def __init__(self, lines: Iterator[bytes], *, close: Callable[[], None]) -> None:
        self._lines = lines
        self._close = close

    def __iter__(self) -> Iterator[bytes]:
        """Whole lines.

        Raises:
            TransportError: It ended early, or never.
        """
        with _named_failures():
            yield from self._lines

    def close(self) -> None:
        """Give the connection back."""
        self._close()


def _lines(pieces: Iterator[bytes], key: str) -> Iterator[bytes]:
    """The lines of a body without our own key, and no more bytes than any body may have."""
    waiting, room = b"", BODY_BYTES
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            raise TransportError("answer too large", f"more than {BODY_BYTES:,} bytes")
        head, end, rest = piece.rpartition(b"\n")
        if end:
            yield (waiting + head + end).replace(key.encode(), hidden(key).encode())
            waiting = rest
        else:
            waiting += rest
    yield waiting


@contextmanager
def _named_failures() -> Iterator[None]:
    """What the network raises, as the reason that such failures are counted by."""
    try:
        yield
    except RefusedAddressError as error:
        raise TransportError(
            "address refused", str(error), is_passing=False, was_sent=False
        ) from error
    except (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout) as error:
        raise TransportError("no connection", str(error), was_sent=False) from error
    except httpcore2.TimeoutException as error:
        raise TransportError("timeout", str(error)) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError) as error:
        raise TransportError("connection lost", str(error)) from error


def _read(pieces: Iterator[bytes], encoding: str) -> bytes:
    """The body, unpacked piece by piece, so that no more than the limit is ever held."""
    packed = encoding.strip().lower()
    if packed not in ("", "identity", *_PACKED):
        raise TransportError("unreadable encoding", packed[:40])
    unpack = zlib.decompressobj(_PACKED[packed]) if packed in _PACKED else None
    body = bytearray()
    for piece in pieces:
        waiting = piece
        while waiting:
            room = BODY_BYTES + 1 - len(body)
            try:
                body += unpack.decompress(waiting, room) if unpack else waiting[:room]
            except zlib.error as error:
                raise TransportError("unreadable encoding", str(error)) from error
            if len(body) > BODY_BYTES:
                raise TransportError("answer too large", f"more than {BODY_BYTES:,} bytes")
            waiting = unpack.unconsumed_tail if unpack else b""
    if unpack is not None and (not unpack.eof or unpack.unused_data):
        raise TransportError("unreadable encoding", f"{packed} ends too early or too late")
    return bytes(body)
