"""Support dialogues of a table or a JSON file -> threads.

Either a row is a message, and an id says to which conversation it belongs; or a row is a
conversation: a list of objects with speaker and text, a list of pairs, or one text whose lines
begin with `Agent:` and `Customer:`. Columns are found by their usual names, or named.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from tunesmith.sources.chats.post import NO_TEXT, SYSTEM_MESSAGE, as_thread, check_held
from tunesmith.sources.chats.speaker_labels import is_action, is_staff_label, labelled_lines
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped, Row, RowError

_TRAINING_KEYS = ({"role", "content"}, {"from", "value"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageColumns:
    """What the columns of a table of messages, or the keys of a turn, are called."""

    message: str
    thread: str | None = None
    role: str | None = None
    author: str | None = None
    time: str | None = None


def message_columns(names: Iterable[str], fields: Mapping[str, str]) -> MessageColumns | None:
    """The columns of a table whose rows are messages; None where it is no such table.

    Args:
        names: Of the columns.
        fields: What the recipe says of `thread`, `author`, `role` and `message`.
    """
    by_key = {name.strip().casefold().replace(" ", "_").replace("-", "_"): name for name in names}

    usual = lexicon(__package__)

    def find(ours: str, columns: str, taken: Iterable[str | None] = ()) -> str | None:
        if ours in fields:
            return fields[ours] if fields[ours] in by_key.values() else None
        found = (by_key[key] for key in usual.words(columns) if key in by_key)
        return next((name for name in found if name not in taken), None)

    thread = find("thread", "thread_columns")
    message = find("message", "message_columns", [thread])
    role = find("role", "role_columns", [thread, message])
    author = find("author", "author_columns", [thread, message, role])
    if thread is None or message is None or (role is None and author is None):
        return None
    time = find("time", "time_columns", [thread, message, role, author])
    return MessageColumns(message=message, thread=thread, role=role, author=author, time=time)


def conversation_column(row: Mapping[str, object], fields: Mapping[str, str]) -> str | None:
    """The column of a row that holds a whole conversation; None where none does."""
    named = fields.get("thread") or fields.get("message")
    if named is not None and named in row and _is_conversation(row[named]):
        return named
    by_key = {str(name).strip().casefold(): str(name) for name in row}
    for key in lexicon(__package__).words("conversation_columns"):
        if key in by_key and _is_conversation(row[by_key[key]]):
            return by_key[key]
    return None


def read_dialogues(
    rows: Iterable[Row | Dropped], fields: Mapping[str, str], name: str
) -> Iterator[Thread | Dropped]:
    """The conversations of a table or list.

    Args:
        rows: As a table or JSON file gives them.
        fields: The columns that the recipe names.
        name: The file, for messages.

    Raises:
        DataError: A table of messages is longer than memory should hold.
    """
    talks: dict[str, list[tuple[float | None, Turn]]] = {}
    num_characters = 0
    for row in rows:
        if isinstance(row, Dropped):
            yield row
            continue
        try:
            if conversation_column(row.fields, fields) is not None:
                yield from _conversation(row, fields)
                continue
            key, seconds, turn = _message(row, fields)
        except RowError as fault:
            yield Dropped.of(fault, source=row.source, text=str(dict(row.fields)))
            continue
        num_characters += len(turn.text)
        check_held(num_characters, name)
        talks.setdefault(key, []).append((seconds, turn))
    for talk in talks.values():
        if all(seconds is not None for seconds, _ in talk):
            talk.sort(key=lambda item: item[0] or 0.0)
        yield as_thread([turn for _, turn in talk], ())


def _message(row: Row, fields: Mapping[str, str]) -> tuple[str, float | None, Turn]:
    """The conversation a row belongs to, its time and its message."""
    columns = message_columns([str(name) for name in row.fields], fields)
    if columns is None or columns.thread is None:
        found = ", ".join(sorted(str(key)[:40] for key in row.fields)[:8])
        detail = (
            f"no conversation: found {found}. Name the columns: "
            "fields: {thread: COLUMN, role: COLUMN, message: COLUMN}"
        )
        raise RowError("missing field", detail)
    key = row.fields.get(columns.thread)
    if key is None or not str(key).strip():
        raise RowError("missing field", f"the field '{columns.thread}' is empty")
    turn = _turn(row.fields, columns, row.source)
    seconds = _seconds(row.fields.get(columns.time)) if columns.time else None
    return str(key), seconds, replace(turn, seconds=seconds)


def _conversation(row: Row, fields: Mapping[str, str]) -> Iterator[Thread | Dropped]:
    """A row that is a whole conversation."""
    column = conversation_column(row.fields, fields)
    assert column is not None
    value = row.fields[column]
    turns: list[Turn] = []
    for number, item in enumerate(_items(value), start=1):
        source = f"{row.source} turn {number}"
        try:
            turns.append(_list_turn(item, fields, source))
        except RowError as fault:
            yield Dropped.of(fault, source=source, text=str(item))
    if turns:
        yield as_thread(turns, ())


def _items(value: object) -> Iterable[object]:
    if isinstance(value, str):
        return labelled_lines(value)
    assert isinstance(value, list | tuple)
    return value


def _list_turn(item: object, fields: Mapping[str, str], source: str) -> Turn:
    if isinstance(item, list | tuple):
        if len(item) != 2 or not all(isinstance(part, str) for part in item):
            raise RowError("data_type", "a turn must be a pair of speaker and text")
        columns = MessageColumns(message="text", author="speaker")
        return _turn({"speaker": item[0], "text": item[1]}, columns, source)
    if not isinstance(item, Mapping):
        raise RowError("data_type", "a turn must be a pair or an object")
    found = _turn_columns(item, fields)
    if found is None:
        keys = ", ".join(sorted(map(str, item))[:8])
        raise RowError("missing field", f"a turn needs speaker and text; found {keys}")
    return _turn(item, found, source)


def _turn_columns(item: Mapping[str, object], fields: Mapping[str, str]) -> MessageColumns | None:
    named = {key: value for key, value in fields.items() if value in item}
    return message_columns(["thread", *map(str, item)], {**named, "thread": "thread"})


def _turn(values: Mapping[str, object], columns: MessageColumns, source: str) -> Turn:
    text = values.get(columns.message)
    if text is not None and not isinstance(text, str):
        raise RowError("not a text", f"the field '{columns.message}' is no text")
    role, author = (
        _word(values.get(name)) if name else "" for name in (columns.role, columns.author)
    )
    if not role and not author:
        raise RowError("no author", "nobody is named as the speaker")
    if any(is_action(word) for word in (role, author)):
        raise RowError(SYSTEM_MESSAGE, f"of the kind {role or author}")
    if not text or not text.strip():
        raise RowError(NO_TEXT, f"the field '{columns.message}' is empty")
    is_staff = is_staff_label(role) if role else None
    if is_staff is None:
        is_staff = is_staff_label(author)
    name = author or role
    if is_staff is not None and role and author:
        name = f"{author} ({role})"  # an account may stand on both sides of different tickets
    return Turn(author=name, text=text.strip(), source=source, is_staff=is_staff)


def _word(value: object) -> str:
    return "" if value is None else str(value).strip()


def _is_conversation(value: object) -> bool:
    if isinstance(value, str):
        return len(labelled_lines(value)) > 1
    if not isinstance(value, list | tuple) or not value:
        return False
    first = value[0]
    if isinstance(first, Mapping):
        if any(keys <= first.keys() for keys in _TRAINING_KEYS):
            return False  # those are read as rows
        return _turn_columns(first, {}) is not None
    return isinstance(first, list | tuple) and len(first) == 2


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    text = str(value).strip()
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.timestamp()
