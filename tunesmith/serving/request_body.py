"""What a client sends -> its bytes, or the file in its form, within a size and a time."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from tunesmith.serving.api_error import ApiError
from tunesmith.serving.guards import too_large
from tunesmith.serving.json_body import read_request_body
from tunesmith.serving.serving_limits import ServingLimits


async def read_body(request: Request, limits: ServingLimits) -> bytes:
    """A request's bytes, however they come.

    Raises:
        ApiError: They are too many, or come too slowly.
    """
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(limits.header_seconds):
            async for part in request.stream():
                size += len(part)
                if size > limits.body_bytes:
                    raise too_large(limits.body_bytes)
                parts.append(part)
    except TimeoutError:
        raise _too_slow(limits.header_seconds) from None
    return b"".join(parts)


async def read_json_body(request: Request, limits: ServingLimits) -> dict[str, Any]:
    """A request's JSON object, which says that it is JSON: no form of a page elsewhere does.

    Raises:
        ApiError: It is something else.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        problem = f"the body is said to be {media[:60] or 'of no type'!r}"
        raise ApiError(f"{problem}. Send application/json.", status=415, code="not_json")
    return read_request_body(await read_body(request, limits), depth=limits.json_depth)


async def read_form(request: Request, limits: ServingLimits) -> FormData:
    """A form with one file, which may be large; whoever reads it closes it.

    Raises:
        ApiError: It is too large, or comes too slowly.
    """
    size = 0

    async def receive() -> Mapping[str, Any]:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > limits.upload_bytes:
            raise too_large(limits.upload_bytes)
        return message

    try:
        async with asyncio.timeout(limits.request_seconds):
            bounded = Request(request.scope, receive)  # type: ignore[arg-type]
            return await bounded.form(max_files=1, max_fields=8)
    except TimeoutError:
        raise _too_slow(limits.request_seconds) from None


def file_of(form: FormData, known: Mapping[str, str]) -> UploadFile:
    """The file of a form whose other fields have the values they may have.

    Raises:
        ApiError: There is none, or a field is unknown or has another value.
    """
    for name, value in form.multi_items():
        if name == "file":
            continue
        if name not in known:
            problem = f"{name[:60]}: this server cannot do it. Leave it out."
            raise ApiError(problem, param=name[:60], code="unsupported_parameter")
        if value != known[name]:
            problem = f"{name}: {str(value)[:60]!r} is not {known[name]!r}"
            raise ApiError(problem, param=name, code="invalid_value")
    for name in known:
        if name not in form:
            raise ApiError(f"{name}: say {known[name]!r}", param=name, code="missing_parameter")
    file = form.get("file")
    if not isinstance(file, UploadFile):
        problem = "file: there is none. Send a form (multipart/form-data) with a file."
        raise ApiError(problem, param="file", code="missing_parameter")
    return file


def _too_slow(seconds: float) -> ApiError:
    problem = f"the body did not arrive within {seconds:g} seconds"
    return ApiError(problem, status=408, code="timeout")
