"""A JSON value, nested however -> the lists in it whose elements are the turns of a dialogue.

Objects with speaker and text, pairs of them, exchanges of two texts, texts in turn, a labelled
text, objects by number, columns side by side, and trees of answers all become lists of objects.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from tunesmith.sources.chats.message_intent import asks_question
from tunesmith.sources.dialogues.dialogue_trees import tree_turns
from tunesmith.sources.dialogues.speaker_labels import is_action, labelled_lines
from tunesmith.sources.dialogues.turn_fields import (
    MAX_LOOKED_AT,
    Flat,
    TurnFields,
    field_key,
    find_turn_fields,
    flattened,
    is_flagged,
    named,
    side_of,
)

Keys = tuple[str, ...]
ANY = "*"  # in a pattern: an element of a list, or of objects by their id
ROOT = ""  # the key of a row that is no object
ROLE, SPEAKER, TEXT = "role", "speaker", "text"  # keys of turns that were no objects
_TRAINING_KEYS = (("role", "content"), ("from", "value"))
_NUMBERED = re.compile(r"\D{0,20}?[ _-]?(\d{1,6})")
_LONGEST_LABEL = 40
_MOST_PARTS = 120  # of a list or a collection, of which the shape shows in the first ones
_MANY_PARTS = 30  # of an object that is a collection


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnList:
    """A list of turns and where it stands.

    Attributes:
        path: Keys and numbers from the top down to it.
        pattern: The same with `*` for what differs from one dialogue to the next.
        turns: Each as an object with paths for keys.
        fields: Where in them speaker and text stand.
        sureness: From 1, where values alone speak for it, to 4, where all names do.
    """

    path: Keys
    pattern: Keys
    turns: Sequence[Flat]
    fields: TurnFields
    sureness: int


class _SearchFor(NamedTuple):
    """What is looked for, and where, if that is known."""

    recipe: Mapping[str, str]
    ways: frozenset[Keys] | None


def find_turn_lists(
    value: object, recipe: Mapping[str, str], patterns: frozenset[Keys] = frozenset()
) -> list[TurnList]:
    """All lists of turns in a value that do not stand within another one.

    Args:
        value: A row, or a whole file.
        recipe: What it says of `author`, `role` and `message`.
        patterns: Where they stand; nothing else is looked at, unless nothing is there.
    """
    ways = frozenset(one[:depth] for one in patterns for depth in range(1, len(one) + 1))
    found = _within(value, (), (), _SearchFor(recipe, ways or None), None)
    at_once = [one for one in found if one.pattern in patterns]
    if ways and not at_once:
        return _within(value, (), (), _SearchFor(recipe, None), None)
    return at_once if ways else found


def thinned(value: object, room: list[int]) -> object:
    """The beginning of a value, which shows its shape: long lists and collections are cut.

    Args:
        value: However long.
        room: How many values may still be kept; where none are left, each list keeps its first.
    """
    room[0] -= 1
    if isinstance(value, Mapping):
        kept: dict[object, object] = {}
        is_collection = all(isinstance(part, Mapping | list | tuple) for part in value.values())
        for key, part in islice(value.items(), _MOST_PARTS if is_collection else None):
            if room[0] <= 0 and is_collection and len(value) > _MANY_PARTS and kept:
                break
            kept[key] = thinned(part, room)
        return kept
    if isinstance(value, list | tuple):
        items: list[object] = []
        for part in value[:_MOST_PARTS]:
            if room[0] <= 0 and items:
                break
            items.append(thinned(part, room))
        return items
    return value


def holds_messages(row: Mapping[str, object]) -> bool:
    """Whether a column of a row is a conversation as training data has it, which rows are read by.

    That is one of the usual roles with their usual keys, or one in which nobody is named.
    """
    for column, value in row.items():
        if field_key(str(column)) in named("columns_of_rows"):
            first = value[0] if isinstance(value, list | tuple) and value else value
            found = _turn_list(_forms(value, "dialog", is_root=False), (), (str(column),), {})
            is_nameless = (
                found is not None and found.fields.role == ROLE and ROLE not in _keys(first)
            )
            if is_nameless or (isinstance(value, list | tuple) and _is_training(value)):
                return True
    return False


def _keys(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, Mapping) else frozenset()


def _is_training(messages: Sequence[object]) -> bool:
    """Whether messages have the keys and the roles of OpenAI or ShareGPT."""
    for message in messages:
        keys = next((keys for keys in _TRAINING_KEYS if set(keys) <= _keys(message)), None)
        if keys is None or not isinstance(message, Mapping):
            return False
        if str(message[keys[0]]).casefold() not in named("training_roles"):
            return False
    return bool(messages)


def children_of(value: object) -> Iterator[tuple[str, object, bool]]:
    """The parts of a list or object by key, and whether they are of one kind."""
    if isinstance(value, Mapping):
        is_collection = _is_collection(value)
        for key, part in value.items():
            yield str(key), part, is_collection
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value, start=1):
            yield str(number), part, True


def _within(
    value: object, path: Keys, pattern: Keys, search: _SearchFor, parent: object
) -> list[TurnList]:
    tree = tree_turns(value, parent) if isinstance(value, Mapping) else []
    if tree and (own := _turn_list([tree], path, pattern, search.recipe)):
        return [own]
    is_root = all(key in (ANY, ROOT) for key in pattern)
    forms = _forms(value, _name_of(pattern), is_root=is_root)
    own = _turn_list(forms, path, pattern, search.recipe)
    if own and isinstance(value, list | tuple) and isinstance(value[0], list | tuple):
        return [own]  # of pairs
    if own and own.sureness == 4 and not _holds_replies(own):
        return [own]
    inner: list[TurnList] = []
    for key, part, is_any in children_of(value):
        step = (*pattern, ANY if is_any and key != ROOT else key)
        is_nest = isinstance(part, list | tuple | Mapping) or field_key(key) in _dialogue_names()
        if is_nest and (search.ways is None or step in search.ways):
            inner += _within(part, (*path, key), step, search, value)
    if own is None or (any(one.sureness >= 3 for one in inner) and _holds_others(own, inner)):
        return inner
    return [own]


def _holds_replies(own: TurnList) -> bool:
    """Whether turns hold lists that may be answers to each of them."""
    paths = {path for turn in own.turns[:MAX_LOOKED_AT] for path in turn}
    return any(field_key(path.rpartition(".")[2]) in named("reply_lists") for path in paths)


def _holds_others(own: TurnList, inner: Sequence[TurnList]) -> bool:
    """Whether an outer list is rather one of tickets, each with its own messages."""
    return own.sureness < 4 or any(_name_of(one.pattern) in named("reply_lists") for one in inner)


def _turn_list(
    forms: Iterable[Sequence[Mapping[str, object]]],
    path: Keys,
    pattern: Keys,
    recipe: Mapping[str, str],
) -> TurnList | None:
    name = _name_of(pattern)
    if name in named("annotation_lists"):
        return None
    for turns in forms:
        flat: Sequence[Flat] = [flattened(turn) for turn in turns]
        fields = find_turn_fields(flat, recipe)
        if fields is None and recipe.keys().isdisjoint(("author", "role")):
            flat, fields = _alternating(flat, name, recipe)
        sureness = _sureness(flat, fields, name) if fields else 0
        if fields and sureness:
            return TurnList(
                path=path, pattern=pattern, turns=flat, fields=fields, sureness=sureness
            )
    return None


def _forms(value: object, name: str, *, is_root: bool) -> Iterator[Sequence[Mapping[str, object]]]:
    """A value as turns, in each way that its form allows."""
    is_dialogue = name in _dialogue_names()
    if isinstance(value, str):
        if is_dialogue and (lines := labelled_lines(value)):
            yield [{SPEAKER: who, TEXT: text} for who, text in lines]
    elif isinstance(value, Mapping):
        yield from _forms_of_object(value)
    elif isinstance(value, list | tuple) and value:
        yield from _forms_of_list(value, is_dialogue=is_dialogue, name=name, is_root=is_root)


def _forms_of_object(value: Mapping[str, object]) -> Iterator[Sequence[Mapping[str, object]]]:
    parts = list(value.values())
    numbers = [_NUMBERED.fullmatch(str(key)) for key in value]
    if len(parts) > 1 and all(numbers) and all(isinstance(part, Mapping) for part in parts):
        order = sorted(
            zip(numbers, parts, strict=True), key=lambda one: int(one[0][1]) if one[0] else 0
        )
        turns = [part for _, part in order if isinstance(part, Mapping)]
        yield turns
        yield _exchanged(turns)
    columns = {
        key: part for key, part in value.items() if isinstance(part, list) and _is_column(part)
    }
    if len(columns) > 1 and len({len(column) for column in columns.values()}) == 1:
        rows = zip(*columns.values(), strict=True)
        yield [dict(zip(columns, row, strict=True)) for row in rows]


def _is_column(value: Sequence[object]) -> bool:
    """Whether a list holds one plain value for each turn."""
    is_plain = all(one is None or isinstance(one, str | int | float) for one in value)
    return len(value) > 1 and is_plain


def _forms_of_list(
    value: Sequence[object], *, is_dialogue: bool, name: str, is_root: bool
) -> Iterator[Sequence[Mapping[str, object]]]:
    if all(isinstance(item, Mapping) for item in value):
        turns = [item for item in value if isinstance(item, Mapping)]
        if is_dialogue:
            yield _exchanged(turns)
        yield turns
    elif all(isinstance(item, list | tuple) and 2 <= len(item) <= 4 for item in value):
        yield from _paired(
            [list(item) for item in value if isinstance(item, list | tuple)], is_dialogue
        )
    elif all(isinstance(item, str) for item in value) and len(value) > 1:
        texts = [item for item in value if isinstance(item, str)]
        if lines := labelled_lines("\n".join(texts)):
            yield [{SPEAKER: who, TEXT: text} for who, text in lines]
        elif is_dialogue or is_root or name in named("unnamed_conversations"):
            yield _in_turn(texts)


def _paired(
    pairs: Sequence[list[object]], is_dialogue: bool
) -> Iterator[list[Mapping[str, object]]]:
    """Pairs of speaker and text; or of two texts, of which the second answers."""
    firsts = [str(pair[0]) for pair in pairs]
    if not all(isinstance(pair[1], str) for pair in pairs):
        return
    is_short = all(len(first) <= _LONGEST_LABEL for first in firsts)
    is_told = any(side_of(first) is not None or is_action(first) for first in firsts)
    is_few = len(pairs) > 2 and len(set(firsts)) <= max(2, len(pairs) // 2)
    if is_short and (is_told or is_few):
        yield [{SPEAKER: pair[0], TEXT: pair[1], "more": pair[2:]} for pair in pairs]
    elif is_dialogue:
        yield _in_turn([str(text) for pair in pairs for text in pair[:2]])


def _in_turn(texts: Sequence[str]) -> list[Mapping[str, object]]:
    """Texts of two people in turn, of whom the first asks."""
    if sum(" " in text or not text.isascii() for text in texts) * 2 < len(texts):
        return []
    roles = ("user", "assistant")
    return [{ROLE: roles[number % 2], TEXT: text} for number, text in enumerate(texts)]


def _exchanged(items: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """Objects that hold a question and its answer, as `{human: ..., assistant: ...}` does."""
    turns: list[Mapping[str, object]] = []
    for item in items:
        asked = _key_of_side(item, is_staff=False)
        answered = _key_of_side(item, is_staff=True)
        if asked is None or answered is None:
            return []
        others = {key: part for key, part in item.items() if key not in (asked, answered)}
        turns.append({**others, ROLE: "user", TEXT: item[asked]})
        turns.append({ROLE: "assistant", TEXT: item[answered]})
    return turns


def _key_of_side(item: Mapping[str, object], *, is_staff: bool) -> str | None:
    usual = ("output", "system") if is_staff else ("input",)
    for key, part in item.items():
        is_side = side_of(str(key)) is is_staff or field_key(str(key)) in usual
        if isinstance(part, str) and is_side:
            return str(key)
    return None


def _alternating(
    turns: Sequence[Flat], name: str, recipe: Mapping[str, str]
) -> tuple[Sequence[Flat], TurnFields | None]:
    """Turns with texts by name in a list called a dialogue, where nobody is named."""
    if name not in named("conversation_columns") or len(turns) < 2:
        return turns, None
    spoken = [{**turn, ROLE: ("user", "assistant")[at % 2]} for at, turn in enumerate(turns)]
    fields = find_turn_fields(spoken, recipe)
    if fields is None or not all(any(turn.get(path) for path in fields.texts) for turn in turns):
        return turns, None
    asks = any(asks_question(str(turn.get(fields.texts[0]))) for turn in turns[:MAX_LOOKED_AT])
    return (spoken, fields) if asks else (turns, None)


def _sureness(turns: Sequence[Flat], fields: TurnFields, name: str) -> int:
    """How much speaks for turns: names of list and fields, told sides, or nothing but values."""
    if not fields.is_named:
        return 1
    if fields.author == "name" and fields.texts == ("value",):
        return 0  # a list of settings or headers
    is_called = name in _dialogue_names() or name in named("reply_lists")
    sides: set[bool | None] = set()
    speakers: list[str] = []
    for turn in turns[:MAX_LOOKED_AT]:
        words = [
            str(turn[path]) for path in (fields.role, fields.author) if path and turn.get(path)
        ]
        sides.update(side_of(word) for word in words if not fields.account)
        flag = is_flagged(turn, fields.others.get("asks") or fields.others.get("answers"))
        speakers.append(words[-1] if words else str(flag))
    is_told = {True, False} <= sides or {"True", "False"} <= set(speakers)
    if is_called and (is_told or len(turns) > 1):
        return 4
    if is_told or is_called:
        return 3
    return 2 if 1 < len(set(speakers)) < len(speakers) else 0


def _is_collection(value: Mapping[str, object]) -> bool:
    """Whether an object holds things of one kind by their ids, or the parts of a data set."""
    parts = list(value.values())
    is_one_kind = all(isinstance(part, Mapping) for part in parts) or all(
        isinstance(part, list | tuple) for part in parts
    )
    if not parts or not is_one_kind:
        return False
    keys = [str(key) for key in value]
    if all(re.search(r"\d", key) for key in keys) or named("splits").issuperset(
        map(field_key, keys)
    ):
        return True
    firsts = (part[0] if isinstance(part, list | tuple) and part else part for part in parts)
    shapes = [frozenset(part) for part in firsts if isinstance(part, Mapping)]
    return len(shapes) == len(parts) >= 3 and len(set(shapes)) == 1


def _dialogue_names() -> frozenset[str]:
    return named("conversation_columns")


def _name_of(pattern: Keys) -> str:
    """What a list is called: its key, or the key that its collection stands under."""
    return next((field_key(key) for key in reversed(pattern) if key not in (ANY, ROOT)), "")
