"""A language's code -> its catalogue: messages, their translations, and patterns that find them.

`<code>.po` beside this module is a gettext catalogue; a language is added by adding one. English
needs none, for messages are written in it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from gettext import c2py
from importlib import resources
from string import Formatter

from tunesmith.errors import RecipeError

ENGLISH = "en"
_PLACE = re.compile(r"\{(\w+)[^{}]*\}")
_NUMBER = "[-+\u2212]?[0-9][0-9,.]*(?:e[-+][0-9]+)?%?|\u2013"
_WORDS = {"first": "[^,]+?", "second": "[^,]+?"}  # models, which stand in lists
# Places that hold a number, though they have no format.
_NUMBERS = frozenset(
    {"chance", "count", "first_value", "high", "last_value", "limit", "low", "number", "other"}
    | {
        "hours",
        "minutes",
        "seconds",
        "diverged",
        "points",
        "share",
        "step",
        "steps",
        "total",
        "value",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePattern:
    """A message as it looks when its places are filled, and what it becomes."""

    wanted: re.Pattern[str]
    told: str  # with bare places: what fills them is text by then
    literals: tuple[str, ...]  # what stands around places, which tells most texts apart
    num_letters: int  # of it
    words: tuple[str, ...]  # places that are no numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """A language's translations, by message; of a message that counts, by its form for one."""

    code: str
    tag: str  # as HTML names the language: zh-Hans
    translations: dict[str, str] = field(default_factory=dict)
    counting: dict[str, tuple[str, ...]] = field(default_factory=dict)  # a form each
    form_of: Callable[[int], int] = field(default=lambda count: int(count != 1))
    patterns: tuple[MessagePattern, ...] = ()  # the one with most letters first


def known_languages() -> list[str]:
    """The codes of all languages, English first."""
    files = resources.files("tunesmith.language").iterdir()
    found = sorted(file.name.removesuffix(".po") for file in files if file.name.endswith(".po"))
    return [ENGLISH, *found]


@cache
def catalogue_of(code: str) -> Catalogue:
    """Read a catalogue, once.

    Raises:
        RecipeError: There is no such language.
    """
    if code == ENGLISH:
        return Catalogue(code=code, tag=code)
    if code not in known_languages():
        raise RecipeError(
            f"language {code!r} is unknown", cure=f"Known: {', '.join(known_languages())}."
        )
    from babel.messages.pofile import read_po  # noqa: PLC0415 - heavy, and rarely needed

    with resources.files("tunesmith.language").joinpath(f"{code}.po").open("rb") as stream:
        found = read_po(stream)
    one_form: dict[str, str] = {}
    counting: dict[str, tuple[str, ...]] = {}
    pairs: list[tuple[str, str]] = []
    for one in found:
        forms = (one.string,) if isinstance(one.string, str) else tuple(one.string or ())
        if not one.id or not all(forms):
            continue
        if isinstance(one.id, str):
            one_form[one.id] = forms[0]
            pairs.append((one.id, forms[0]))
        else:
            counting[one.id[0]] = forms
            if not places_of(one.id[0]):  # `this one row`
                one_form[one.id[0]] = forms[0].format(count=1)
            pairs += [(one.id[0], forms[0]), (one.id[1], forms[-1])]
    patterns = [_pattern(*pair) for pair in pairs if _is_read_back(pair[0])]
    return Catalogue(
        code=code,
        tag=str(found.locale_identifier).replace("_", "-"),
        translations=one_form,
        counting=counting,
        form_of=c2py(found.plural_expr),
        patterns=tuple(sorted(patterns, key=lambda one: -one.num_letters)),
    )


def _is_read_back(message: str) -> bool:
    """Whether a text of records may be this message: it has places, and does not only join."""
    names = [name for _, name, _, _ in Formatter().parse(message) if name is not None]
    is_filled = bool(names) and all(map(str.isidentifier, names))
    return is_filled and not {"items", "sentence"} & set(names)


def places_of(message: str) -> list[str]:
    """The names of a message's places, in order; `{rank, alpha}` in a text is none."""
    return [name for _, name, _, _ in Formatter().parse(message) if name and name.isidentifier()]


def holds_number(name: str, form: str | None) -> bool:
    """Whether a place holds a number: it has a format, or a name that only numbers have."""
    return bool(form) or name in _NUMBERS


def _pattern(key: str, told: str) -> MessagePattern:
    """Format and conversion are left out of the translation: they were applied in English."""
    pieces = [*Formatter().parse(key)]
    seen: set[str] = set()
    wanted = ""
    for literal, name, form, _ in pieces:
        wanted += re.escape(literal)
        if name is not None:
            inner = f"(?:{_NUMBER})" if holds_number(name, form) else _WORDS.get(name, ".+?")
            wanted += f"(?P={name})" if name in seen else f"(?P<{name}>{inner})"
            seen.add(name)
    return MessagePattern(
        wanted=re.compile(wanted, re.DOTALL),
        told=_PLACE.sub(r"{\1}", told),
        literals=tuple(literal for literal, *_ in pieces if literal),
        num_letters=sum(letter.isalpha() for literal, *_ in pieces for letter in literal),
        words=tuple(name for _, name, form, _ in pieces if name and not holds_number(name, form)),
    )
