"""Questions to a server -> its answers in their order, several at once; nothing is ever cached."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tunesmith.endpoints.chat_request import ChatFailure, Outcome
from tunesmith.endpoints.retries import RetryPolicy, with_retries
from tunesmith.endpoints.thread_pool import ThreadPool
from tunesmith.errors import RemoteError

_EMPTY = "no content"
_OUTAGES = 5  # in a row, after which nothing more is asked
_DEADLINE_SECONDS = 600.0
_PATIENCE = RetryPolicy(attempts=3, first_wait_seconds=0.5, longest_wait_seconds=5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedAnswer:
    """What a server answered.

    Attributes:
        text: As it came.
        finish_reason: `stop` or `length`.
        prompt_tokens: As the server counts them; None if it does not.
        failure: Why there is no answer; None where there is one.
    """

    text: str = ""
    finish_reason: str = "stop"
    prompt_tokens: int | None = None
    failure: str | None = None


def ask_server(
    questions: Sequence[Callable[[], Outcome]],
    *,
    at_once: int = 4,
    on_answer: Callable[[], None] = lambda: None,
) -> list[ServedAnswer]:
    """Ask everything; what fails for a passing reason is tried three times.

    Args:
        questions: Each asks once.
        at_once: Calls in flight.
        on_answer: Told of each answer.

    Raises:
        RemoteError: The service failed five times in a row.
    """
    stopping = threading.Event()
    pool: ThreadPool[Sequence[Outcome]] = ThreadPool(at_once)
    futures = [pool.submit(lambda ask=ask: _patiently(ask, stopping)) for ask in questions]  # type: ignore[misc]
    answers: list[ServedAnswer] = []
    num_outages = 0
    try:
        for future in futures:
            (outcome,) = future.result()
            num_outages = num_outages + 1 if _is_outage(outcome) else 0
            if num_outages == min(_OUTAGES, len(questions)):
                raise _given_up(outcome, num_outages)
            answers.append(served_answer(outcome))
            on_answer()
    finally:
        stopping.set()
        for future in futures:
            future.cancel()
        pool.close()
    return answers


def served_answer(outcome: Outcome) -> ServedAnswer:
    """An outcome as an answer; one without text is an empty answer, for a model may give that."""
    if not isinstance(outcome, ChatFailure):
        return ServedAnswer(
            text=outcome.text,
            finish_reason=outcome.finish_reason,
            prompt_tokens=outcome.prompt_tokens,
        )
    if outcome.reason == _EMPTY:
        return ServedAnswer(prompt_tokens=outcome.prompt_tokens)
    detail = f": {outcome.detail[:200]}" if outcome.detail else ""
    return ServedAnswer(failure=f"{outcome.reason}{detail}")


def _patiently(ask: Callable[[], Outcome], stopping: threading.Event) -> Sequence[Outcome]:
    def attempt() -> Sequence[Outcome]:
        if stopping.is_set():
            return [ChatFailure(call_id="", reason="stopped")]
        outcome = ask()
        if isinstance(outcome, ChatFailure) and outcome.reason == _EMPTY:
            outcome = replace(outcome, is_passing=False, is_outage=False)
        return [outcome]

    found: Sequence[Outcome] = with_retries(_PATIENCE, _DEADLINE_SECONDS, stopping)(attempt)
    return found


def _is_outage(outcome: Outcome) -> bool:
    return isinstance(outcome, ChatFailure) and outcome.is_outage and outcome.reason != _EMPTY


def _given_up(outcome: Outcome, times: int) -> RemoteError:
    assert isinstance(outcome, ChatFailure), "an outage is a failure"
    return RemoteError(
        f"the server failed {times} times in a row ({outcome.reason}: {outcome.detail[:300]})",
        cure="Look at its log, and at the address: it mostly ends in /v1.",
    )
