"""Calls that are not in the cache -> their outcomes: budget, retries, circuit breaker."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tunesmith.endpoints.cache import CallCache
from tunesmith.endpoints.call_budget import CallBudget, SetAside, actual_spending
from tunesmith.endpoints.chat_request import ChatFailure, ChatRequest, Endpoint, Outcome
from tunesmith.endpoints.circuit_breaker import CircuitBreaker
from tunesmith.endpoints.counts import Counting
from tunesmith.endpoints.retries import RetryPolicy, may_pass, with_retries

BUDGET_SPENT = "budget spent"
GIVEN_UP = "service given up"
STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request and the name of its call."""

    request: ChatRequest
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UncachedCalls:
    """What all calls to an endpoint share; used by several threads.

    Attributes:
        endpoint: Who answers.
        cache: Where replies are kept.
        budget: What may be spent.
        circuit_breaker: Decides that a service is given up.
        counting: Counts final outcomes.
        retry_policy: How often a call is tried.
        deadline_seconds: After it a call is not tried again.
    """

    endpoint: Endpoint
    cache: CallCache
    budget: CallBudget
    circuit_breaker: CircuitBreaker
    counting: Counting
    retry_policy: RetryPolicy
    deadline_seconds: float

    def answer(self, calls: Sequence[Call], stopping: threading.Event) -> Sequence[Outcome]:
        """Ask until every call has its final outcome; replies are kept as they arrive.

        Args:
            calls: Handed over together.
            stopping: Set when nobody waits any more; calls in flight are finished.
        """
        final: dict[str, Outcome] = {}
        tries = dict.fromkeys((call.call_id for call in calls), 0)

        def attempt() -> Sequence[Outcome]:
            waiting = [call for call in calls if _is_open(final.get(call.call_id))]
            final.update(self._attempt(waiting, tries, stopping))
            return list(final.values())

        with_retries(self.retry_policy, self.deadline_seconds, stopping)(attempt)
        outcomes = [final[call.call_id] for call in calls]
        for call, outcome in zip(calls, outcomes, strict=True):
            self._note(call, outcome, tries[call.call_id])
        return outcomes

    def _attempt(
        self, calls: Sequence[Call], tries: dict[str, int], stopping: threading.Event
    ) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        allowed: list[tuple[Call, SetAside]] = []
        for call in calls:
            leave = self._leave_to_ask(call, stopping)
            if isinstance(leave, ChatFailure):
                outcomes[call.call_id] = leave
            else:
                tries[call.call_id] += 1
                allowed.append((call, leave))
        outcomes.update(self._replies(allowed))
        return outcomes

    def _leave_to_ask(self, call: Call, stopping: threading.Event) -> SetAside | ChatFailure:
        """What the budget set aside for a call, or why it is not made."""
        if stopping.is_set():
            return ChatFailure(call_id=call.call_id, reason=STOPPED)
        if self.circuit_breaker.is_open:
            last = self.circuit_breaker.last
            detail = f"after {last.reason}: {last.detail}" if last else ""
            return ChatFailure(call_id=call.call_id, reason=GIVEN_UP, detail=detail)
        aside = self.budget.set_aside(call.request)
        if isinstance(aside, str):
            return ChatFailure(call_id=call.call_id, reason=BUDGET_SPENT, detail=aside)
        return aside

    def _replies(self, allowed: Sequence[tuple[Call, SetAside]]) -> dict[str, Outcome]:
        """One attempt at each; what was paid for is in the books and in the cache."""
        outcomes: dict[str, Outcome] = {}
        if not allowed:
            return outcomes
        try:
            replies = self.endpoint.reply([call.request for call, _ in allowed])
            for (call, aside), outcome in zip(allowed, replies, strict=True):
                outcomes[call.call_id] = self._keep(call, outcome)
                self.budget.settle(aside, actual_spending(outcome, call.request))
            return outcomes
        finally:
            for call, aside in allowed:
                if call.call_id not in outcomes:
                    self.budget.settle(aside, None)

    def _keep(self, call: Call, outcome: Outcome) -> Outcome:
        if isinstance(outcome, ChatFailure):
            return replace(outcome, call_id=call.call_id)
        reply = replace(outcome, call_id=call.call_id)
        return self.cache.put(reply, call.request, self.endpoint.name)

    def _note(self, call: Call, outcome: Outcome, tries: int) -> None:
        if isinstance(outcome, ChatFailure):
            if outcome.reason == STOPPED:
                return
            if tries:
                self.cache.note_failure(outcome, call.request, self.endpoint.name, tries)
        if tries and not _is_ours(outcome):
            self.circuit_breaker.note(outcome)
        self.counting.add(outcome, self.budget.spent)


def _is_open(outcome: Outcome | None) -> bool:
    return outcome is None or may_pass([outcome])


def _is_ours(outcome: Outcome) -> bool:
    """Whether we ended the call, and the service said nothing."""
    ours = (STOPPED, GIVEN_UP, BUDGET_SPENT)
    return isinstance(outcome, ChatFailure) and outcome.reason in ours
