"""Dialogues of a table or a JSON file -> threads.

Either a row is a message, and an id says to which conversation it belongs; or all rows together
are one conversation; or conversations stand within the rows, however deep, as `dialogue_lists`
finds them. Columns and lists are found by their usual names and their values, or the recipe names
them.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tunesmith.errors import DataError
from tunesmith.sources.chats.post import check_held
from tunesmith.sources.dialogues.dialogue_lists import (
    ANY,
    ROOT,
    Keys,
    TurnList,
    find_turn_lists,
    holds_messages,
    thinned,
)
from tunesmith.sources.dialogues.dialogue_pieces import (
    Talk,
    leftovers,
    lists_in,
    talk_of,
    talk_pieces,
)
from tunesmith.sources.dialogues.dialogue_trees import BESIDE, trees_of_rows
from tunesmith.sources.dialogues.turn_fields import (
    Flat,
    TurnFields,
    field_key,
    find_turn_fields,
    flattened,
    named,
)
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.lines import excerpt
from tunesmith.sources.material import Thread
from tunesmith.sources.row import Dropped, NotRead, Row, RowError

_NUM_LOOKED_AT = 20_000  # values, to see where the dialogues stand
_NUM_ROWS = 200  # that are looked at before all are read
_OTHER_SHAPES = frozenset(
    {"summary", "label", "response", "output", "answer", "completion", "instruction", "system"}
    | {"chosen", "rejected", "reference", "instances", "targets", "candidates"}
)
Piece = Thread | Dropped | NotRead


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageColumns:
    """What the columns of a table of messages are called."""

    message: str
    thread: str
    role: str | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogueShape:
    """Where the dialogues of a file stand.

    Attributes:
        patterns: Of the lists of turns within a row; none where rows are turns themselves.
        columns: Of a table whose rows are messages, with a conversation's id.
        recipe: The names of a turn's fields, as the recipe says or the values show.
        sureness: As of the lists of turns; where a table is said to be one of messages, all is.
    """

    patterns: frozenset[Keys] = frozenset()
    columns: MessageColumns | None = None
    recipe: Mapping[str, str]
    sureness: int = 4

    @property
    def is_guess(self) -> bool:
        """Whether rows seem turns by their values alone, as texts with labels do, too."""
        return not self.patterns and self.columns is None and self.sureness < 2


def message_columns(names: Iterable[str], fields: Mapping[str, str]) -> MessageColumns | None:
    """The columns of a table whose rows are messages; None where it is no such table.

    Args:
        names: Of the columns.
        fields: What the recipe says of `thread`, `author`, `role` and `message`.
    """
    by_key = {field_key(name): name for name in names}
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
    return MessageColumns(message=message, thread=thread, role=role, author=author)


def find_shape(rows: Sequence[Row], fields: Mapping[str, str], name: str) -> DialogueShape | None:
    """Where the dialogues of some rows stand; None where there are none.

    Raises:
        DataError: Several lists may be the turns.
    """
    recipe = {ours: path for ours, path in fields.items() if ours in ("author", "role", "message")}
    found = _lists(rows, recipe)
    if not found:
        recipe = {**_learned(rows), **recipe}
        found = _lists(rows, recipe)
    patterns = _chosen(found, fields.get("thread"), name)
    sureness = max((one.sureness for one in found if one.pattern[1:] in patterns), default=0)
    columns = _columns(rows, fields)
    if columns and (sureness < 3 or () in patterns):
        return DialogueShape(columns=columns, recipe=recipe)
    if () in patterns:
        return None if _are_things(rows) else DialogueShape(recipe=recipe, sureness=sureness)
    return DialogueShape(patterns=patterns, recipe=recipe) if patterns else None


def are_dialogues(rows: Iterable[Row | Dropped], fields: Mapping[str, str], name: str) -> bool:
    """Whether rows are dialogues, or the messages of some; rows that are examples are not.

    It is not enough that columns have fitting names: both sides must be seen to speak.

    Raises:
        DataError: Several lists may be the turns.
    """
    first = _thinned(row for row in rows if isinstance(row, Row))
    if not first or _OTHER_SHAPES & first[0].fields.keys() or holds_messages(first[0].fields):
        return False
    shape = find_shape(first, fields, name)
    if shape is None or shape.is_guess or _are_labelled(first):
        return False
    pieces = _pieces(first, shape, name)
    return any(_has_two_sides(piece) for piece in pieces if isinstance(piece, Thread))


def _thinned(rows: Iterable[Row]) -> list[Row]:
    """Rows whose shape is looked at, however much they hold."""
    room = [_NUM_LOOKED_AT]
    found = []
    for row in rows:
        fields = thinned(row.fields, room)
        assert isinstance(fields, dict)
        found.append(Row(fields=fields, source=row.source))
    return found


def read_dialogues(
    rows: Iterable[Row | Dropped], fields: Mapping[str, str], name: str
) -> Iterator[Piece]:
    """The conversations of a table or list.

    Args:
        rows: As a table or JSON file gives them.
        fields: The columns that the recipe names.
        name: The file, for messages.

    Raises:
        DataError: A table of messages is longer than memory should hold, or it is unclear which
            list holds the turns.
    """
    iterator = iter(rows)
    first = list(itertools.islice(iterator, _NUM_ROWS))
    shape = find_shape(_thinned(row for row in first if isinstance(row, Row)), fields, name)
    yield from _pieces(itertools.chain(first, iterator), shape, name)


def _pieces(
    rows: Iterable[Row | Dropped], shape: DialogueShape | None, name: str
) -> Iterator[Thread | Dropped | NotRead]:
    if shape is None:
        yield from _without_shape(rows)
    elif shape.patterns:
        yield from _within_rows(rows, shape)
    else:
        yield from _of_messages(rows, shape, name)


def _has_two_sides(thread: Thread) -> bool:
    """Whether several speak, who are not all of one side; a side may be known of some alone."""
    parties = {turn.is_staff for turn in thread.turns}
    is_one_side = parties in ({True}, {False})
    return not is_one_side and len({turn.author for turn in thread.turns}) > 1


def _lists(rows: Sequence[Row], recipe: Mapping[str, str]) -> list[TurnList]:
    """The lists within rows, and all rows together as one; patterns begin with the row."""
    return find_turn_lists([row.fields for row in rows], recipe)


def _learned(rows: Sequence[Row]) -> dict[str, str]:
    """Names of fields that only all short dialogues together give away."""
    by_pattern: dict[Keys, list[Mapping[str, object]]] = {}
    for row in rows:
        for pattern, items in lists_in(row.fields):
            by_pattern.setdefault(pattern, []).extend(flattened(item) for item in items)
    for turns in by_pattern.values():
        fields = find_turn_fields(turns, {})
        if fields and not fields.is_named and fields.author:
            return {"author": fields.author, "message": fields.texts[0]}
    return {}


def _chosen(found: Sequence[TurnList], wanted: str | None, name: str) -> frozenset[Keys]:
    """The patterns, within a row, of the lists to read: those that the most speaks for."""
    examples: dict[Keys, TurnList] = {}
    for one in found:
        examples.setdefault(one.pattern, one)
    if wanted is not None:
        named_lists = [one for one in examples.values() if _is_at(one.pattern, wanted)]
        if named_lists:
            return frozenset(one.pattern[1:] for one in named_lists)
    top = max((one.sureness for one in found), default=0)
    best = [one for one in examples.values() if one.sureness == top]
    if len({one.pattern[-1:] for one in best}) > 1 and not _tell_the_same(best):
        raise _unclear(best, name)
    return frozenset(one.pattern[1:] for one in best)


def _is_at(pattern: Keys, wanted: str) -> bool:
    return wanted in (_dotted(pattern), *pattern[-1:])


def _dotted(pattern: Keys) -> str:
    return ".".join(key for key in pattern if key not in (ANY, ROOT))


def _tell_the_same(lists: Sequence[TurnList]) -> bool:
    said = [
        {str(turn.get(path)) for path in one.fields.texts for turn in one.turns} for one in lists
    ]
    return all(texts <= said[0] for texts in said)


def _unclear(lists: Sequence[TurnList], name: str) -> DataError:
    shown = []
    for one in lists:
        text = str(one.turns[0].get(one.fields.texts[0]))
        shown.append(f"'{_dotted(one.pattern)}' ({excerpt(text)[:60]!r})")
    lines = " or ".join(f"fields: {{thread: {_dotted(one.pattern)}}}" for one in lists)
    return DataError(
        f"several lists may hold the turns of a dialogue: {', '.join(shown)}",
        where=name,
        cure=f"Name one: {lines}.",
    )


def _columns(rows: Sequence[Row], fields: Mapping[str, str]) -> MessageColumns | None:
    return message_columns(flattened(rows[0].fields), fields) if rows else None


def _are_things(rows: Sequence[Row]) -> bool:
    """Whether rows have titles, as tickets and articles do, which are no turns."""
    titled = 0
    for row in rows:
        keys = {field_key(key): value for key, value in row.fields.items()}
        titled += any(keys.get(key) for key in named("title_columns"))
    return titled * 2 >= len(rows)


def _are_labelled(rows: Sequence[Row]) -> bool:
    """Whether rows are lists of two texts, of which the second are a few labels again and again."""
    pairs = [row.fields.get(ROOT) for row in rows]
    seconds = {str(pair[1]) for pair in pairs if isinstance(pair, list) and len(pair) == 2}
    return len(rows) > 3 and 0 < len(seconds) * 2 <= len(rows)


def _without_shape(rows: Iterable[Row | Dropped]) -> Iterator[Dropped]:
    for row in rows:
        yield row if isinstance(row, Dropped) else _no_conversation(row)


def _no_conversation(row: Row) -> Dropped:
    found = ", ".join(sorted(str(key)[:40] for key in row.fields)[:8])
    detail = (
        f"no conversation: found {found}. Name the columns: "
        "fields: {thread: COLUMN, role: COLUMN, message: COLUMN}"
    )
    return Dropped.of(
        RowError("missing field", detail), source=row.source, text=str(dict(row.fields))
    )


def _within_rows(rows: Iterable[Row | Dropped], shape: DialogueShape) -> Iterator[Piece]:
    for row in rows:
        if isinstance(row, Dropped):
            yield row
            continue
        found = find_turn_lists(row.fields, shape.recipe, shape.patterns)
        lists = [one for one in found if one.pattern in shape.patterns] or [
            one for one in found if one.sureness >= 3
        ]
        if not lists:
            yield _no_conversation(row)
            continue
        read: set[Keys] = set()
        for one in lists:
            talk, paths = talk_of(one, row)
            read |= paths
            yield from talk_pieces(talk)
        yield from leftovers(row, read)


def _of_messages(rows: Iterable[Row | Dropped], shape: DialogueShape, name: str) -> Iterator[Piece]:
    """Rows that are messages, of one conversation or of those that an id names."""
    talks: dict[str, list[Row]] = {}
    num_characters = 0
    for row in rows:
        if isinstance(row, Dropped):
            yield row
            continue
        key = "" if shape.columns is None else _key_of(row, shape.columns.thread)
        if isinstance(key, Dropped):
            yield key
            continue
        num_characters += len(str(row.fields))
        check_held(num_characters, name)
        talks.setdefault(key, []).append(row)
    everything = [flattened(row.fields) for row in itertools.chain(*talks.values())]
    recipe = dict(shape.recipe)
    if shape.columns:
        columns = shape.columns
        named_so = {"message": columns.message, "role": columns.role, "author": columns.author}
        recipe = {ours: path for ours, path in named_so.items() if path}
    fields = find_turn_fields(everything, recipe)
    if fields is None:
        yield from map(_no_conversation, itertools.chain(*talks.values()))
        return
    is_whole_file = shape.columns is None
    passed_over = {shape.columns.thread} if shape.columns else set()
    for rows_of_talk, turns in _talks(talks, everything, fields):
        talk = Talk(
            turns=turns,
            fields=fields,
            sources=[row.source for row in rows_of_talk],
            is_sorted=is_whole_file,
            is_whole_file=is_whole_file,
            passed_over=passed_over,
        )
        yield from talk_pieces(talk)


def _talks(
    talks: Mapping[str, list[Row]], turns: Sequence[Flat], fields: TurnFields
) -> Iterator[tuple[list[Row], list[Flat]]]:
    """The rows and turns of each conversation: of those that share an id, or of a tree."""
    rows = list(itertools.chain(*talks.values()))
    trees = trees_of_rows(turns, fields)
    for tree in trees:
        walked = [({**turns[at], BESIDE: True} if beside else turns[at]) for at, beside in tree]
        yield [rows[number] for number, _ in tree], walked
    begin = 0
    for rows_of_talk in () if trees else talks.values():
        end = begin + len(rows_of_talk)
        yield rows_of_talk, list(turns[begin:end])
        begin = end


def _key_of(row: Row, column: str) -> str | Dropped:
    """The conversation that a row belongs to."""
    values = flattened(row.fields)
    if column not in values:
        return _no_conversation(row)
    key = str(values[column] or "").strip()
    if key:
        return key
    fault = RowError("missing field", f"the field '{column}' is empty")
    return Dropped.of(fault, source=row.source, text=str(dict(row.fields)))
