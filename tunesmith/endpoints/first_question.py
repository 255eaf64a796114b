"""A server -> nothing, if it answers one small question; else the error, before any work.

A list of models tells neither whether a key may ask them, nor whether the address of the chat is
right. A server that never answers would end a run after its training.
"""

import time

from tunesmith.endpoints.chat_request import ChatFailure, ChatMessage, ChatRequest, Endpoint
from tunesmith.errors import RemoteError

_TRIES = 3
_PAUSE_SECONDS = 1.0
_FOR_GOOD = ("a web page instead of JSON", "not JSON", "no choices")  # of another address, say
_QUESTION = ChatRequest(
    messages=(ChatMessage(role="user", content="Say: ready"),),
    purpose="first question@1",
    max_tokens=16,
)


def ask_first_question(endpoint: Endpoint, *, where: str, url: str) -> str:
    """Ask a server one question, again where it may pass; its answer is not kept.

    Args:
        endpoint: The server.
        where: The recipe's key, for messages.
        url: Its address.

    Returns:
        What it cost, for people.

    Raises:
        RemoteError: It does not answer, and there is no hope that it will.
    """
    for number in range(_TRIES):
        if number:
            time.sleep(_PAUSE_SECONDS)
        (outcome,) = endpoint.reply([_QUESTION])
        if not isinstance(outcome, ChatFailure) or not outcome.is_passing:
            break
    if not isinstance(outcome, ChatFailure):
        tokens = (outcome.prompt_tokens or 0) + (outcome.completion_tokens or 0)
        return f"one question of {tokens} tokens" if tokens else "one short question"
    if outcome.is_outage and (not outcome.is_passing or outcome.reason in _FOR_GOOD):
        raise RemoteError(
            f"{url} does not answer {endpoint.name!r} a first question ({outcome.reason}: "
            f"{outcome.detail[:200]})",
            where=where,
            cure="Look at url, model and key; whoever never answers would end the run late.",
        )
    return f"one short question, without an answer yet ({outcome.reason})"
