"""Requests -> outcomes in their order: from the cache, or asked with patience and a budget.

A reply is on disk before anyone sees it. What fails is tried again where that has sense, then
counted under its reason; when a service fails too often in a row it is given up.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

from tunesmith.endpoints.cache import CallCache, call_id_of
from tunesmith.endpoints.call_budget import CallBudget, Limits, estimated_spending
from tunesmith.endpoints.chat_request import (
    ChatFailure,
    ChatReply,
    ChatRequest,
    Closable,
    Endpoint,
    Outcome,
)
from tunesmith.endpoints.circuit_breaker import CircuitBreaker
from tunesmith.endpoints.counts import CallCounts, Counting
from tunesmith.endpoints.ledger import Ledger, Spending
from tunesmith.endpoints.retries import RetryPolicy
from tunesmith.endpoints.thread_pool import ThreadPool
from tunesmith.endpoints.uncached_calls import Call, UncachedCalls
from tunesmith.errors import RemoteError

NOT_CACHED = "not in the cache"
_GROUPS_AHEAD = 4  # a worker, of the outcome that is waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTerms:
    """How an endpoint is asked: how many calls at once, how often, within which limits.

    Attributes:
        num_workers: Threads that ask; each hands over `endpoint.at_once` requests.
        limits: What may be spent.
        is_budget_kept: Whether what earlier processes spent counts, by the cache's file.
        retry_policy: How often a call is tried.
        deadline_seconds: After it a call is not tried again.
        is_offline: Answer from the cache alone.
    """

    num_workers: int = 1
    limits: Limits = field(default_factory=Limits)
    is_budget_kept: bool = False
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    deadline_seconds: float = 600.0
    is_offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallForecast:
    """What a job will take, if every answer is as long as it may be.

    Attributes:
        calls: Requests that are not in the cache.
        cached: Those that are, or that are asked twice.
        prompt_tokens: Estimated from the length of the texts.
        completion_tokens: The most that may be written.
        cost: Of these; None where prices are unknown.
        limit: The limit that will end the job early, if one will.
    """

    calls: int
    cached: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    limit: str | None


@dataclass(slots=True)
class _CallGroup:
    """Calls that are handed over together, and their outcomes once they were."""

    calls: list[Call] = field(default_factory=list)
    future: Future[Sequence[Outcome]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _PendingCall:
    """Where the outcome of a request is, or will be."""

    call_id: str
    outcome: Outcome | None = None
    group: _CallGroup | None = None
    index: int = 0
    is_repeated: bool = False


@dataclass(slots=True, kw_only=True)
class _CallJob:
    """The state of one `ask_all`: what is waited for, and what comes after it."""

    upcoming: Iterator[ChatRequest]
    is_exhausted: bool = False
    waiting: deque[_PendingCall] = field(default_factory=deque)
    in_flight: dict[str, _PendingCall] = field(default_factory=dict)
    group: _CallGroup = field(default_factory=_CallGroup)
    stopping: threading.Event = field(default_factory=threading.Event)


class Caller:
    """An endpoint with everything around it: cache, retries, budget, counts."""

    def __init__(
        self,
        endpoint: Endpoint,
        cache: CallCache,
        terms: CallTerms | None = None,
        *,
        on_change: Callable[[CallCounts], None] = lambda counts: None,
    ) -> None:
        """Prepare to ask; nothing is asked yet.

        Args:
            endpoint: Who answers.
            cache: Where replies are kept; closed with this.
            terms: How much is asked at a time, how often, for how much.
            on_change: Told the counts after each outcome, by any thread.
        """
        terms = terms or CallTerms()
        self._identity = endpoint.identity
        self._terms = terms
        ledger = Ledger(cache.database, self._identity) if terms.is_budget_kept else None
        self._uncached = UncachedCalls(
            endpoint=endpoint,
            cache=cache,
            budget=CallBudget(terms.limits, ledger),
            circuit_breaker=CircuitBreaker(terms.retry_policy.outages_in_a_row),
            counting=Counting(terms.limits, on_change),
            retry_policy=terms.retry_policy,
            deadline_seconds=terms.deadline_seconds,
        )
        self._is_checked = False
        self._num_ahead = terms.num_workers * endpoint.at_once * _GROUPS_AHEAD
        self._thread_pool: ThreadPool[Sequence[Outcome]] = ThreadPool(terms.num_workers)

    @property
    def endpoint(self) -> Endpoint:
        """Who answers."""
        return self._uncached.endpoint

    @property
    def counts(self) -> CallCounts:
        """How far it is, over all that was asked."""
        return self._uncached.counting.now(self._uncached.budget.spent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not KeyboardInterrupt:  # who interrupts does not wait for a slow server
            self.close()

    def close(self) -> None:
        """Wait for calls in flight, then close the cache and the connections."""
        self._thread_pool.close()
        self._uncached.cache.close()
        if isinstance(self.endpoint, Closable):
            self.endpoint.close()

    def check(self) -> None:
        """Find out whether the endpoint can answer, once; done before the first call anyway.

        Raises:
            RemoteError: The server is not there or lacks the model; the cure says what to run.
            MissingError: There is no such folder.
        """
        if not self._is_checked and not self._terms.is_offline:
            self.endpoint.check()
            self._is_checked = True

    def forecast(self, requests: Sequence[ChatRequest]) -> CallForecast:
        """What a job will take, before anything is asked."""
        new: dict[str, ChatRequest] = {}
        for request in requests:
            call_id = call_id_of(request, self._identity)
            if call_id not in new and self._uncached.cache.get(call_id) is None:
                new[call_id] = request
        total = Spending()
        for request in new.values():
            total = total.plus(estimated_spending(request))
        limits = self._uncached.budget.limits
        return CallForecast(
            calls=total.calls,
            cached=len(requests) - len(new),
            prompt_tokens=total.prompt_tokens,
            completion_tokens=total.completion_tokens,
            cost=limits.cost(total),
            limit=limits.exceeded_by(self._uncached.budget.spent.plus(total)),
        )

    def ask_all(self, requests: Sequence[ChatRequest]) -> Iterator[Outcome]:
        """Ask with bounded concurrency; outcomes come in the requests' order.

        Only a few requests ahead of the outcome that is waited for are asked, so that a job
        which is left early has not paid for what nobody reads.

        Raises:
            RemoteError: The server is not there, or failed many times in a row and never
                answered.
            DiskFullError: A reply cannot be kept.
        """
        job = _CallJob(upcoming=iter(requests))
        try:
            while True:
                self._look_ahead(job)
                if not job.waiting:
                    return
                yield self._outcome(job, job.waiting.popleft())
        finally:
            self._leave(job)

    def _look_ahead(self, job: _CallJob) -> None:
        """Look up, and have asked, what comes next; groups are filled before they are sent."""
        at_once = self._uncached.endpoint.at_once
        if len(job.waiting) > self._num_ahead - at_once:
            return
        while not job.is_exhausted and len(job.waiting) < self._num_ahead:
            request = next(job.upcoming, None)
            if request is None:
                job.is_exhausted = True
                self._send(job, job.group)
                return
            job.waiting.append(self._pending_call(job, request))
            if len(job.group.calls) == at_once:
                self._send(job, job.group)

    def _pending_call(self, job: _CallJob, request: ChatRequest) -> _PendingCall:
        call_id = call_id_of(request, self._identity)
        if call_id in job.in_flight:
            return replace(job.in_flight[call_id], is_repeated=True)
        outcome: Outcome | None = self._uncached.cache.get(call_id)
        if outcome is None and self._terms.is_offline:
            outcome = ChatFailure(call_id=call_id, reason=NOT_CACHED)
        if outcome is not None:
            self._uncached.counting.add(outcome, self._uncached.budget.spent)
            return _PendingCall(call_id=call_id, outcome=outcome)
        pending = _PendingCall(call_id=call_id, group=job.group, index=len(job.group.calls))
        job.group.calls.append(Call(request=request, call_id=call_id))
        job.in_flight[call_id] = pending
        return pending

    def _send(self, job: _CallJob, group: _CallGroup) -> None:
        if group.future is None and group.calls:
            self.check()
            task = partial(self._uncached.answer, group.calls, job.stopping)
            group.future = self._thread_pool.submit(task)
            job.group = _CallGroup()

    def _outcome(self, job: _CallJob, pending: _PendingCall) -> Outcome:
        if pending.group is None:
            assert pending.outcome is not None, "a pending call has an outcome or a group"
            return pending.outcome
        self._send(job, pending.group)
        assert pending.group.future is not None, "it was just sent"
        outcome = pending.group.future.result()[pending.index]
        job.in_flight.pop(pending.call_id, None)
        if pending.is_repeated:
            if isinstance(outcome, ChatReply):
                outcome = replace(outcome, is_cached=True)
            self._uncached.counting.add(outcome, self._uncached.budget.spent)
        elif isinstance(outcome, ChatFailure):
            self._diagnose()
        return outcome

    def _diagnose(self) -> None:
        """End the job where the service never answered anything."""
        breaker = self._uncached.circuit_breaker
        if breaker.is_open and not breaker.has_succeeded and breaker.last is not None:
            last = breaker.last
            raise RemoteError(
                f"{self.endpoint.name} failed {breaker.most_in_a_row} times in a row and never "
                f"answered ({last.reason}: {last.detail})",
                cure="Run the same command again when it is there; nothing is asked twice.",
            )

    @staticmethod
    def _leave(job: _CallJob) -> None:
        """Take back what was not begun; what was is finished and kept, for it is paid."""
        job.stopping.set()
        for pending in job.waiting:
            if pending.group is not None and pending.group.future is not None:
                pending.group.future.cancel()
