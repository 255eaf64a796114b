"""A run's own prompts -> how a server continues them, where it continues raw prompts at all."""

from collections.abc import Callable, Sequence
from functools import partial

from tunesmith.endpoints.chat_request import ChatFailure
from tunesmith.endpoints.openai_api import OpenAiEndpoint
from tunesmith.serving.check.answer_match import Reader, match_answer
from tunesmith.serving.check.checked_row import CheckedRow
from tunesmith.serving.check.served_answer import ServedAnswer, ask_server, served_answer

_TRIED = 3  # rows that find out how a server takes raw prompts
_Written = Callable[[CheckedRow], str | list[int]]


def continue_prompts(
    endpoint: OpenAiEndpoint,
    rows: Sequence[CheckedRow],
    reader: Reader,
    *,
    max_tokens: int,
    on_answer: Callable[[], None],
) -> list[ServedAnswer] | None:
    """Have every prompt continued, written as the server reads it best.

    As ids, where it takes them; else as text; and as text without its begin token, for a server
    may put one before it on its own. A few rows tell which of the three is answered as by the run.

    Returns:
        An answer a row; None where the server continues no raw prompt.
    """
    begin = reader.tokenizer.texts.begin_token or ""
    ways: tuple[_Written, ...] = (
        lambda row: list(row.ids),
        lambda row: row.text,
        lambda row: row.text.removeprefix(begin),
    )
    best: _Written | None = None
    most = -1
    for way in ways:
        good = _num_good(endpoint, rows[:_TRIED], way, reader, max_tokens)
        if good is not None and good > most:
            best, most = way, good
        if good == len(rows[:_TRIED]):
            break
    if best is None:
        return None
    asks = [partial(endpoint.complete, best(row), max_tokens=max_tokens) for row in rows]
    return ask_server(asks, on_answer=on_answer)


def _num_good(
    endpoint: OpenAiEndpoint,
    rows: Sequence[CheckedRow],
    way: _Written,
    reader: Reader,
    max_tokens: int,
) -> int | None:
    """How many rows are answered as by the run; None where none is answered at all."""
    good, is_there = 0, False
    for row in rows:
        outcome = endpoint.complete(way(row), max_tokens=max_tokens)
        is_there = is_there or not isinstance(outcome, ChatFailure)
        good += match_answer(row, served_answer(outcome), reader).is_good
    return good if is_there else None
