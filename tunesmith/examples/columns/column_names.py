"""The names of a row's columns -> the role that each plays in an example, in any of many languages.

Names are compared without letter case, blanks, hyphens and underscores. Where none is known as a
whole, its last or first word decides: `Customer question`, `réponse client`, `Kundenfrage`.
"""

import difflib
import json
import re
import string
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from typing import Literal, get_args

import yaml

from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.row import RowError

Role = Literal[
    "instruction",
    "input",
    "context",
    "response",
    "system",
    "messages",
    "history",
    "choices",
    "reasoning",
    "text",
    "chosen",
    "rejected",
    "tools",
]
Meaning = Role | Literal["label", "metadata"]
ROLES: tuple[Role, ...] = get_args(Role)
OWN = ("id", "source", "group", "tags")  # what Tunesmith writes beside an example
_MEANINGS: tuple[Meaning, ...] = (*ROLES, "label", "metadata")
_COMPOUND: tuple[Meaning, ...] = ("instruction", "input", "context", "response", "system")
_ENDINGS: tuple[Meaning, ...] = ("metadata", "label", "rejected")
_COUNTED = frozenset({"num", "n", "is", "has", "no", "total", "max", "min", "avg", "mean"})
_RIVALS: dict[str, tuple[Role, ...]] = {  # what a field that the recipe names puts out of question
    "instruction": ("messages", "text", "instruction"),
    "response": ("messages", "text", "chosen", "response"),
    "messages": ("messages", "text", "chosen", "instruction", "response"),
    "text": ("messages", "text", "chosen", "instruction", "response"),
    "input": ("input", "context"),
}
_MARKS = ("Mn", "Mc")  # vowels of Hindi and Thai
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+")
_CHOICE = re.compile(r"(?:(?:answer)?(?:choice|option|opt)|op)?([a-h]|[1-8])")
_NUMBERED = re.compile(r"(.*?[^\W\d_])[ _-]*(?:[0-9]|(?<=[ _-])[a-dA-Djk])")
_NEAR = 0.8
_SHORTEST_NEAR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """What a recipe says of the columns of a source: pairs of our field and their column, and more.

    Attributes:
        fields: Our field, their column.
        ignored: Columns, and keys of messages, that are not to be read.
        keeps_reasoning: Whether reasoning stands before the answer.
        keeps_headers: Whether a template's headers stay in a question and its answer.
        keeps_rejected: Whether a rejected answer is read beside the chosen one.
    """

    fields: tuple[tuple[str, str], ...] = ()
    ignored: frozenset[str] = frozenset()
    keeps_reasoning: bool = False
    keeps_headers: bool = True
    keeps_rejected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRoles:
    """The columns that play each role, those first that are likelier to hold it."""

    instruction: tuple[str, ...] = ()
    input: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()  # by the recipe
    verdicts: tuple[str, ...] = ()  # whether an answer is one to learn from; no part of it

    def role_of(self, column: str) -> str | None:
        """The role of a column; None where it plays none."""
        names = (one.name for one in fields(self) if one.name != "verdicts")
        return next((name for name in names if column in getattr(self, name)), None)


def normalised(name: str) -> str:
    """A name as it is compared."""
    folded = unicodedata.normalize("NFKC", name).casefold().replace("ı", "i")
    return "".join(one for one in folded if one.isalnum() or unicodedata.category(one) in _MARKS)


@lru_cache(maxsize=8192)
def meaning_of(name: str) -> Meaning | None:
    """What a column of this name usually holds; None where nobody can tell by the name."""
    known = _known()
    whole = known.get(normalised(name))
    return whole or _meaning_in_part(name, known)


@lru_cache(maxsize=8192)
def is_exact(name: str) -> bool:
    """Whether the name as a whole is a usual one."""
    return normalised(name) in _known()


@lru_cache(maxsize=4096)
def column_roles(names: tuple[str, ...], choice: ColumnChoice) -> ColumnRoles:
    """Who plays which role among the columns of a row.

    Raises:
        RowError: The row lacks a column that the recipe names.
    """
    free = [name for name in names if name not in choice.ignored]
    roles: dict[str, list[str]] = {role: [] for role in (*ROLES, "set_aside")}
    roles["set_aside"] = [name for name in names if name in choice.ignored]
    rivals: set[str] = set()
    for ours, theirs in choice.fields:
        if theirs not in names:
            raise _missing(ours, theirs, names)
        if ours in roles:
            roles[ours].append(theirs)
        rivals.update(_RIVALS.get(ours, (ours,)))
    named = {theirs for _, theirs in choice.fields}
    for name in (one for one in free if one not in named):
        meaning = meaning_of(name)
        if meaning in rivals:
            roles["set_aside"].append(name)
        elif meaning in roles and name not in OWN:
            roles[meaning].append(name)
    _add_siblings(free, roles, rivals)
    _settle(free, roles, rivals)
    if "choices" not in rivals and (roles["instruction"] or "instruction" in rivals):
        _lay_out_choices(free, roles)
    taken = {name for found in roles.values() for name in found}
    roles["verdicts"] = [name for name in free if name not in taken and is_verdict(name)]
    return ColumnRoles(**{role: tuple(found) for role, found in roles.items()})


def near_role(name: str) -> Role | None:
    """The role of the usual name that a misspelt one is nearest to, or that its first word is."""
    known = {one: role for one, role in _known().items() if len(one) >= _SHORTEST_NEAR}
    near = difflib.get_close_matches(normalised(name), known, n=1, cutoff=_NEAR)
    first = next(iter(_WORD.findall(name)), "").casefold()
    meaning = known[near[0]] if near else known.get(first)
    return next((role for role in ROLES if role == meaning), None)


def is_verdict(name: str) -> bool:
    """Whether a column of this name says which answers are good."""
    return normalised(name) in _pair_words("verdicts")


def stem_of(name: str) -> str | None:
    """A name without the number or letter that tells it from others like it."""
    match = _NUMBERED.fullmatch(name.strip())
    return match[1] if match else None


def yaml_name(name: str) -> str:
    """A column's name as YAML wants it, also between braces."""
    is_plain = re.fullmatch(r"[^\W\d][\w .-]*(?<! )", name) and yaml.safe_load(name) == name
    return name if is_plain else json.dumps(name, ensure_ascii=False)


def found_in(names: Iterable[object]) -> str:
    """Columns in words, the first eight of them."""
    listed = sorted(str(name)[:40] for name in names)
    more = f" and {len(listed) - 8} more" if len(listed) > 8 else ""
    return (", ".join(listed[:8]) + more) or "nothing"


def _settle(free: Sequence[str], roles: dict[str, list[str]], rivals: set[str]) -> None:
    """Names known as a whole go before others; an input asks where nothing else does."""
    for role in _COMPOUND:
        exact = [name for name in roles[role] if is_exact(name)]
        if exact and role not in rivals:
            roles[role] = exact
    is_open = rivals.isdisjoint(("instruction", "response")) and not roles["messages"]
    if is_open and not any(roles[one] for one in ("instruction", "input", "text", "context")):
        _pair_up(free, roles)
    if not roles["instruction"] and "input" not in rivals:
        roles["instruction"], roles["input"] = roles["input"], []


def _pair_up(free: Sequence[str], roles: dict[str, list[str]]) -> None:
    """Names that ask and answer only beside each other: q and a, user and bot."""
    asking = [name for name in free if normalised(name) in _pair_words("pair_asks")]
    answering = [name for name in free if normalised(name) in _pair_words("pair_answers")]
    if len(asking) == 1 and len(answering) == 1 and roles["response"] in ([], answering):
        roles["instruction"], roles["response"] = asking, answering


def _add_siblings(free: Sequence[str], roles: dict[str, list[str]], rivals: set[str]) -> None:
    """Columns that a number or letter tells apart (response_0, response_1) may each be the part."""
    stems: dict[str, list[str]] = {}
    for name in free:
        stem = stem_of(name)
        if stem:
            stems.setdefault(stem, []).append(name)
    for stem, names in stems.items():
        meaning = meaning_of(stem)
        if len(names) < 2 or meaning not in ("instruction", "response"):
            continue
        where = "set_aside" if meaning in rivals else meaning
        for name in names:
            if not any(name in found for found in roles.values()):
                roles[where].append(name)


def _lay_out_choices(free: Sequence[str], roles: dict[str, list[str]]) -> None:
    """Columns A, B, C or option1, option2 are the choices of one question."""
    found = {}
    for name in free:
        match = _CHOICE.fullmatch(normalised(name))
        is_free = not any(name in names for names in roles.values())
        if match and is_free and meaning_of(name) is None:
            found[match[1]] = name
    for marks in (string.ascii_lowercase[:8], string.digits[1:9]):
        row = []
        for mark in marks:
            if mark not in found:
                break
            row.append(found[mark])
        if len(row) > 2 and not roles["choices"]:
            roles["choices"] = row


def _missing(ours: str, theirs: str, names: Sequence[str]) -> RowError:
    near = difflib.get_close_matches(theirs, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    detail = f"no field '{theirs}' for {ours}; found {found_in(names)}.{hint}"
    return RowError("missing field", detail)


def _meaning_in_part(name: str, known: Mapping[str, Meaning]) -> Meaning | None:
    words = [word.casefold() for word in _WORD.findall(unicodedata.normalize("NFKC", name))]
    if len(words) > 1:
        if words[0] in _COUNTED:
            return "metadata"
        if known.get(words[-1]) in _ENDINGS:
            return known[words[-1]]
        first, last = known.get(words[0]), known.get(words[-1])
        if first == "input" and last == "response":
            return None  # of a program's tests
        if last in _COMPOUND:
            return last
        if first in _COMPOUND and all(word in _beside() for word in words[1:]):
            return first
    whole = normalised(name)
    ending = next((one for one in _joined() if whole.endswith(one)), None)
    return known[ending] if ending else None


@cache
def _known() -> dict[str, Meaning]:
    """Every usual name; what stands in two lists has the first one's meaning."""
    lists = lexicon(__package__)
    known: dict[str, Meaning] = {}
    for meaning in _MEANINGS:
        for word in lists.words(meaning):
            known.setdefault(normalised(word), meaning)
    return known


@cache
def _pair_words(list_name: str) -> frozenset[str]:
    return frozenset(map(normalised, lexicon(__package__).words(list_name)))


@cache
def _beside() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("beside"))


@cache
def _joined() -> tuple[str, ...]:
    words = [normalised(word) for word in lexicon(__package__).words("joined")]
    return tuple(sorted((word for word in words if word in _known()), key=len, reverse=True))
