r"""Whatever holds a conversation -> a list of messages with role and content, or of what it is.

A list of messages stays as it is. Read beside it: the same as JSON in a text, exchanges
(`{"input", "output"}`), pairs, texts in turn, turns by name, and a text whose lines begin with
`Human:` and `Assistant:`.
"""

import ast
import functools
import json
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tunesmith.examples.columns.column_names import ColumnChoice, column_roles
from tunesmith.examples.conversion.cell_text import is_blank, is_list
from tunesmith.sources.lexicon import lexicon

SIDES = ("user", "assistant")
_END = r"<eo[a-z]>"  # MOSS ends its turns so
_NAMED_TURN = re.compile(rf"\A<\|[^|\n]*\|>:\s*|\s*{_END}\s*\Z")
_NOTHING = ("", "none", "null")
_PARTS_OF_ANSWERS = ("input_text", "texts", "text")


class TurnKeys(NamedTuple):
    """The keys of a message: who speaks, and what is said."""

    who: str
    said: str


class ExchangeKeys(NamedTuple):
    """The keys of one exchange, each with the role that speaks there; and the question's input."""

    turns: tuple[tuple[str, str], ...]
    input: tuple[str, ...]


def turn_list(value: object) -> Sequence[object] | None:
    """The turns that a value holds; None where it holds no conversation."""
    if isinstance(value, str):
        return _turns_of_text(value)
    if isinstance(value, Mapping):
        items = list(value.values())
        if len(items) == 2 and all(map(is_list, items)) and exchange_keys(tuple(map(str, value))):
            return asked_and_answered(*items)
        is_named = bool(items) and all(isinstance(one, Mapping) for one in items)
        return _spread(items) if is_named else None
    return _spread(value) if is_list(value) else None


def asked_and_answered(asked: object, answered: object) -> list[object] | None:
    """Turns of two lists, the questions and the answers; None where they are none."""
    asks, answers = _said_in(asked), _said_in(answered)
    if not asks or answers is None or len(asks) != len(answers):
        return None
    pairs = zip(asks, answers, strict=True)
    return [
        {"role": role, "content": one}
        for pair in pairs
        for role, one in zip(SIDES, pair, strict=True)
    ]


def _said_in(value: object) -> list[str] | None:
    """The texts of a list: its own, those of its objects; or of an object of lists (CoQA, QuAC)."""
    if isinstance(value, Mapping):
        key = next((key for key in _PARTS_OF_ANSWERS if is_list(value.get(key))), None)
        return _said_in(value[key]) if key else None
    if not is_list(value):
        return None
    said: list[str] = []
    for one in value:
        text = one
        if isinstance(one, Mapping):
            text = next((one[key] for key in _PARTS_OF_ANSWERS if key in one), None)
        elif is_list(one) and one:
            text = one[0]
        if not isinstance(text, str):
            return None
        said.append(text)
    return said


@functools.lru_cache(maxsize=1024)
def turn_keys(names: tuple[str, ...]) -> TurnKeys | None:
    """What the keys of a message are called; None where it is no message."""
    by_name = {str(name).strip().casefold(): name for name in reversed(names)}
    words = lexicon(__package__)
    who = next((by_name[one] for one in words.words("speaker_keys") if one in by_name), None)
    said = next((by_name[one] for one in words.words("said_keys") if one in by_name), None)
    if who is None and said is None:
        return None
    return TurnKeys(who or "role", said or ("value" if who == "from" else "content"))


@functools.cache
def role_words() -> Mapping[str, str]:
    """Who speaks, as files call it, and the role that it is."""
    words = lexicon(__package__)
    lists = {
        "user": words.words("user_roles"),
        "assistant": words.words("assistant_roles"),
        "system": words.words("system_roles"),
        "tool": words.words("tool_roles"),
    }
    return {word: role for role, names in lists.items() for word in names}


def structure_words() -> Iterator[str]:
    """Texts of a conversation that say who speaks or what ends a turn, and are no content."""
    yield from role_words()
    for names in ("speaker_keys", "said_keys"):
        yield from lexicon(__package__).words(names)
    yield from _NOTHING
    yield from (f"eo{letter}" for letter in string.ascii_lowercase)


def _turns_of_text(text: str) -> Sequence[object] | None:
    start = text.lstrip()[:1]
    if start and start in "[{":
        value = _value_of(text)
        if isinstance(value, list | dict) and value:
            return turn_list(value)
    return _turns_of_lines(text)


def _value_of(text: str) -> object:
    """What JSON says, or Python where a table was saved from there."""
    for read in (json.loads, ast.literal_eval):
        try:
            value: object = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return value
    return None


def _turns_of_lines(text: str) -> list[object] | None:
    """The turns of a text that begins with who speaks; both sides have to."""
    found = list(_turn_begins().finditer(text))
    if not found or text[: found[0].start()].strip():
        return None
    roles = [role_words()[one[1].casefold()] for one in found]
    if not set(SIDES) <= set(roles):
        return None
    ends = [*(one.start() for one in found[1:]), len(text)]
    said = [text[one.end() : end] for one, end in zip(found, ends, strict=True)]
    return [
        {"role": role, "content": _NAMED_TURN.sub("", words).strip()}
        for role, words in zip(roles, said, strict=True)
    ]


@functools.cache
def _turn_begins() -> re.Pattern[str]:
    """`Human:`, `### Assistant:`, `<|user|>:`, `[MOSS]:` where a line or MOSS's turn begins."""
    names = "|".join(re.escape(word) for word in sorted(role_words(), key=len, reverse=True))
    return re.compile(
        rf"(?:^|(?<=<eo[a-z]>))[ \t]*(?:#{{1,4}} ?|<\|?|\[|\*\*)?({names})(?:\|?>|\]|\*\*)? ?[:：]",
        re.MULTILINE | re.IGNORECASE,
    )


def _spread(items: Sequence[object]) -> Sequence[object]:
    """A list of messages, of whatever its items are; what is none of them stays as it is."""
    if all(isinstance(one, dict) and ("role" in one or "from" in one) for one in items):
        return items
    if len(items) > 1 and all(isinstance(one, str) for one in items):
        labelled = [_turn_begins().match(str(one).lstrip()) for one in items]
        if all(labelled):
            return _turns_of_lines("\n".join(map(str, items))) or _alternating(items)
        return _alternating(items)
    if items and all(is_list(one) and len(one) == len(SIDES) for one in items):
        return _alternating([one for pair in items if is_list(pair) for one in pair])
    if not any(isinstance(one, Mapping) and _is_exchange(one) for one in items):
        return items
    spread: list[object] = []
    for one in items:
        is_one = isinstance(one, Mapping) and _is_exchange(one)
        spread.extend(_exchange(one) if isinstance(one, Mapping) and is_one else [one])
    return spread


def _alternating(texts: Sequence[object]) -> list[object]:
    return [{"role": SIDES[place % 2], "content": text} for place, text in enumerate(texts)]


def _is_exchange(item: Mapping[str, object]) -> bool:
    names = tuple(map(str, item))
    if "role" in item or "from" in item:
        return False
    keys = turn_keys(names)
    is_turn = keys is not None and keys.who in item and keys.said in item
    return not is_turn and exchange_keys(names) is not None


def _exchange(item: Mapping[str, object]) -> Iterator[dict[str, object]]:
    keys = exchange_keys(tuple(map(str, item)))
    assert keys is not None
    used = {name for name, _ in keys.turns} | set(keys.input)
    rest = {name: value for name, value in item.items() if name not in used}
    for name, role in keys.turns:
        said = item[name]
        if isinstance(said, str):
            said = _NAMED_TURN.sub("", said)
            if role in ("tool", "system") and said.strip().casefold() in _NOTHING:
                continue
        if role in ("tool", "system") and is_blank(said):
            continue
        turn = {"role": role, "content": said}
        if role == "user" and keys.input and not is_blank(item[keys.input[0]]):
            turn["input"] = item[keys.input[0]]
        if role == "assistant":
            turn |= rest
        yield turn


@functools.lru_cache(maxsize=1024)
def exchange_keys(names: tuple[str, ...]) -> ExchangeKeys | None:
    """What the keys of one exchange are called; None where it is none."""
    speakers = {name: role_words().get(name.strip().casefold()) for name in names}
    roles = column_roles(names, ColumnChoice())
    asks = [name for name, role in speakers.items() if role == "user"] or list(roles.instruction)
    answers = [name for name, role in speakers.items() if role == "assistant"]
    answers = answers or [*roles.response, *roles.chosen]
    if not asks or not answers:
        return None
    tools = [(name, "tool") for name, role in speakers.items() if role == "tool"]
    systems = [(name, "system") for name in roles.system]
    turns = [*systems, (asks[0], "user"), *tools, (answers[0], "assistant")]
    return ExchangeKeys(tuple(turns), (*roles.context, *roles.input)[:1])
