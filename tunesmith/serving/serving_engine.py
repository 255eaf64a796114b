"""Texts from many requests -> their continuations, written by one thread that owns the models.

Each model has a running batch of its own, which texts join and leave; the thread gives every
batch a step in turn, so that no two models compute at once and none waits for another's end.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tunesmith.generation.decoding_loop import Writer
from tunesmith.generation.generate import places_at_once
from tunesmith.generation.padded_writer import PaddedWriter
from tunesmith.generation.prompt import AskedText, Continuation
from tunesmith.models.continue_texts import find_continuation_output
from tunesmith.serving.api_error import ApiError
from tunesmith.serving.hosted_model import HostedModel
from tunesmith.serving.serving_limits import ServingLimits

_LOG = logging.getLogger(__name__)
_RETRY_SECONDS = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A text that is to be written, and who is told how it ended; told by the engine's thread."""

    asked: AskedText
    on_end: Callable[[Continuation | BaseException], None]


Ended = tuple[Job, Continuation | BaseException]


class ServingEngine:
    """One thread for all models of a server."""

    def __init__(self, models: Sequence[HostedModel], limits: ServingLimits) -> None:
        self._limits = limits
        self._new: deque[tuple[str, Job]] = deque()
        self._change = threading.Condition()
        self._num_open = 0
        self._is_closed = False
        self._desks = {one.name: _Desk(one, limits) for one in models}
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def num_open(self) -> int:
        """Texts that wait or are being written."""
        return self._num_open

    def add(self, model: HostedModel) -> None:
        """Offer one more model, from the next step on."""
        self._desks = {**self._desks, model.name: _Desk(model, self._limits)}

    def submit(self, model: str, jobs: Sequence[Job]) -> None:
        """Let texts of one request wait for their places; all of them, or none.

        Raises:
            ApiError: They are more than have places, or too many wait already.
        """
        most = self._limits.num_parallel + self._limits.num_waiting
        with self._change:
            if self._is_closed:
                raise ApiError("the server is shutting down", status=503, code="shutting_down")
            if len(jobs) > most:
                problem = (
                    f"{len(jobs):,} answers are asked for, and {most:,} may be open here at once"
                )
                raise ApiError(f"{problem}. Ask for fewer.", param="n", code="invalid_value")
            if self._num_open + len(jobs) > most:
                raise ApiError(
                    f"{self._num_open:,} answers are being written or wait, of {most:,} at most. "
                    "Ask again in a moment.",
                    status=429,
                    code="queue_full",
                    headers={"Retry-After": _RETRY_SECONDS},
                )
            self._num_open += len(jobs)
            self._new.extend((model, job) for job in jobs)
            self._change.notify()

    def close(self) -> None:
        """End the thread; what is still open is told that it has failed."""
        with self._change:
            self._is_closed = True
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        while self._take():
            for desk in self._desks.values():
                self._tell(desk.step())
        for desk in self._desks.values():
            self._tell(
                desk.fail(ApiError("the server has stopped", status=503, code="shutting_down"))
            )

    def _tell(self, ended: Sequence[Ended]) -> None:
        """Free the places first: whoever hears of an answer may ask again at once."""
        with self._change:
            self._num_open -= len(ended)
        for job, outcome in ended:
            try:
                job.on_end(outcome)
            except RuntimeError:  # the event loop that waited has ended
                _LOG.debug("nobody waits for an answer any more")

    def _take(self) -> bool:
        """Hand the new texts to their models; wait where there is nothing to do. False: closed."""
        with self._change:
            while not (
                self._new or self._is_closed or any(d.is_busy for d in self._desks.values())
            ):
                self._change.wait()
            new, self._new = self._new, deque()
            is_closed = self._is_closed
        for model, job in new:
            self._desks[model].add(job)
        return not is_closed


class _Desk:
    """The running batch of one model, and the jobs in it."""

    def __init__(self, hosted: HostedModel, limits: ServingLimits) -> None:
        self._hosted = hosted
        self._limits = limits
        self._jobs: dict[int, Job] = {}
        self._next = 0
        self._open()

    def _open(self) -> None:
        self._joining: list[tuple[int, AskedText]] = []
        responder = self._hosted.responder
        model, stop_ids = responder.model, responder.stop_ids
        self._reach = model.shared_row_limit
        self._padded = PaddedWriter(model, stop_ids=stop_ids)
        self._writer: Writer | None = None
        if find_continuation_output(model) == "none":
            return
        longest = model.context_tokens or self._limits.prompt_tokens
        at_once = min(self._limits.num_parallel, places_at_once(model, responder.recipe, longest))
        self._writer = Writer(model, stop_ids=stop_ids, num_at_once=at_once)

    @property
    def is_busy(self) -> bool:
        return bool(self._jobs)

    def add(self, job: Job) -> None:
        self._next += 1
        self._jobs[self._next] = job
        self._joining.append((self._next, job.asked))

    def step(self) -> list[Ended]:
        """A token for each text; those that have ended."""
        if not self._jobs:
            return []
        try:
            self._join()
            ended = self._padded.step()
            if self._writer is not None:
                ended += self._writer.step()
        except BaseException as error:  # noqa: BLE001 - handed to those who wait
            _LOG.exception("%s could not go on", self._hosted.name)
            return self.fail(error)
        return [(self._jobs.pop(number), continuation) for number, continuation in ended]

    def fail(self, error: BaseException) -> list[Ended]:
        """End all without an answer, and begin anew."""
        jobs, self._jobs = self._jobs, {}
        self._open()
        return [(job, error) for job in jobs.values()]

    def _join(self) -> None:
        joining, self._joining = self._joining, []
        writer = self._writer
        for number, asked in joining:
            length = len(asked.prompt.ids) + asked.room
            if writer is None or (self._reach is not None and length > self._reach):
                self._padded.add(number, asked)
                continue
            if writer.is_idle:
                writer.begin_with(self._hosted.beginning)
            writer.add(number, asked)
