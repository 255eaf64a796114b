"""A request before anything reads it -> let through, or refused by host, origin, key or size."""

import hmac
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.responses import JSONResponse

from tunesmith.serving.api_error import ApiError
from tunesmith.serving.page.chat_page import PAGE_FILES
from tunesmith.serving.serving_limits import ServingLimits

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OPEN_PATHS = frozenset({"/health", "/", *(f"/{name}" for name in PAGE_FILES)})
KEY_COOKIE = "tunesmith_key"
UPLOAD_PATH = "/v1/files"
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who may come in.

    Attributes:
        key: What a client has to show; None asks for none.
        hosts: Names by which the server may be called; others are a page elsewhere that had its
            own name point here (DNS rebinding). None allows all, for a server with a key.
    """

    key: str | None = None
    hosts: frozenset[str] | None = LOOPBACK


class Guard:
    """The application behind the door."""

    def __init__(
        self,
        app: App,
        *,
        door: Door,
        limits: ServingLimits,
        open_paths: Collection[str] = OPEN_PATHS,
    ) -> None:
        self._app = app
        self._open_paths = open_paths
        self._door = door
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except ApiError as fault:
            reply = JSONResponse(fault.to_json(), fault.status, fault.headers)
            await reply(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = scope["headers"]
        hosts = [value for name, value in headers if name == b"host"]
        allowed = self._door.hosts
        if len(hosts) != 1 or (allowed is not None and _name(hosts[0]) not in allowed):
            raise ApiError(
                "this server is not called by that name (Host). Use the address it printed.",
                status=403,
                code="wrong_host",
            )
        if scope["method"] not in _SAFE_METHODS:
            _check_origin(headers, hosts[0])
        self._check_key(scope["path"], headers)
        sizes = [value for name, value in headers if name == b"content-length"]
        is_upload = scope["path"] == UPLOAD_PATH
        most = self._limits.upload_bytes if is_upload else self._limits.body_bytes
        if any(not one.isdigit() or int(one[:19]) > most for one in sizes):
            raise too_large(most)

    def _check_key(self, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        if self._door.key is None or path in self._open_paths:
            return
        given = [value for name, value in headers if name == b"authorization"]
        expected = b"Bearer " + self._door.key.encode()
        if not given and (kept := _kept_key(headers)) is not None:
            given = [b"Bearer " + kept]
        is_right = [hmac.compare_digest(one, expected) for one in given]
        if not is_right or not all(is_right):
            raise ApiError(
                "no key, or a wrong one. Send it as Authorization: Bearer KEY.",
                status=401,
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )


def _kept_key(headers: list[tuple[bytes, bytes]]) -> bytes | None:
    """The key that a browser keeps for pages, which can send no header of their own."""
    text = b"; ".join(value for name, value in headers if name == b"cookie").decode("latin-1")
    try:
        found = SimpleCookie(text).get(KEY_COOKIE)
    except CookieError:
        return None
    return None if found is None else found.value.encode("latin-1", "replace")


def _check_origin(headers: list[tuple[bytes, bytes]], host: bytes) -> None:
    """A browser names the page that sends; one that is not ours has nothing to send here."""
    origins = [value.strip().lower() for name, value in headers if name == b"origin"]
    own = {scheme + host.strip().lower() for scheme in (b"http://", b"https://")}
    if not set(origins) <= own:
        raise ApiError(
            "a page of another site may not send to this server (Origin). Use the page at /.",
            status=403,
            code="wrong_origin",
        )


def too_large(most: int) -> ApiError:
    """The refusal of a body."""
    problem = f"the body is larger than {most:,} bytes"
    return ApiError(problem, status=413, code="body_too_large")


def _name(host: bytes) -> str:
    """`127.0.0.1:8000`, `[::1]:8000` -> the name alone."""
    text = host.decode("latin-1").strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]
