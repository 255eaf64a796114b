"""A row in any of the usual shapes -> an Example, or Dropped with the reason.

The shapes are known by their keys: Alpaca, question/answer, prompt/completion, messages
(OpenAI), conversations (ShareGPT), text, and what Tunesmith itself writes. A recipe's
`fields` goes before. Whatever could be read in two ways is refused; keys that belong to
no shape are let be.
"""

import difflib
import json
from collections.abc import Mapping, Sequence

from tunesmith.examples.conversion.conversations import (
    TOOL_CALLS,
    check_conversation,
    has_tools,
    kind_of,
    read_messages,
)
from tunesmith.examples.conversion.end_markers import REMOVED, without_end_markers
from tunesmith.examples.example import Example, Message
from tunesmith.sources.row import Dropped, Row, RowError

RowFields = Mapping[str, object]
INSTRUCTIONS = ("instruction", "question", "prompt")
RESPONSES = ("response", "output", "answer", "completion")
LISTS = ("messages", "conversations")
_OWN_KEYS = ("id", "source", "group", "tags", "input", "system")
_RIVALS: dict[str, tuple[str, ...]] = {  # what a field that the recipe names puts out of question
    "instruction": (*LISTS, "text", *INSTRUCTIONS),
    "response": (*LISTS, "text", "chosen", *RESPONSES),
    "messages": (*LISTS, "text", "chosen", *INSTRUCTIONS, *RESPONSES),
    "text": (*LISTS, "text", "chosen", *INSTRUCTIONS, *RESPONSES),
    "input": ("input",),
    "system": ("system",),
}


def to_example(row: Row, fields: Mapping[str, str] | None = None) -> Example | Dropped:
    """Read one row.

    Args:
        row: Its fields as the source gave them. Null counts as absent.
        fields: Our name -> the row's, e.g. `{"response": "answer"}`.
    """
    try:
        columns = _renamed(row.fields, fields) if fields else row.fields
        messages, marker = without_end_markers(_messages(columns))
    except RowError as error:
        return drop_row(row, error)
    tags = _tags(columns) + ((f"{REMOVED}{marker}",) if marker else ())
    return Example(messages=messages, source=row.source, group=group_of(columns), tags=tags)


def drop_row(row: Row, fault: RowError) -> Dropped:
    """A row that makes no example, shown as JSON."""
    text = json.dumps(dict(row.fields), ensure_ascii=False, default=str)
    return Dropped.of(fault, source=row.source, text=text)


def _renamed(columns: RowFields, fields: Mapping[str, str]) -> dict[str, object]:
    """The columns under our names, without those that the named ones stand against."""
    rivals = set(fields.values())
    for ours in fields:
        rivals.update(_RIVALS.get(ours, ()))
    renamed = {key: value for key, value in columns.items() if key not in rivals}
    for ours, theirs in fields.items():
        if theirs not in columns:
            near = difflib.get_close_matches(theirs, columns, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            detail = f"no field '{theirs}' for {ours}; found {_found(columns)}.{hint}"
            raise RowError("missing field", detail)
        renamed[ours] = columns[theirs]
    return renamed


def _messages(columns: RowFields) -> tuple[Message, ...]:
    lists = _present(columns, LISTS)
    instruction = _instruction_key(columns)
    response = _response_key(columns, has_list=bool(lists))
    has_text = bool(_present(columns, ("text",)))
    if lists:
        messages = _listed(columns, lists)
        if instruction and response:
            _check_same(messages, _pair(columns, instruction, response), (lists[0], response))
    elif instruction and response:
        messages = _pair(columns, instruction, response)
        _check_rendering(columns.get("text"), messages, response)
    elif has_text:
        return (Message(role="assistant", content=_text(columns, "text", "empty text")),)
    elif response == "chosen" and not isinstance(columns["chosen"], str):
        messages = read_messages(columns["chosen"])
    else:
        raise _missing(columns, instruction, response)
    messages = _with_system(messages, columns)
    check_conversation(messages)
    return messages


def _present(columns: RowFields, keys: Sequence[str]) -> list[str]:
    """The keys that hold something; where none does, the first that is there and not null."""
    given = [key for key in keys if columns.get(key) is not None]
    return [key for key in given if columns[key] != ""] or given[:1]


def _instruction_key(columns: RowFields) -> str | None:
    """The field that asks. Of several, the one that the others only lay out."""
    found = _present(columns, INSTRUCTIONS)
    if len(found) < 2:
        return found[0] if found else None
    texts = {key: str(columns[key]) for key in found}
    shortest = min(found, key=lambda key: len(texts[key]))
    for key in found:
        if texts[shortest] not in texts[key]:
            raise _ambiguous(shortest, key, ours="instruction")
    return shortest


def _response_key(columns: RowFields, *, has_list: bool) -> str | None:
    found = _present(columns, RESPONSES)
    if columns.get("chosen") is not None and columns.get("rejected") is not None and not has_list:
        found = [*found, "chosen"]
    for key in found[1:]:
        if columns[key] != columns[found[0]]:
            raise _ambiguous(found[0], key, ours="response")
    return found[0] if found else None


def _listed(columns: RowFields, lists: Sequence[str]) -> tuple[Message, ...]:
    if _present(columns, ("text",)) and columns["text"] != "":
        raise _ambiguous(lists[0], "text", ours="messages")
    if has_tools(columns):
        raise RowError(TOOL_CALLS, "the row offers tools to call")
    messages = read_messages(columns[lists[0]])
    if len(lists) > 1:
        _check_same(messages, read_messages(columns[lists[1]]), (lists[0], lists[1]))
    return messages


def _pair(columns: RowFields, instruction: str, response: str) -> tuple[Message, ...]:
    """One question and one answer; prompt and completion may be lists of messages each."""
    if isinstance(columns[instruction], Sequence) and not isinstance(columns[instruction], str):
        before = read_messages(columns[instruction])
    else:
        content = _text(columns, instruction, "empty instruction")
        before = (Message(role="user", content=content, input=_input(columns)),)
    if isinstance(columns[response], Sequence) and not isinstance(columns[response], str):
        after = read_messages(columns[response])
    else:
        after = (Message(role="assistant", content=_text(columns, response, "empty response")),)
    return after if after[: len(before)] == before else before + after


def _text(columns: RowFields, key: str, reason: str) -> str:
    value = columns[key]
    if not isinstance(value, str):
        raise RowError("not a text", f"field '{key}' is {kind_of(value)}, not a text")
    if not value.strip():
        raise RowError(reason, f"field '{key}' is {'blank' if value else 'empty'}")
    return value


def _input(columns: RowFields) -> str:
    """Alpaca's input; one of blanks only says as little as none."""
    if columns.get("input") is None:
        return ""
    value = columns["input"]
    return _text(columns, "input", "") if not isinstance(value, str) or value.strip() else ""


def _with_system(messages: tuple[Message, ...], columns: RowFields) -> tuple[Message, ...]:
    value = columns.get("system")
    if value is None or value == "":
        return messages
    system = Message(role="system", content=_text(columns, "system", "empty system message"))
    if messages[0].role != "system":
        return (system, *messages)
    if messages[0].content != system.content:
        raise RowError("ambiguous", "a field 'system' and another system message in the list")
    return messages


def _check_same(first: Sequence[Message], second: Sequence[Message], keys: tuple[str, str]) -> None:
    def turns(messages: Sequence[Message]) -> list[tuple[str, str]]:
        return [(turn.role, turn.content) for turn in messages if turn.role != "system"]

    if turns(first) != turns(second):
        raise _ambiguous(*keys, ours="messages" if keys[0] in LISTS else "response")


def _check_rendering(text: object, messages: Sequence[Message], response: str) -> None:
    """Let a text pass that only lays out the instruction and the response beside it."""
    if text is None or text == "":
        return
    if not isinstance(text, str) or any(turn.content not in text for turn in messages):
        raise _ambiguous(response, "text", ours="response")


def _ambiguous(first: str, second: str, *, ours: str) -> RowError:
    return RowError(
        "ambiguous",
        f"both '{first}' and '{second}', and they differ. "
        f"Say which one counts: fields: {{{ours}: {first}}}.",
    )


def _missing(columns: RowFields, instruction: str | None, response: str | None) -> RowError:
    if instruction is None and response is None:
        nulls = [key for key in (*INSTRUCTIONS, *RESPONSES, *LISTS, "text") if key in columns]
        if nulls:
            return RowError("null field", f"field '{nulls[0]}' is null")
        return RowError(
            "missing field",
            f"no field 'instruction', 'messages' or 'text'; found {_found(columns)}. Map them: "
            "fields: {instruction: COLUMN, response: COLUMN}.",
        )
    ours, known = ("response", RESPONSES) if instruction else ("instruction", INSTRUCTIONS)
    for key in known:
        if key in columns:
            return RowError("null field", f"field '{key}' is null")
    others = [key for key in columns if key not in (instruction, response, *_OWN_KEYS)]
    column = others[0] if len(others) == 1 else "COLUMN"
    return RowError(
        "missing field",
        f"no field '{ours}'; found {_found(columns)}. Map it: fields: {{{ours}: {column}}}.",
    )


def _found(columns: RowFields) -> str:
    names = sorted(str(key)[:40] for key in columns)
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return (", ".join(names[:8]) + more) or "nothing"


def group_of(columns: RowFields) -> str | None:
    """What the row itself says it may not be separated from."""
    value = columns.get("group")
    return value if isinstance(value, str) and value else None


def _tags(columns: RowFields) -> tuple[str, ...]:
    value = columns.get("tags")
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        return ()
    return tuple(value)
