"""What was thought of a served model's answers (`feedback.jsonl`) -> conversations to learn from.

A corrected answer is an example, the model's own beside it as the rejected one (read where
preferences are learned); and so is one with a thumb up. What is left teaches nothing as it
stands: a thumb down without a correction, or a note alone, is dropped by that name. The last word
on an answer counts.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import orjson

from tunesmith.sources.kind import Certainty, Recognition, SourceFile, SourceKind
from tunesmith.sources.row import Dropped, NotRead, Row, RowError
from tunesmith.sources.tables.json_files import read_json_lines_file

SCHEMA = "tunesmith.feedback/1"
NO_CORRECTION, NOT_JUDGED = "thumb down, no correction", "no thumb, no correction"
LATER = "later feedback"
LEFT_OUT_OF_FEEDBACK = frozenset({NO_CORRECTION, NOT_JUDGED, LATER})
_MARK = re.compile(rb'^\s*\{"schema": ?"' + re.escape(SCHEMA.encode()) + rb'"', re.MULTILINE)
_Pieces = Iterator[Row | Dropped | NotRead]


def read_feedback(file: SourceFile) -> _Pieces:
    """The conversations of a file of feedback, and what of it is set aside."""
    lines = partial(read_json_lines_file, file.path, file.name)
    last = {_answer_of(one): one.source for one in lines() if isinstance(one, Row)}
    for one in lines():
        if not isinstance(one, Row):
            yield one
            continue
        try:
            yield _example(one, last[_answer_of(one)])
            yield from _passed_over(one)
        except RowError as fault:
            text = orjson.dumps(dict(one.fields), default=str)
            yield Dropped.of(fault, source=one.source, text=text)


def _passed_over(row: Row) -> Iterator[NotRead]:
    """What an example is not made of: the note."""
    text = row.fields.get("note")
    if isinstance(text, str) and text:
        yield NotRead(source=row.source, name="column 'note'", text=text)


def _answer_of(row: Row) -> object:
    """The answer that a row is about; a row that does not say is about one of its own."""
    value = row.fields.get("answer_id")
    return value if isinstance(value, str) and value else (row.source,)


def _example(row: Row, last: str) -> Row:
    fields = row.fields
    if fields.get("schema") != SCHEMA:
        detail = f"schema is {str(fields.get('schema'))[:40]!r}, not {SCHEMA!r}"
        raise RowError("no feedback", detail)
    if last != row.source:
        raise RowError(LATER, f"{last} is about the same answer, and counts")
    answer = _best_answer(fields)
    asked = fields.get("messages")
    if not isinstance(asked, list) or not all(isinstance(one, Mapping) for one in asked):
        raise RowError("missing_messages_list", "messages is not a list of messages")
    turns = [*map(_untrained, asked), {"role": "assistant", "content": answer}]
    wrong = fields.get("answer") if fields.get("correction") else None
    rejected = {"rejected": wrong} if isinstance(wrong, str) and wrong.strip() else {}
    return Row(fields={"messages": turns, **rejected}, source=row.source)


def _best_answer(fields: Mapping[str, object]) -> str:
    """What should have been said.

    Raises:
        RowError: Nobody knows.
    """
    thumb = fields.get("thumb")
    answer = fields.get("correction") or (fields.get("answer") if thumb == "up" else None)
    if isinstance(answer, str) and answer.strip():
        return answer
    if thumb == "down":
        raise RowError(NO_CORRECTION, "nobody has said what is right")
    if thumb == "up":
        raise RowError("missing_content", "the answer with a thumb up is empty")
    raise RowError(NOT_JUDGED, "nobody has said whether the answer is right")


def _untrained(message: Mapping[str, Any]) -> dict[str, Any]:
    """Earlier answers are what the model said, not what is known to be right."""
    is_answer = message.get("role") == "assistant"
    return {**message, "weight": 0} if is_answer else dict(message)


def _recognise(file: SourceFile) -> Recognition | None:
    if file.is_tree or not _MARK.search(file.head):
        return None
    reason = "its rows are feedback on answers, as the page of `tunesmith serve` writes it"
    return Recognition(certainty=Certainty.CERTAIN, reason=reason)


FEEDBACK = SourceKind(
    name="feedback",
    description="thumbs and corrections of served answers",
    recognise=_recognise,
    read=read_feedback,
)
