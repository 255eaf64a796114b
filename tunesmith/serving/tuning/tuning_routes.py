"""`/v1/files` and `/v1/fine_tuning/jobs` of OpenAI's API, as routes of the application."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.concurrency import run_in_threadpool

from tunesmith.serving.api_error import ApiError
from tunesmith.serving.guards import UPLOAD_PATH
from tunesmith.serving.request_body import file_of, read_form, read_json_body
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.serving.tuning.job_desk import JobDesk
from tunesmith.serving.tuning.job_request import read_job_request
from tunesmith.serving.tuning.tuning_job import job_checkpoints, job_events
from tunesmith.serving.tuning.uploads import PURPOSE, UploadFolder

_JOBS = "/v1/fine_tuning/jobs"
_PAGE = 20
_MOST_A_PAGE = 1000


def add_file_routes(
    app: FastAPI, uploads: UploadFolder, desk: JobDesk, limits: ServingLimits
) -> None:
    """Offer what uploads, lists, returns and deletes files."""

    @app.post(UPLOAD_PATH)
    async def upload(request: Request) -> Response:
        form = await read_form(request, limits)
        try:
            file = file_of(form, {"purpose": PURPOSE})
            record = await run_in_threadpool(uploads.add, file.file, file.filename or "")
        finally:
            await form.close()
        return JSONResponse(record.to_json())

    @app.get(UPLOAD_PATH)
    async def list_files(request: Request) -> Response:
        records = [one.to_json() for one in uploads.all()]
        known = {"purpose": (PURPOSE,), "order": ("desc",)}
        return _page(request, records, size=10_000, known=known)

    @app.get(UPLOAD_PATH + "/{file_id}")
    async def show_file(file_id: str) -> Response:
        return JSONResponse(uploads.find(file_id).to_json())

    @app.get(UPLOAD_PATH + "/{file_id}/content")
    async def send_file(file_id: str) -> Response:
        path = uploads.path(uploads.find(file_id).id)
        return FileResponse(path, media_type="application/octet-stream")

    @app.delete(UPLOAD_PATH + "/{file_id}")
    async def delete_file(file_id: str) -> Response:
        return JSONResponse(uploads.delete(file_id, is_used=desk.uses_file))


def add_job_routes(app: FastAPI, desk: JobDesk, limits: ServingLimits) -> None:
    """Offer what creates, lists, shows and cancels jobs."""

    @app.post(_JOBS)
    async def create_job(request: Request) -> Response:
        asked = read_job_request(await read_json_body(request, limits))
        return JSONResponse((await run_in_threadpool(desk.create, asked)).to_json())

    @app.get(_JOBS)
    async def list_jobs(request: Request) -> Response:
        return _page(request, [one.to_json() for one in desk.all()])

    @app.get(_JOBS + "/{job_id}")
    async def show_job(job_id: str) -> Response:
        return JSONResponse(desk.find(job_id).to_json())

    @app.post(_JOBS + "/{job_id}/cancel")
    async def cancel_job(job_id: str) -> Response:
        return JSONResponse((await run_in_threadpool(desk.cancel, job_id)).to_json())

    def read_log(
        name: str, made: Callable[..., list[dict[str, Any]]]
    ) -> Callable[[Request, str], Any]:
        async def send(request: Request, job_id: str) -> Response:
            job = desk.find(job_id)
            log = desk.run_folder(job) / "log.jsonl"
            return _page(request, await run_in_threadpool(made, job, log))

        send.__name__ = name
        return send

    app.get(_JOBS + "/{job_id}/events")(read_log("list_events", job_events))
    app.get(_JOBS + "/{job_id}/checkpoints")(read_log("list_checkpoints", job_checkpoints))


def _page(
    request: Request,
    records: Sequence[Mapping[str, Any]],
    *,
    size: int = _PAGE,
    known: Mapping[str, Sequence[str]] | None = None,
) -> Response:
    """A part of a list: `limit` records behind the one of the id `after`."""
    asked = dict(request.query_params)
    for name, value in asked.items():
        values = (known or {}).get(name)
        if name not in ("limit", "after") and (values is None or value not in values):
            problem = f"{name[:60]}: {value[:60]!r}: this list cannot be asked so. Leave it out."
            raise ApiError(problem, param=name[:60], code="unsupported_parameter")
    ids = [one["id"] for one in records]
    after, limit = asked.get("after"), asked.get("limit", str(size))
    if after is not None and after not in ids:
        raise ApiError(f"after: {after[:60]!r} is not in the list", param="after")
    most = max(size, _MOST_A_PAGE)
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:6]) <= most):
        raise ApiError(f"limit: {limit[:60]!r} is not a number from 1 to {most:,}", param="limit")
    start = ids.index(after) + 1 if after is not None else 0
    part = records[start : start + int(limit)]
    return JSONResponse(
        {
            "object": "list",
            "data": list(part),
            "has_more": start + len(part) < len(records),
            "first_id": part[0]["id"] if part else None,
            "last_id": part[-1]["id"] if part else None,
        }
    )
