"""Objects that may be the turns of a dialogue -> which of their fields say who speaks, and what.

Fields are found by their usual names, in whatever object within the turn they stand, or named by
the recipe. Where neither helps, a field with differing texts beside one with few values will do.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tunesmith.sources.chats.message_intent import asks_question
from tunesmith.sources.dialogues.speaker_labels import is_staff_label
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.pages.html.html_elements import as_markdown

Flat = Mapping[str, object]  # a turn's fields, each by its path: `author.name`
MAX_LOOKED_AT = 400  # turns
_DEPTH = 4
_LONGEST_NAME = 60  # characters
_HTML = re.compile(
    r"\s*<(?:!doctype|html|p|div|span|br|ul|ol|table|blockquote|h[1-6]|a|b|i|strong|em|pre|at)\b",
    re.IGNORECASE,
)
_ANSWERED = re.compile(r"<quote\s[^>]*>.*?</quote>", re.DOTALL)  # so Skype repeats a message
_RICH = re.compile(  # the rest of its marks
    r"<(?:quote\s[^>]*author|legacyquote|ss\s+type|at\s+id|e_m\s|[abisu]\s+(?:href|raw_pre))\b"
)
_KINDS_OF_FIELDS = {  # what a turn may hold beside its words -> the list of its names
    "time": "time_columns",
    "kind": "kind_columns",
    "id": "id_columns",
    "reply": "reply_columns",
    "mentions": "mention_columns",
    "asks": "asker_flags",
    "answers": "staff_flags",
    "bot": "bot_flags",
    "internal": "internal_flags",
    "public": "public_flags",
    "deleted": "deleted_flags",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFields:
    """Where in a turn its parts stand.

    Attributes:
        texts: Paths of what is said; the first that holds something counts.
        role: Whether the speaker asks or answers.
        author: Who speaks, and `account`, where the name has an id beside it.
        others: Time, kind, id and the like, by what they are.
        is_named: Whether the names of the fields say so, and not their values alone.
    """

    texts: tuple[str, ...]
    role: str | None = None
    author: str | None = None
    account: str | None = None
    others: Mapping[str, str] = field(default_factory=dict)
    is_named: bool = True

    @property
    def has_speaker(self) -> bool:
        """Whether something says who speaks."""
        return bool(self.role or self.author or self.others.keys() & {"asks", "answers"})

    def used(self) -> frozenset[str]:
        """The paths that are words or structure; what else stands in a turn is not read."""
        paths = [self.role, self.author, self.account, *self.others.values()]
        return frozenset(path for path in paths if path)


def flattened(
    item: Mapping[str, object], before: str = "", depth: int = _DEPTH
) -> dict[str, object]:
    """An object's values by their path; lists stay whole."""
    found: dict[str, object] = {}
    for key, value in item.items():
        path = f"{before}{key}"
        if isinstance(value, Mapping) and value and depth:
            found.update(flattened(value, f"{path}.", depth - 1))
        else:
            found[path] = value
    return found


def find_turn_fields(turns: Sequence[Flat], named: Mapping[str, str]) -> TurnFields | None:
    """Which fields of some turns are which; None where nothing of it is said.

    Args:
        turns: Of one list, or of several of the same kind.
        named: What the recipe says of `author`, `role` and `message`.
    """
    some = turns[:MAX_LOOKED_AT]
    values = _values(some)
    by_key: dict[str, str] = {}
    for path in values:
        by_key.setdefault(field_key(path), path)
    texts = _texts(by_key, values, named)
    taken = {*texts}
    role = named.get("role") or _speaker("role_columns", by_key, values, taken)
    author = named.get("author") or _speaker("author_columns", by_key, values, {*taken, role})
    role, author = (path if path in values else None for path in (role, author))
    others = _others(by_key, values, {*taken, role, author})
    found = TurnFields(
        texts=texts,
        role=role,
        author=author,
        account=_account(author, values) if "author" not in named else None,
        others=others,
    )
    if texts and found.has_speaker:
        return found
    return _by_values(values, found, len(some))


def side_of(word: str) -> bool | None:
    """Whether somebody called this answers (True) or asks (False)."""
    return is_staff_label(word) if len(word) <= _LONGEST_NAME else None


def text_of(value: object) -> str:
    """What a field says: a text, or the parts of one; HTML becomes Markdown."""
    text = "".join(_said(value)).strip()
    if _RICH.search(text):
        return as_markdown(f"<div>{_ANSWERED.sub('', text)}</div>").strip()
    if _HTML.match(text) and text.endswith(">"):
        return as_markdown(text).strip()
    return text


def unsaid(value: object) -> Iterator[str]:
    """The values that stand beside the words in a field of parts: links, kinds, pictures."""
    if isinstance(value, str):
        yield from (as_markdown(quoted).strip() for quoted in _ANSWERED.findall(value))
    elif isinstance(value, list | tuple):
        for part in value:
            if not isinstance(part, str):
                yield from unsaid(part)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if field_key(str(key)) not in _text_keys() or not isinstance(part, str | list):
                yield from scalars(part)
            else:
                yield from unsaid(part)


def scalars(value: object) -> Iterator[str]:
    """All values within a value, as texts."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from scalars(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from scalars(part)
    elif value is not None and str(value).strip():
        yield str(value)


@functools.lru_cache(maxsize=4096)
def field_key(name: str) -> str:
    """A field's name as it is compared: `fromUser.displayName` is from_user_display_name."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\s.-]+", "_", spaced).casefold()


@functools.cache
def named(list_name: str) -> frozenset[str]:
    """The words of a list of this room, to ask whether a name is one of them."""
    return frozenset(lexicon(__package__).words(list_name))


@functools.cache
def _text_keys() -> frozenset[str]:
    return named("message_columns")


def _said(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _said(part)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if field_key(str(key)) in _text_keys():
                yield from _said(part)


def _values(turns: Sequence[Flat]) -> dict[str, list[object]]:
    values: dict[str, list[object]] = {}
    for turn in turns:
        for path, value in turn.items():
            values.setdefault(path, []).append(value)
    return values


def _texts(
    by_key: Mapping[str, str], values: Mapping[str, list[object]], recipe: Mapping[str, str]
) -> tuple[str, ...]:
    if "message" in recipe:
        return (recipe["message"],) if recipe["message"] in values else ()
    found = (by_key[key] for key in lexicon(__package__).words("message_columns") if key in by_key)
    return tuple(path for path in found if any(text_of(value) for value in values[path]))


def _speaker(
    columns: str,
    by_key: Mapping[str, str],
    values: Mapping[str, list[object]],
    taken: Iterable[str | None],
) -> str | None:
    for key in lexicon(__package__).words(columns):
        path = by_key.get(key)
        if path is None or path in taken:
            continue
        words = [str(value) for value in values[path] if value not in (None, "")]
        is_word = all(not isinstance(value, list | Mapping) for value in values[path])
        is_told = key not in ("type", "direction") or any(
            side_of(word) is not None for word in words
        )
        if words and is_word and is_told:
            return path
    return None


def _others(
    by_key: Mapping[str, str], values: Mapping[str, list[object]], taken: Iterable[str | None]
) -> dict[str, str]:
    found: dict[str, str] = {}
    left = {key: path for key, path in by_key.items() if path not in set(taken)}
    for what, words in _KINDS_OF_FIELDS.items():
        paths = [left[key] for key in lexicon(__package__).words(words) if key in left]
        if path := next((path for path in paths if _may_be(what, values[path])), None):
            found[what] = path
    return found


def _may_be(what: str, column: Sequence[object]) -> bool:
    """Whether values are what a name promises: flags, or kinds of messages that people write."""
    if what == "kind":
        return any(field_key(str(value)) in named("kinds_of_people") for value in column)
    is_flag = what in ("asks", "answers", "bot", "internal", "public")
    return not is_flag or all(_flag(value) is not None for value in column)


def _flag(value: object) -> bool | None:
    """True and false, also as tables write them."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).strip().casefold())


def is_flagged(turn: Flat, path: str | None) -> bool | None:
    """What a field of true and false says; None where it says nothing."""
    return _flag(turn.get(path)) if path else None


def _account(author: str | None, values: Mapping[str, list[object]]) -> str | None:
    """The id that stands beside a name, where each name has its own."""
    if author is None:
        return None
    start, _, last = author.rpartition(".")
    names = [f"{start}.id", f"{start}.uid"] if start else [f"{author}_id", f"{last[:-5]}_id"]
    for path in names:
        if path != author and path in values and len(values[path]) == len(values[author]):
            ids: dict[str, set[str]] = {}
            for name, key in zip(values[author], values[path], strict=True):
                ids.setdefault(str(key), set()).add(str(name))
            if all(len(called) == 1 for called in ids.values()):
                return path
    return None


def _by_values(
    values: Mapping[str, list[object]], found: TurnFields, num_turns: int
) -> TurnFields | None:
    """The fields that only their values give away: differing texts, and few words in turn."""
    texts = found.texts or tuple(_differing(values, num_turns)[:1])
    if not texts:
        return None
    said = [text_of(value) for value in values[texts[0]]]
    if found.has_speaker:
        is_talk = any(asks_question(text) for text in said)
        return (
            TurnFields(
                texts=texts,
                role=found.role,
                author=found.author,
                others=found.others,
                is_named=False,
            )
            if is_talk
            else None
        )
    speakers = [
        path for path in values if path not in texts and _takes_turns(path, values, num_turns)
    ]
    told = [path for path in speakers if any(side_of(str(one)) is not None for one in values[path])]
    if not speakers or not any(asks_question(text) for text in said):
        return None
    return TurnFields(
        texts=texts, author=(told or speakers)[0], others=found.others, is_named=False
    )


def _differing(values: Mapping[str, list[object]], num_turns: int) -> list[str]:
    """Fields whose texts are sentences that differ, the longest first."""
    lengths: dict[str, int] = {}
    for path, column in values.items():
        texts = [value.strip() for value in column if isinstance(value, str)]
        num_said = sum(" " in text or (len(text) > 3 and not text.isascii()) for text in texts)
        is_whole = len(column) == num_turns and len(texts) * 10 >= len(column) * 9
        if is_whole and num_said * 2 > len(texts) and len(set(texts)) * 10 >= len(texts) * 7:
            lengths[path] = sum(map(len, texts))
    return sorted(lengths, key=lambda path: -lengths[path])


def _takes_turns(path: str, values: Mapping[str, list[object]], num_turns: int) -> bool:
    """Whether a field holds a few short words, of which one follows another."""
    column = values[path]
    is_named_otherwise = field_key(path.rpartition(".")[2]) in named("not_speakers")
    if is_named_otherwise or len(column) != num_turns or num_turns < 3:
        return False
    if any(not isinstance(value, str | int) or isinstance(value, bool) for value in column):
        return False
    words = Counter(str(value) for value in column)
    is_few = 2 <= len(words) <= max(2, num_turns // 3)
    is_short = all(
        word.strip() and len(word) <= _LONGEST_NAME and "\n" not in word for word in words
    )
    num_changes = sum(before != after for before, after in pairwise(column))
    return is_few and is_short and num_changes * 10 >= 6 * (num_turns - 1)
