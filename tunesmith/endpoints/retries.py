"""Retries with backoff: a failure that may pass -> how long to wait, and when to give up."""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_result,
    sleep_using_event,
    stop_after_attempt,
    stop_any,
    stop_before_delay,
    stop_when_event_set,
    wait_random_exponential,
)

from tunesmith.endpoints.chat_request import ChatFailure, Outcome

LONGEST_RETRY_AFTER_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how long a call is tried.

    Attributes:
        attempts: At most.
        first_wait_seconds: The first wait is drawn from 0 to this; doubled each time.
        longest_wait_seconds: However often it was doubled.
        outages_in_a_row: Calls that fail for the service's sake before it is given up.
        sleep: How to wait; None waits until the job is stopped.
    """

    attempts: int = 5
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 30.0
    outages_in_a_row: int = 5
    sleep: Callable[[float], None] | None = None


def may_pass(outcomes: Sequence[Outcome]) -> bool:
    """Whether another attempt has sense; a server that asks for an hour is not waited for."""
    return bool(_passing(outcomes))


def _passing(outcomes: Sequence[Outcome]) -> list[ChatFailure]:
    return [
        outcome
        for outcome in outcomes
        if isinstance(outcome, ChatFailure)
        and outcome.is_passing
        and (outcome.retry_after_seconds or 0) <= LONGEST_RETRY_AFTER_SECONDS
    ]


def with_retries(
    policy: RetryPolicy, deadline_seconds: float, stopping: threading.Event
) -> Retrying:
    """Call something that returns outcomes until none may pass or patience ends.

    Args:
        policy: How often, and how long to wait between.
        deadline_seconds: After it no attempt begins.
        stopping: Set when nobody waits for the outcomes any more.
    """
    jitter = wait_random_exponential(
        multiplier=policy.first_wait_seconds, max=policy.longest_wait_seconds
    )

    def wait(state: RetryCallState) -> float:
        asked = [
            failure.retry_after_seconds
            for failure in _passing(_result(state))
            if failure.retry_after_seconds is not None
        ]
        if not asked:
            return jitter(state)
        longest = max(asked)
        # The servers' clients would otherwise all come back in the same instant.
        return longest + (random.uniform(0, policy.first_wait_seconds) if longest else 0)

    return Retrying(
        retry=retry_if_result(may_pass),
        wait=wait,
        stop=stop_any(
            stop_after_attempt(policy.attempts),
            stop_before_delay(deadline_seconds),
            stop_when_event_set(stopping),
        ),
        sleep=policy.sleep or sleep_using_event(stopping),
        retry_error_callback=_result,
    )


def _result(state: RetryCallState) -> Sequence[Outcome]:
    assert state.outcome is not None, "asked only after an attempt"
    outcomes: Sequence[Outcome] = state.outcome.result()
    return outcomes
