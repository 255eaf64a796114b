"""Hosted models -> an application that speaks OpenAI's API."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from tunesmith.errors import TunesmithError
from tunesmith.generation.prompt import Continuation
from tunesmith.serving.api_error import ApiError
from tunesmith.serving.exchange import Exchange
from tunesmith.serving.feedback import append_feedback, feedback_row
from tunesmith.serving.guards import Door, Guard
from tunesmith.serving.hosted_model import HostedModel, waiting_model
from tunesmith.serving.json_body import read_request_body
from tunesmith.serving.page.chat_page import add_page
from tunesmith.serving.replies import Reply
from tunesmith.serving.request_body import read_body, read_json_body
from tunesmith.serving.served_request import (
    ServedRequest,
    read_chat_request,
    read_raw_request,
)
from tunesmith.serving.serving_engine import ServingEngine
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.serving.streamed_text import StreamedText
from tunesmith.serving.tuning.tuning_routes import add_file_routes, add_job_routes
from tunesmith.serving.tuning.tuning_service import TuningService

_LOG = logging.getLogger(__name__)
_SHORT_BYTES = 8192
_CODES = {404: "unknown_url", 405: "method_not_allowed"}
Reader = Callable[[dict[str, Any], ServingLimits], ServedRequest]


class AnswerService:
    """The models of a server, and what it does with a request."""

    def __init__(
        self,
        models: Sequence[HostedModel],
        limits: ServingLimits,
        tuning: TuningService | None = None,
    ) -> None:
        self.models = {one.name: one for one in models}
        self.limits = limits
        self.tuning = tuning
        self.engine = ServingEngine(models, limits)
        self.is_draining = False
        self._reading = asyncio.Lock()
        self._loading = asyncio.Lock()

    @property
    def num_open(self) -> int:
        """Requests that are not answered yet."""
        return self.engine.num_open

    def records(self) -> dict[str, dict[str, Any]]:
        """What `/v1/models` says of each model; of one that waits on disk, less."""
        made = self.tuning.desk.made() if self.tuning else {}
        ready = {name: one.to_json() for name, one in self.models.items()}
        return ready | {name: waiting_model(name) for name in made if name not in ready}

    def record(self, name: str) -> dict[str, Any]:
        """What is said of one model.

        Raises:
            ApiError: There is none.
        """
        records = self.records()
        if name in records:
            return records[name]
        problem = f"there is no model {name[:60]!r}. Known: {', '.join(records)}."
        raise ApiError(problem, status=404, param="model", code="model_not_found")

    async def ready(self, name: str) -> HostedModel:
        """A model by its id; one that a job has made is loaded when it is first asked.

        Raises:
            ApiError: There is none, or it cannot be loaded.
        """
        if name in self.models:
            return self.models[name]
        self.record(name)
        assert self.tuning is not None
        async with self._loading:
            if name not in self.models:
                run = self.tuning.desk.made()[name]
                try:
                    hosted = await run_in_threadpool(self.tuning.load, name, run)
                except TunesmithError as error:
                    problem = f"{name} cannot be loaded: {error}"
                    raise ApiError(problem, status=500, code="not_loaded") from None
                self.engine.add(hosted)
                self.models[name] = hosted
        return self.models[name]

    async def keep_feedback(self, request: Request) -> Response:
        """Write down what a person thinks of an answer.

        Raises:
            ApiError: It is not kept.
        """
        limits = self.limits
        body = await read_json_body(request, limits)
        hosted = await self.ready(str(body.get("model")))
        if hosted.feedback is None:
            problem = f"{hosted.name} is no run's model, so there is no run to keep feedback with"
            raise ApiError(problem, status=409, param="model", code="no_run")
        row = feedback_row(body, hosted, limits)
        append = partial(append_feedback, most_bytes=limits.feedback_bytes)
        await run_in_threadpool(append, hosted.feedback, row)
        return JSONResponse({"object": "feedback", "kept_in": hosted.feedback.name})

    async def answer(self, request: Request, read: Reader) -> Response:
        """Answer a request; a client that leaves ends what is written for it.

        Raises:
            ApiError: It is not answered.
        """
        self.refuse_while_draining()
        limits = self.limits
        body = await read_body(request, limits)
        asked = read(read_request_body(body, depth=limits.json_depth), limits)
        hosted = await self.ready(asked.model)
        async with self._reading:  # a tokenizer is no thing for two threads
            most = limits.prompt_tokens
            if len(body) < _SHORT_BYTES:  # read faster than a thread is reached
                prompts = hosted.prompts(asked, most=most)
            else:
                prompts = await run_in_threadpool(hosted.prompts, asked, most=most)
        exchange = Exchange(hosted, asked, prompts)
        exchange.begin(self.engine)
        if asked.is_streamed:
            return StreamingResponse(
                _events(exchange, limits.request_seconds),
                media_type="text/event-stream",
                headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
            )
        await _unless_gone(request, exchange, limits.request_seconds)
        return JSONResponse(Reply(exchange).whole())

    def refuse_while_draining(self) -> None:
        """Take nothing new once the server is asked to stop.

        Raises:
            ApiError: It is.
        """
        if self.is_draining:
            problem = "the server is shutting down"
            raise ApiError(problem, status=503, code="shutting_down", headers={"Retry-After": "5"})


def create_app(
    models: Sequence[HostedModel],
    *,
    limits: ServingLimits | None = None,
    door: Door | None = None,
    tuning: TuningService | None = None,
) -> FastAPI:
    """The application; `app.state.service` holds the models and the engine.

    Args:
        models: At least one, each with a name of its own.
        limits: What one request may take.
        door: Who may come in; this machine alone, if not given.
        tuning: Files and jobs; None offers none.
    """
    limits = limits or ServingLimits()
    service = AnswerService(models, limits, tuning)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if tuning is not None:
            await run_in_threadpool(tuning.close)
        await run_in_threadpool(service.engine.close)

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.service = service
    app.add_middleware(Guard, door=door or Door(), limits=limits)
    app.add_exception_handler(ApiError, _refuse)
    app.add_exception_handler(HTTPException, _refuse_url)
    app.add_exception_handler(Exception, _fail)
    _add_routes(app, service)
    add_page(app)
    if tuning is not None:
        add_file_routes(app, tuning.uploads, tuning.desk, limits)
        add_job_routes(app, tuning.desk, limits)
    return app


def _add_routes(app: FastAPI, service: AnswerService) -> None:
    @app.get("/health")
    async def health() -> JSONResponse:
        models = [{"id": m.name, "rendering": m.rendering} for m in service.models.values()]
        status = "draining" if service.is_draining else "ok"
        open_now = service.engine.num_open
        return JSONResponse({"status": status, "models": models, "answers_open": open_now})

    @app.get("/v1/models")
    async def list_models() -> JSONResponse:
        records = service.records()
        return JSONResponse({"object": "list", "data": list(records.values())})

    @app.get("/v1/models/{name:path}")
    async def show_model(name: str) -> JSONResponse:
        return JSONResponse(service.record(name))

    @app.post("/v1/chat/completions")
    async def answer_chat(request: Request) -> Response:
        return await service.answer(request, read_chat_request)

    @app.post("/v1/feedback")
    async def keep_feedback(request: Request) -> Response:
        return await service.keep_feedback(request)

    @app.post("/v1/completions")
    async def continue_raw(request: Request) -> Response:
        return await service.answer(request, read_raw_request)


async def _unless_gone(request: Request, exchange: Exchange, seconds: float) -> None:
    """Wait for all answers; a client that leaves, or a time that is over, ends them."""
    waiting: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(exchange.ended()),
        asyncio.ensure_future(_gone(request)),
    ]
    try:
        done, _ = await asyncio.wait(waiting, timeout=seconds, return_when="FIRST_COMPLETED")
    finally:
        exchange.cancel()
        for task in waiting:
            task.cancel()
    if not done:
        raise _too_slow(seconds)
    next(task for task in waiting if task in done).result()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    raise ApiError("the client has left", status=499, code="client_left")


def _too_slow(seconds: float) -> ApiError:
    problem = f"the answer was not written within {seconds:g} seconds. Ask for fewer tokens."
    return ApiError(problem, status=504, code="timeout")


async def _events(exchange: Exchange, seconds: float) -> AsyncIterator[bytes]:
    """The server-sent events of a stream."""
    try:
        async with asyncio.timeout(seconds):
            async for chunk in _chunks(exchange):
                yield _event(chunk)
        yield b"data: [DONE]\n\n"
    except TimeoutError:
        yield _event(_too_slow(seconds).to_json())
    except ApiError as fault:
        yield _event(fault.to_json())
    finally:
        exchange.cancel()


async def _chunks(exchange: Exchange) -> AsyncIterator[dict[str, Any]]:
    reply, request = Reply(exchange), exchange.request
    text = exchange.hosted.answer_text(request)
    pieces = [StreamedText(text) for _ in exchange.choices]
    if request.is_chat:
        for number in range(len(pieces)):
            yield reply.first(number)
    async for number, heard in exchange.heard():
        if isinstance(heard, Continuation):
            rest, reason = pieces[number].end(heard)
            if rest:
                yield reply.piece(number, rest, ())
            yield reply.piece(number, "", (), reason)
            continue
        shown = pieces[number].add(heard.token)
        tokens = () if request.num_likely is None else (heard,)
        if shown or tokens:
            yield reply.piece(number, shown, tokens)
    if request.has_usage:
        yield reply.counts()


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


async def _refuse(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, ApiError)
    return JSONResponse(fault.to_json(), fault.status, fault.headers)


async def _refuse_url(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problem = f"{request.method} {request.url.path[:100]}: {error.detail}"
    fault = ApiError(problem, status=error.status_code, code=_CODES.get(error.status_code))
    return JSONResponse(fault.to_json(), fault.status, error.headers)


async def _fail(_: Request, error: Exception) -> Response:
    _LOG.error("a request failed", exc_info=error)
    fault = ApiError("the server failed; its log says why", status=500, code="internal_error")
    return JSONResponse(fault.to_json(), 500)
