"""A person's change to one pair <-> a line of `edits.jsonl`, which is only ever added to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

from tunesmith.errors import DataError

SCHEMA = 1
EditKind = Literal[
    "edit", "reject", "restore", "merge", "accept", "choose", "redact", "unredact", "undo"
]
EDIT_KINDS: tuple[EditKind, ...] = get_args(EditKind)
NO_EFFECT = frozenset({"accept", "redact"})  # they say that somebody looked; the pair stays
MOST_CHARACTERS = 200_000  # of a text
Texts = Mapping[str, str]  # `question`, `input`, `answer`; see `pair_texts`


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPair:
    """Another pair that a change is about: what it was when the change was made."""

    id: str
    source: str
    before: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class PairEdit:
    """One change.

    Attributes:
        what: Its kind.
        time: When, UTC.
        author: Who.
        recipe: The name of the recipe that was worked on.
        id: Of the pair, as it was before; of a source's rows with these words, all are meant.
        source: Where it came from, for people; empty where `of` or `line` says what is meant.
        before: Its texts before: those that change, or all.
        after: The texts that change, as they are afterwards.
        becomes: The pair's id afterwards, where its texts change.
        others: Pairs that are merged into it, or were not chosen.
        place: Which mark of a redaction is meant, counted from 1 over the pair.
        of: What all of is accepted: `source faq.md`, `redactions email`, and so on.
        line: The number of the line that is undone.
    """

    what: EditKind
    time: str
    author: str
    recipe: str = ""
    id: str = ""
    source: str = ""
    before: Texts = field(default_factory=dict)
    after: Texts = field(default_factory=dict)
    becomes: str | None = None
    others: Sequence[OtherPair] = ()
    place: int | None = None
    of: str | None = None
    line: int | None = None

    @property
    def has_effect(self) -> bool:
        """Whether pairs are prepared otherwise for it."""
        return self.what not in NO_EFFECT

    @property
    def ids(self) -> list[str]:
        """The pairs that it is about, as they were."""
        return [one for one in (self.id, *(other.id for other in self.others)) if one]

    def to_json(self) -> dict[str, Any]:
        """The line; what does not apply is left out."""
        said = {name: getattr(self, name) for name in self.__slots__}
        said["others"] = [
            {"id": one.id, "source": one.source, "before": one.before} for one in self.others
        ]
        return {"schema": SCHEMA, **{k: v for k, v in said.items() if v not in (None, "", {}, [])}}

    @classmethod
    def from_json(cls, record: Mapping[str, Any] | None) -> Self:
        """Read a line.

        Raises:
            DataError: It is no change of ours.
        """
        if record is None or record.get("schema") != SCHEMA or record.keys() - _FIELDS:
            raise DataError("is no change to a pair")
        known = {name: value for name, value in record.items() if name in cls.__slots__}
        others = known.get("others", ())
        if not _is_whole(known) or not isinstance(others, list | tuple):
            raise DataError("is no change to a pair")
        return cls(**{**known, "others": tuple(_other(one) for one in others)})


_TEXT_FIELDS = ("time", "author", "recipe", "id", "source", "becomes", "of")
_FIELDS = frozenset({*PairEdit.__slots__, "schema"})


def _other(record: object) -> OtherPair:
    if isinstance(record, Mapping) and record.keys() == {"id", "source", "before"}:
        is_text = isinstance(record["id"], str) and isinstance(record["source"], str)
        if is_text and is_texts(record["before"]):
            return OtherPair(**record)
    raise DataError("is no change to a pair")


def _is_whole(known: Mapping[str, Any]) -> bool:
    """Whether every value is of its kind, and what the kind of change needs is there."""
    if known.get("what") not in EDIT_KINDS or not known.get("author") or "time" not in known:
        return False
    is_text = all(isinstance(known.get(name, ""), str) for name in _TEXT_FIELDS)
    is_number = all(type(known.get(name, 0)) is int for name in ("place", "line"))
    has_texts = all(is_texts(known.get(name, {})) for name in ("before", "after"))
    return is_text and is_number and has_texts and _says_what(known)


def _says_what(known: Mapping[str, Any]) -> bool:
    if known["what"] == "undo":
        return bool(known.get("line", 0) > 0)
    if known["what"] == "accept" and known.get("of"):
        return True
    needs = {"edit": "after", "unredact": "after", "merge": "others", "choose": "others"}
    return bool(known.get("id")) and bool(known.get(needs.get(known["what"], "id")))


def is_texts(value: object) -> bool:
    """Whether this is a pair's texts, or some of them."""
    names = {"question", "input", "answer"}
    return (
        isinstance(value, Mapping)
        and value.keys() <= names
        and all(isinstance(text, str) for text in value.values())
    )
